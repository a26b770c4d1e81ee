"""The path under which a reverse proxy publishes the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["RootPath"]


class RootPath:
    """Tells the application its root path; an address is understood with it and without, as proxies differ in that."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if self._root_path and scope["type"] in ("http", "websocket"):
            scope["root_path"] = self._root_path
        await self._app(scope, receive, send)
