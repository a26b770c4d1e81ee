"""An application that is made when its server starts, and taken apart when it stops."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

__all__ = ["Deferred"]


class Deferred:
    """An ASGI application that enters `made` at start-up and leaves it at shutdown; in between its result answers."""

    def __init__(self, made: Callable[[], AbstractContextManager[FastAPI]]) -> None:
        self._made = made
        self._app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, or the whole life of the server.

        Raises:
            RuntimeError: the server did not tell of its start (the lifespan protocol of ASGI).
        """
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if self._app is None:
            message = "the application was not started: run it under a server with the lifespan protocol switched on"
            raise RuntimeError(message)
        await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with AsyncExitStack() as stack:
                app = stack.enter_context(self._made())
                await stack.enter_async_context(app.router.lifespan_context(app))
                self._app = app
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            phase = "startup" if self._app is None else "shutdown"
            await send({"type": f"lifespan.{phase}.failed", "message": str(error)})
            raise
        finally:
            self._app = None
        await send({"type": "lifespan.shutdown.complete"})
