"""WebSockets whose refusals are answers like all others, and whose frames are not compressed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.server import ServerProtocol

from mockforge_analytics.api.envelope import failure
from mockforge_analytics.api.frame import DATA_HEADERS
from mockforge_analytics.clock import SystemClock

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent
    from websockets.http11 import Response
    from websockets.typing import StatusLike

__all__ = ["GuardedSocket"]


class _Handshake(ServerProtocol):
    """Refuses what is no sound handshake with an envelope."""

    def reject(self, status: StatusLike, text: str) -> Response:
        sentence = " ".join(text.split()) or "the connection is refused"
        answer = failure(HTTPStatus(status), sentence, SystemClock().now_us(), headers=DATA_HEADERS)
        response = super().reject(status, bytes(answer.body).decode())
        for name, value in answer.headers.items():
            if name in response.headers:
                del response.headers[name]
            response.headers[name] = value
        return response


class GuardedSocket(WebSocketsSansIOProtocol):
    """Compresses nothing: with 200 listeners, each with a state of its own, that was a fifth of all CPU time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _Handshake(max_size=self.config.ws_max_size, logger=self.logger)

    async def send(self, message: ASGISendEvent) -> None:
        """Send one message of the application."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # uvicorn leaves it open, and then logs that nobody has answered
