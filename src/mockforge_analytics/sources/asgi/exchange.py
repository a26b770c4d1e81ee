"""One HTTP request and its response, watched as they pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.sources.asgi.observer import DISCONNECTED, INCOMPLETE, Answer

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.observer import Arrival, Observer
    from mockforge_analytics.sources.asgi.protocol import Message, Receive, Send

__all__ = ["Exchange"]

_SERVER_ERROR: Final = 500
_CLIENT_CLOSED: Final = 499  # as nginx writes where the client went away before the answer began
_NO_BODY: Final = frozenset((204, 304))
_WHOLE_FILES: Final = frozenset(("http.response.pathsend", "http.response.zerocopysend"))


class Exchange:
    """Passes messages on unchanged and takes note of them.

    It is recorded when the last byte of the response has been handed to the server, so that work in the background does
    not count; a server error only when the application has ended, because the exception comes after its answer.
    """

    __slots__ = (
        "_answer",
        "_arrival",
        "_disconnected",
        "_observer",
        "_receive",
        "_recorded",
        "_response_headers",
        "_send",
    )

    def __init__(self, observer: Observer, arrival: Arrival, receive: Receive, send: Send) -> None:
        self._observer = observer
        self._arrival = arrival
        self._receive = receive
        self._send = send
        self._answer = Answer()
        self._disconnected = False
        self._recorded = False
        self._response_headers: list[tuple[bytes, bytes]] = []

    async def receive(self) -> Message:
        """Return the next message to the application."""
        message = await self._receive()
        try:
            if message["type"] == "http.request":
                self._answer.received += len(message.get("body", b""))
            elif self._answer.ended is None:
                self._disconnected = True
        except Exception:  # noqa: BLE001 a message that cannot be read is the application's to judge
            self._observer.fault()
        return message

    async def send(self, message: Message) -> None:
        """Hand a message of the application to the server."""
        try:
            is_last = self._note(message)
        except Exception:  # noqa: BLE001 a message that cannot be read is the server's to judge
            self._observer.fault()
            is_last = False
        try:
            await self._send(message)
        except OSError:  # how servers tell that the client is gone (ASGI spec_version 2.4)
            self._disconnected = True
            raise
        if is_last and self._answer.ended is None:
            self._answer.ended = self._observer.monotonic()
            if self._answer.status is None or self._answer.status < _SERVER_ERROR:
                self._record()

    def end(self, error: BaseException | None) -> None:
        """Take note that the application returned, or raised `error`."""
        if self._recorded:
            return
        answer = self._answer
        if answer.ended is not None:
            answer.error_type = None if error is None else type(error).__name__
            answer.error = error
        elif self._disconnected:
            answer.error_type = DISCONNECTED
            answer.status = answer.status or _CLIENT_CLOSED
        elif error is None:
            answer.error_type = INCOMPLETE
            answer.status = answer.status or _SERVER_ERROR
        else:
            answer.error_type, answer.error = type(error).__name__, error
            # What is no Exception ends the task (cancelled, interrupted): then nobody answers.
            if isinstance(error, Exception):
                answer.status = answer.status or _SERVER_ERROR
        self._record()

    def _note(self, message: Message) -> bool:
        """Take note of a message of the response; return whether it is the last."""
        kind = message["type"]
        if kind == "http.response.body":
            self._answer.sent += len(message.get("body", b""))
            return not message.get("more_body", False)
        if kind == "http.response.start":
            self._answer.status = message["status"]
            self._response_headers = message.get("headers", [])
            return False
        if kind not in _WHOLE_FILES:
            return False
        lengths = [int(value) for name, value in self._response_headers if name.lower() == b"content-length"]
        self._answer.sent += message.get("count") or (lengths[0] if lengths else 0)
        return not message.get("more_body", False)

    def _record(self) -> None:
        self._recorded = True
        answer = self._answer
        if self._arrival.method == "HEAD" or answer.status in _NO_BODY:
            answer.sent = 0  # servers do not send what an application says there
        self._observer.finish(self._arrival, answer)
