"""The life of an application, as its server tells it: when it ends, what waits is reported."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.protocol import Application, Message, Receive, Scope, Send
    from mockforge_analytics.sources.asgi.reporter import Recorder

__all__ = ["Lifespan"]


class Lifespan:
    """Passes the messages of a lifespan on, and flushes before the application hears of its end.

    By then the server has answered every request, and the application still holds what it reports into. For an
    application that does not know lifespans (Django) it answers itself: servers that are told to stop by a signal end
    without running exit functions, so that this is the only chance.
    """

    __slots__ = ("_begun", "_receive", "_recorder", "_send")

    def __init__(self, recorder: Recorder, receive: Receive, send: Send) -> None:
        self._recorder = recorder
        self._receive = receive
        self._send = send
        self._begun = False

    async def run(self, application: Application, scope: Scope) -> None:
        """Let `application` live, and raise what it raises."""
        try:
            await application(scope, self._next, self._send)
        except Exception:
            if self._begun:
                raise
        # Without having asked for a single message, it has turned the lifespan itself away (ASGI: "unsupported").
        if not self._begun:
            await self._stand_in()

    async def _next(self) -> Message:
        self._begun = True
        message = await self._receive()
        if message.get("type") == "lifespan.shutdown":
            try:
                await self._flush()
            except Exception:  # noqa: BLE001 the application must hear of its end
                self._recorder.fault()
        return message

    async def _flush(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another kind of event loop; at its end there is nothing left to hold up
            self._recorder.close()
        else:
            await loop.run_in_executor(None, self._recorder.close)

    async def _stand_in(self) -> None:
        kind = None
        while kind != "lifespan.shutdown":
            kind = (await self._next()).get("type")
            await self._send({"type": f"{kind}.complete"})
