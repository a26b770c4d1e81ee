"""The bounded queue between the application and the reporting thread."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from threading import Event, Lock
from typing import TYPE_CHECKING

from mockforge_analytics.sources.asgi.stats import Drop

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.observation import Observation
    from mockforge_analytics.sources.asgi.stats import Ledger

__all__ = ["Buffer"]


class Buffer:
    """Holds the newest `capacity` observations; `full_batch` is set when `batch_size` of them wait.

    Only what appends takes the lock: the reporting thread never holds anything that the application waits for.
    """

    def __init__(self, capacity: int, batch_size: int, ledger: Ledger) -> None:
        self.full_batch = Event()
        self._waiting: deque[Observation] = deque()
        self._lock = Lock()
        self._capacity = capacity
        self._batch_size = batch_size
        self._ledger = ledger
        self._recorded = 0

    def append(self, seen: Observation) -> None:
        """Take `seen` in, at the cost of the oldest where there is no room."""
        with self._lock:
            waiting = self._waiting
            waiting.append(seen)
            self._recorded += 1
            size = len(waiting)
            if size > self._capacity:
                self._drop_oldest()
        if size == self._batch_size:
            self.full_batch.set()

    def take(self) -> list[Observation]:
        """Return at most a batch of the oldest, and forget them."""
        taken: list[Observation] = []
        with suppress(IndexError):  # the oldest may be dropped in between
            while len(taken) < self._batch_size:
                taken.append(self._waiting.popleft())
        return taken

    def clear(self) -> int:
        """Forget all; return how many there were."""
        size = 0
        while taken := self.take():
            size += len(taken)
        return size

    def _drop_oldest(self) -> None:
        with suppress(IndexError):  # taken by the reporting thread in between: then there is room
            self._waiting.popleft()
            self._ledger.drop(Drop.OVERFLOW, 1)

    @property
    def recorded(self) -> int:
        """Return how many were ever taken in."""
        return self._recorded

    def __len__(self) -> int:
        return len(self._waiting)
