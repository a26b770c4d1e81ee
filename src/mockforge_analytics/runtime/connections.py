"""Connections that may not dawdle: uvicorn itself bounds neither the time nor the length of a header."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockforge_analytics.api.envelope import failure
from mockforge_analytics.api.frame import DATA_HEADERS
from mockforge_analytics.clock import SystemClock

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.server import ServerState

__all__ = [
    "BODY_SECONDS",
    "HEADER_SECONDS",
    "MAX_CONNECTIONS",
    "MAX_HALF_OPEN",
    "MAX_HEADER_BYTES",
    "GuardedProtocol",
    "close_dawdlers",
]

HEADER_SECONDS: Final = 10.0  # from the first byte owed to the last byte of the header
BODY_SECONDS: Final = 30.0  # without a byte of a body that is not there yet
MAX_CONNECTIONS: Final = 2_000
MAX_HALF_OPEN: Final = 500  # connections that owe a header; one more closes the oldest of them
MAX_HEADER_BYTES: Final = 64 * 1024  # of a header, and of everything else that is no body
_RETRY_SECONDS: Final = 5
_SENTENCES: Final = {
    HTTPStatus.BAD_REQUEST: "the request is not valid HTTP: this port speaks HTTP/1.1 and no TLS",
    HTTPStatus.REQUEST_TIMEOUT: "the request did not arrive in time: a header has "
    f"{HEADER_SECONDS:g} seconds, a body may pause for {BODY_SECONDS:g}",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: f"the header is longer than {MAX_HEADER_BYTES:,} bytes",
    HTTPStatus.SERVICE_UNAVAILABLE: "too many connections are open: try again in a few seconds",
}


class GuardedProtocol(HttpToolsProtocol):
    """Notes since when a header or a part of a body is owed; `close_dawdlers` closes what owes for too long.

    What comes beside bodies (header, chunk extensions, trailers) is kept in memory by the parser until it ends, so a
    connection is closed where there is too much of it.
    """

    header_since: float | None = None
    body_since: float | None = None
    _bytes_beside: int = 0  # since the last header, message or piece of a body ended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.header_since = self.loop.time()
        if len(self.connections) > MAX_HALF_OPEN:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        # Bytes on an idle connection begin a header, also the empty lines that the parser skips in silence.
        cycle = self._cycle()
        if self.header_since is None and (cycle is None or cycle.response_complete):
            self.header_since = self.loop.time()
        self._bytes_beside += len(data)
        super().data_received(data)
        if self._bytes_beside > MAX_HEADER_BYTES and not self.transport.is_closing():
            self._close(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        self._close(HTTPStatus.BAD_REQUEST)

    def on_headers_complete(self) -> None:
        self._bytes_beside = 0
        self.header_since = None
        self.body_since = self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._bytes_beside = 0
        self.body_since = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._bytes_beside = 0
        self.body_since = None
        super().on_message_complete()

    def close_if_late(self, now: float) -> None:
        """Close the connection where it owes a header or a body for too long; `now` is the time of the loop."""
        late = self.header_since is not None and now - self.header_since > HEADER_SECONDS
        if self.body_since is not None and now - self.body_since > BODY_SECONDS:
            late = not self.flow.read_paused  # else it is the application that does not read on
        if late and not self.transport.is_closing():
            self._close(HTTPStatus.REQUEST_TIMEOUT)

    def _make_room(self) -> None:
        """Close the connection that owes a header for longest where there are too many; the newest where none owes."""
        owing = [other for other in self.connections if isinstance(other, GuardedProtocol) and other._owes()]
        if len(owing) > MAX_HALF_OPEN or len(self.connections) > MAX_CONNECTIONS:
            oldest = min(owing, key=lambda other: other.header_since or 0.0)
            oldest._close(HTTPStatus.SERVICE_UNAVAILABLE)

    def _cycle(self) -> RequestResponseCycle | None:
        """Return the request that was begun last; uvicorn's annotation forgets that there is none at first."""
        return cast("RequestResponseCycle | None", self.cycle)

    def _owes(self) -> bool:
        return self.header_since is not None and not self.transport.is_closing()

    def _close(self, status: HTTPStatus) -> None:
        """Close the connection, with an answer unless one is on its way."""
        cycle = self._cycle()
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(_refusal(status, self.server_state.default_headers))
        self.transport.close()


def _refusal(status: HTTPStatus, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return an answer like those of the application, which never hears of the request."""
    more = {"Connection": "close", **DATA_HEADERS}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        more["Retry-After"] = str(_RETRY_SECONDS)
    answer = failure(status, _SENTENCES[status], SystemClock().now_us(), headers=more)
    fields = [b"%s: %s\r\n" % pair for pair in (*headers, *answer.raw_headers)]
    return b"".join((b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()), *fields, b"\r\n", answer.body))


def close_dawdlers(state: ServerState, now: float) -> None:
    """Close every connection of a server that owes something for too long."""
    for connection in list(state.connections):
        if isinstance(connection, GuardedProtocol):
            connection.close_if_late(now)
