"""One line in the log for every request and stream: who asked is not in it, nor is the query."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mockforge_analytics.clock import Clock

__all__ = ["AccessLog"]

_log = logging.getLogger(__name__)

_MILLISECONDS: Final = 1_000
_QUIET: Final = ("/health", "/ready", "/metrics")  # asked every few seconds; told at the level DEBUG unless they fail
_FAILED: Final = 500
_PATH_LENGTH: Final = 500


class AccessLog:
    """Logs request id, method, path without its query, status, milliseconds and bytes of every answer."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = _Answer()

        async def counted(message: Message) -> None:
            answer.note(message)
            await send(message)

        started = self._clock.monotonic()
        try:
            await self._app(scope, receive, counted)
        finally:
            self._tell(scope, answer, self._clock.monotonic() - started)

    def _tell(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        path = scope["path"]
        quiet = path.endswith(_QUIET) and answer.status < _FAILED
        fields: dict[str, Any] = {
            "request_id": scope.get("state", {}).get("request_id", ""),
            "method": scope.get("method", "WEBSOCKET"),
            "path": path[:_PATH_LENGTH],
            "status": answer.status,
            "duration_ms": round(seconds * _MILLISECONDS, 1),
            "bytes": answer.sent,
        }
        _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": fields})


class _Answer:
    """What was sent so far; the status of a stream is the code it was closed with, 0 where nothing was answered."""

    def __init__(self) -> None:
        self.status = 0
        self.sent = 0

    def note(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self.status = message["status"]
            case "http.response.body" | "websocket.http.response.body":
                self.sent += len(message.get("body", b""))
            case "websocket.send":
                self.sent += len(message.get("bytes") or message.get("text") or "")
            case "websocket.close":
                self.status = message.get("code", 1_000)
