"""HEAD wherever there is GET (RFC 9110 section 9.1): monitors ask with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HeadAsGet"]

_NOT_ALLOWED: Final = 405


class HeadAsGet:
    """Answers HEAD as the application answers GET, without the body, unless it has an answer of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head, is_refused = scope["method"] == "HEAD", False

        async def told(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] == _NOT_ALLOWED:
                is_refused = True
                _add_head(message)
            if not (is_head and is_refused):
                await send(message)

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_head(message)
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app(dict(scope) if is_head else scope, receive, told)
        if is_head and is_refused:
            await self._app({**scope, "method": "GET"}, receive, without_body)


def _add_head(message: Message) -> None:
    """Name HEAD beside GET, where the answer says which methods there are."""
    headers = MutableHeaders(scope=message)
    allowed = headers.get("Allow", "").split(", ")
    if "GET" in allowed and "HEAD" not in allowed:
        allowed.insert(allowed.index("GET") + 1, "HEAD")
        headers["Allow"] = ", ".join(allowed)
