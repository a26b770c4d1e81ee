"""Messages on their way to one socket: few of them wait, the newest state wins, and who never reads is let go."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mockforge_analytics.config import StreamConfig

__all__ = ["Closing", "Outbox", "SlowReaderError"]


class SlowReaderError(Exception):
    """A socket took no message for too long while newer ones replaced those that waited."""


class Closing(NamedTuple):
    """Why a socket is closed."""

    code: int
    reason: str


class Outbox:
    """Messages that wait for one socket. Use it on the event loop only.

    `wants_snapshot` tells that deltas make no sense to the reader: it is new, or some that waited for it were dropped.
    `on_idle` is called when it could take a snapshot then.
    """

    def __init__(self, config: StreamConfig, on_idle: Callable[[], None] = lambda: None) -> None:
        self._config = config
        self._messages: deque[str] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._closing: Closing | None = None
        self._replaced = False
        self.on_idle = on_idle
        self.is_idle = False
        self.wants_snapshot = True
        self.sent = 0
        self.coalesced = 0

    def put(self, message: str) -> None:
        """Add a delta, a snapshot or a tick; where too much waits, all of it goes and a snapshot is wanted instead."""
        full = len(self._messages) >= self._config.queue_messages
        if full or self._bytes + len(message) > max(self._config.queue_bytes, len(message)):
            self.drop()
            return
        self._add(message)

    def replace(self, message: str) -> None:
        """Add a frame that says everything anew: those that wait need not be sent any more."""
        if self._messages:
            self.drop()
        self._add(message)

    def drop(self) -> None:
        """Forget what waits; the reader needs a snapshot."""
        self.coalesced += len(self._messages)
        self.restart()

    def skip(self) -> None:
        """Leave out a frame for a reader that needs a snapshot and cannot take it yet."""
        self.coalesced += 1
        self._replaced = True

    def restart(self) -> None:
        """Forget what waits, as of another question."""
        self._replaced = True
        self._messages.clear()
        self._bytes = 0
        self.wants_snapshot = True
        if self.is_idle:
            self.on_idle()

    def close(self, closing: Closing) -> None:
        """Let `drain` return instead of sending what waits."""
        self._closing = closing
        self._filled.set()

    def _add(self, message: str) -> None:
        self._messages.append(message)
        self._bytes += len(message)
        self._filled.set()

    async def drain(self, send: Callable[[str], Awaitable[None]]) -> Closing:
        """Send what is put here, one message after another, until `close`; return why.

        Raises:
            SlowReaderError: one message took longer than the settings allow, and others had to be dropped meanwhile.
        """
        while self._closing is None:
            if not self._messages:
                await self._wait()
                continue
            message = self._messages.popleft()
            self._bytes -= len(message)
            await self._send(send, message)
            self.sent += 1
        return self._closing

    async def _wait(self) -> None:
        self._filled.clear()
        self.is_idle = True
        if self.wants_snapshot:
            self.on_idle()
        await self._filled.wait()
        self.is_idle = False

    async def _send(self, send: Callable[[str], Awaitable[None]], message: str) -> None:
        self._replaced = False
        sending = asyncio.ensure_future(send(message))
        try:
            while not (await asyncio.wait({sending}, timeout=self._config.slow_seconds))[0]:
                if self._replaced:
                    raise SlowReaderError
                if self._closing is not None:
                    return
            sending.result()
        finally:
            if not sending.done():
                sending.cancel()
                await asyncio.wait({sending})
            if not sending.cancelled():
                sending.exception()  # it may have failed while this was cancelled; then nobody else asks
