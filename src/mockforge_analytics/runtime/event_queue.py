"""Bodies that wait for a process to read them."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.model.events import EventBody, EventReceipt

__all__ = ["EventQueue", "Offered", "Taker"]

_MOST_BYTES: Final = 8 * 1024 * 1024  # 20,000 events, 80 ms; half as many took 4 % longer each
_INFLATES: Final = 16  # times, what events usually do
_PLAIN: Final = (None, "identity")


class Offered:
    """A body, and what its sender is told; nobody can cancel that, as what is read is stored."""

    def __init__(self, body: EventBody) -> None:
        self.body = body
        self.size = len(body.data) * (1 if body.encoding in _PLAIN else _INFLATES)
        self.done: Future[EventReceipt | None] = Future()
        self.done.set_running_or_notify_cancel()


class Taker(Protocol):
    """A line to a process."""

    @property
    def under_way(self) -> int:
        """The number of questions without an answer."""


Line = TypeVar("Line", bound=Taker)


class EventQueue(Generic[Line]):
    """What the lines to all processes share. Methods may be called by any thread; `changed` is the lock of all of it.

    The line with the fewest questions under way is next, of several the eldest: with little to do the others may end.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._waiting: deque[Offered] = deque()
        self._lines: list[Line] = []

    @property
    def lines(self) -> list[Line]:
        """Those that take bodies, the eldest first."""
        with self.changed:
            return list(self._lines)

    @property
    def is_empty(self) -> bool:
        """Whether no body waits."""
        return not self._waiting

    def offer(self, body: EventBody) -> Future[EventReceipt | None] | None:
        """Have `body` read; None, at once or later, where no process does.

        The future raises the `AnalyticsError` for which the body is not taken.
        """
        with self.changed:
            if not self._lines:
                return None
            offered = Offered(body)
            self._waiting.append(offered)
            self.changed.notify_all()
        return offered.done

    def enter(self, line: Line) -> None:
        """Let `line` take bodies from now on."""
        with self.changed:
            self._lines.append(line)

    def leave(self, line: Line) -> None:
        """Let `line` take no more; what waits for nobody then is given back."""
        given_back: list[Offered] = []
        with self.changed:
            if line in self._lines:
                self._lines.remove(line)
            if not self._lines:
                given_back += self._waiting
                self._waiting.clear()
            self.changed.notify_all()
        for one in given_back:
            one.done.set_result(None)

    def put_back(self, offered: Sequence[Offered]) -> None:
        """Let `offered` be the first that wait; where no line is left they are given back."""
        with self.changed:
            if has_lines := bool(self._lines):
                self._waiting.extendleft(reversed(offered))
                self.changed.notify_all()
        if not has_lines:
            for one in offered:
                one.done.set_result(None)

    def is_next(self, line: Line) -> bool:
        """Return whether `line` is to take what waits."""
        return line is min(self._lines, key=lambda one: one.under_way, default=None)

    def take(self) -> list[Offered]:
        """Return bodies for one workspace that waited longest, and no longer wait; at least one waits."""
        taken = [self._waiting.popleft()]
        size = taken[0].size
        while self._waiting and self._waiting[0].body.workspace == taken[0].body.workspace:
            size += self._waiting[0].size
            if size > _MOST_BYTES:
                break
            taken.append(self._waiting.popleft())
        return taken
