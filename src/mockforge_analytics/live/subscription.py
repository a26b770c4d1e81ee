"""One question and all who ask it: worked out once for everybody, as often as there is something to tell."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from anyio import to_thread

from mockforge_analytics.errors import QueryError, StoreError
from mockforge_analytics.live.projection import Projection
from mockforge_analytics.live.question import Frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio import CapacityLimiter

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import StreamConfig
    from mockforge_analytics.live.outbox import Outbox
    from mockforge_analytics.live.projection import Told
    from mockforge_analytics.live.question import Question, Wish
    from mockforge_analytics.model.commit import Committed
    from mockforge_analytics.ports import Reader

__all__ = ["Client", "Desk", "Subscription"]

_log = logging.getLogger(__name__)

_WAITING_CELLS: Final = 200_000  # past it reading everything anew is cheaper than taking it in
_WAITING_COMMITS: Final = 1_000
_RETRY_SECONDS: Final = 5.0  # after the database could not be read, or did not answer


@dataclass(frozen=True, slots=True)
class Desk:
    """What subscriptions work with. `threads` bounds how many work at once."""

    reader: Reader
    clock: Clock
    config: StreamConfig
    threads: CapacityLimiter


@dataclass(slots=True, eq=False)
class Client:
    """One socket: what it wants, and what was last answered; when it is due to hear; the workspace it is bound to."""

    outbox: Outbox
    wish: Wish
    accepted: Wish
    workspace: str | None = None
    due: float = 0.0


class Subscription:
    """A question and its clients. `failed(client, error)` is called for each where it cannot be answered."""

    def __init__(self, question: Question, desk: Desk, failed: Callable[[Client, QueryError], None]) -> None:
        self.question = question
        self.clients: set[Client] = set()
        self.projection = Projection(question, desk.reader, desk.clock)
        self._desk = desk
        self._failed = failed
        self._backlog: list[Committed] = []
        self._backlog_cells = 0
        self._must_build = True
        self._paced_at = 0.0
        self._again_at: float | None = None
        self._told: tuple[float, Told] | None = None
        self._wake = asyncio.Event()

    def join(self, client: Client) -> None:
        """Let `client` watch; it hears at once."""
        client.due = 0.0
        client.outbox.on_idle = self._wake.set
        client.outbox.restart()
        self.clients.add(client)
        self._wake.set()

    def leave(self, client: Client) -> None:
        """Let `client` go; without clients `run` ends."""
        self.clients.discard(client)
        self._wake.set()

    def tell(self, committed: Committed) -> None:
        """Take note of a commit."""
        self._backlog.append(committed)
        self._backlog_cells += committed.cell_count
        if self._backlog_cells > _WAITING_CELLS or len(self._backlog) > _WAITING_COMMITS:
            self.build_anew()
        elif self._has_deltas:
            self._wake.set()

    def build_anew(self) -> None:
        """Read everything from the database before anything else is told."""
        self._backlog, self._backlog_cells = [], 0
        self._must_build = True
        self._told = None
        self._wake.set()

    @property
    def _has_deltas(self) -> bool:
        return self.question.frames is Frames.DELTA

    @property
    def _is_wanted(self) -> bool:
        """Whether somebody needs a snapshot and could take it."""
        return any(client.outbox.wants_snapshot and client.outbox.is_idle for client in self.clients)

    async def run(self) -> None:
        """Tell the clients what there is to tell, until there are none."""
        loop = asyncio.get_running_loop()
        while self.clients:
            seconds = self._next() - loop.time()
            if seconds <= 0:
                await self._turn(loop.time())
                continue
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()

    def _next(self) -> float:
        """Return when there is something to do, in the time of the event loop."""
        due = min(client.due for client in self.clients)
        if not self._has_deltas:
            return max(due, self.projection.build_at) if self._must_build else due
        if self._must_build:
            return self.projection.build_at
        times = [due]
        if self._backlog or self._is_wanted:
            times.append(self._paced_at)
        if self._again_at is not None:
            times.append(self._again_at)
        return min(times)

    async def _turn(self, now: float) -> None:
        pause = 1 / self._desk.config.frames_per_second
        if not self._has_deltas and self._told is not None and now < self._told[0] + pause:
            self._hand_out(self._told[1], now)
            return
        self._paced_at = now + pause
        backlog, self._backlog, self._backlog_cells = self._backlog, [], 0
        build, self._must_build = self._must_build, False
        wanted = self._is_wanted
        due = any(client.due <= now for client in self.clients)
        try:
            told = await to_thread.run_sync(
                lambda: self.projection.work(backlog, now, build=build, wanted=wanted, due=due),
                limiter=self._desk.threads,
            )
        except QueryError as error:
            self._try_later(now)
            for client in list(self.clients):
                self._failed(client, error)
        except StoreError:
            _log.warning("a live window cannot be read; it is tried again", exc_info=True)
            self._try_later(now)
        else:
            if told is None:
                self.build_anew()
                return
            self._told = (now, told)
            self._again_at = told.again_at
            self._hand_out(told, now)

    def _try_later(self, now: float) -> None:
        self.projection.forget()
        self.projection.build_at = now + _RETRY_SECONDS
        self.build_anew()

    def _hand_out(self, told: Told, now: float) -> None:
        for client in list(self.clients):
            message = self._frame_for(client, told, now)
            if message is not None:
                client.accepted = client.wish
                if self._has_deltas:
                    client.outbox.put(message)
                else:
                    client.outbox.replace(message)
            if message is not None or client.due <= now:
                client.due = self._due_after(client, now)

    def _due_after(self, client: Client, now: float) -> float:
        """Return when `client` is to hear next: an interval after any delta, or in step with its last frame."""
        interval = client.wish.interval_seconds
        in_step = not self._has_deltas and client.due > now - interval
        return (client.due if in_step else now) + interval

    def _frame_for(self, client: Client, told: Told, now: float) -> str | None:
        """Return what `client` is to hear, None where that is nothing."""
        regular = told.regular if client.due <= now else None
        if not self._has_deltas:
            return regular
        outbox = client.outbox
        if not outbox.wants_snapshot:
            return told.snapshot if told.for_all else told.delta or regular
        if told.snapshot is None or not outbox.is_idle:
            if told.snapshot or told.delta:
                outbox.skip()  # it gets a snapshot when what it holds is sent
            return None
        outbox.wants_snapshot = False
        return told.snapshot
