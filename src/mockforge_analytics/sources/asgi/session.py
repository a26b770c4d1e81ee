"""One WebSocket session, from its handshake to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.sources.asgi.observer import DISCONNECTED, INCOMPLETE, Answer

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.observer import Arrival, Observer
    from mockforge_analytics.sources.asgi.protocol import Message, Receive, Send

__all__ = ["Session"]

_SWITCHING: Final = 101
_FORBIDDEN: Final = 403  # what a close before the handshake means (ASGI)
_CLIENT_CLOSED: Final = 499
_SERVER_ERROR: Final = 500
_NORMAL: Final = 1000
_ABNORMAL: Final = 1006  # the connection was lost without a closing handshake (RFC 6455 section 7.4.1)
# Closed by the application for a fault of one side; 1000, 1001, 1005, 1012 and private codes are an ordinary end.
_FAULTY: Final = frozenset((1002, 1003, 1007, 1008, 1009, 1010, 1011, 1013, 1014))


class Session:
    """Passes messages on unchanged and takes note of them; recorded when the application ends.

    Its latency is that of the handshake: a session is as long as its user wants. Status 101 once it is accepted.
    """

    __slots__ = (
        "_answer",
        "_arrival",
        "_closed",
        "_lost",
        "_messages_received",
        "_messages_sent",
        "_observer",
        "_receive",
        "_send",
    )

    def __init__(self, observer: Observer, arrival: Arrival, receive: Receive, send: Send) -> None:
        self._observer = observer
        self._arrival = arrival
        self._receive = receive
        self._send = send
        self._answer = Answer()
        self._closed: int | None = None
        self._lost = False  # by the client's side
        self._messages_sent = 0
        self._messages_received = 0

    async def receive(self) -> Message:
        """Return the next message to the application."""
        message = await self._receive()
        try:
            if message["type"] == "websocket.receive":
                self._messages_received += 1
                self._answer.received += _size(message)
            elif message["type"] == "websocket.disconnect":
                self._lost = True
                if self._closed is None:
                    self._closed = message.get("code", 1005)
        except Exception:  # noqa: BLE001 a message that cannot be read is the application's to judge
            self._observer.fault()
        return message

    async def send(self, message: Message) -> None:
        """Hand a message of the application to the server."""
        try:
            self._note(message)
        except Exception:  # noqa: BLE001 a message that cannot be read is the server's to judge
            self._observer.fault()
        try:
            await self._send(message)
        except OSError:  # how servers tell that the client is gone
            self._lost = True
            if self._closed is None:
                self._closed = _ABNORMAL
            raise
        if self._answer.ended is None and self._answer.status is not None:
            self._answer.ended = self._observer.monotonic()

    def end(self, error: BaseException | None) -> None:
        """Take note that the application returned, or raised `error`."""
        try:
            self._judge(error)
            self._answer.details = {
                "duration_ms": round((self._observer.monotonic() - self._arrival.began) * 1_000, 3),
                "messages_sent": self._messages_sent,
                "messages_received": self._messages_received,
                "close_code": self._closed,
            }
        finally:
            self._observer.finish(self._arrival, self._answer)

    def _note(self, message: Message) -> None:
        kind, answer = message["type"], self._answer
        if kind == "websocket.send":
            self._messages_sent += 1
            answer.sent += _size(message)
        elif kind == "websocket.accept":
            answer.status = _SWITCHING
        elif kind == "websocket.close":
            if self._closed is None:
                self._closed = message.get("code", _NORMAL)
                if self._closed in _FAULTY and answer.status is not None:
                    answer.error_type = f"websocket_close_{self._closed}"
            answer.status = answer.status or _FORBIDDEN
        elif kind == "websocket.http.response.start":
            answer.status = message["status"]
        elif kind == "websocket.http.response.body":
            answer.sent += len(message.get("body", b""))

    def _judge(self, error: BaseException | None) -> None:
        """Set status and error of the end."""
        answer = self._answer
        if answer.status is None:
            answer.status = _CLIENT_CLOSED if self._lost else _SERVER_ERROR
            answer.error_type = DISCONNECTED if self._lost else INCOMPLETE
        if self._lost:
            # What an application raises because its client left is no fault of it.
            if self._closed == _ABNORMAL:
                answer.error_type = DISCONNECTED
            if error is None or "Disconnect" in type(error).__name__ or isinstance(error, OSError):
                return
        if error is not None:
            answer.error_type, answer.error = type(error).__name__, error


def _size(message: Message) -> int:
    """Return the bytes of the payload."""
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
