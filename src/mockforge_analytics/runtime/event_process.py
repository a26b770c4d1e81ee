"""Reading large bodies of events in a process of its own, so that reading has one core and storing the other.

As threads of one process they take Python's lock in turns: reading and storing 5,000 events took as long beside each
other as one after the other.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.config import Templating
from mockforge_analytics.errors import AnalyticsError
from mockforge_analytics.runtime.child import Child, ChildLostError
from mockforge_analytics.runtime.event_worker import RollupSettings

if TYPE_CHECKING:
    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.runtime.event_reading import EventsRead, ReadRequest

__all__ = ["LARGE_BYTES", "EventProcess"]

_log = logging.getLogger(__name__)

LARGE_BYTES: Final = 64 * 1024  # 150 events: below it a body is read sooner than sent
_WORKER: Final = "mockforge_analytics.runtime.event_worker"
_IDLE_SECONDS: Final = 60.0  # then the 100 MB it takes are given back
_PAUSE_SECONDS: Final = 30.0  # after a loss, before it is tried again


class EventProcess:
    """The process, while large bodies come in. Safe to share between threads.

    It is started by the first large body, which is read here meanwhile, as all are when it is lost. Adaptive templating
    learns from what it has seen, in this process: with it there is no other one, and `is_wanted` is false.
    """

    def __init__(self, config: AnalyticsConfig, clock: Clock) -> None:
        self._settings = RollupSettings(config.templating, config.caps)
        self.is_wanted = config.templating is not Templating.ADAPTIVE and config.ingest.own_process
        self._clock = clock
        self._changed = threading.Condition()
        self._line: _Line | None = None
        self._keeper: threading.Thread | None = None
        self._users = 0
        self._used_at = 0.0
        self._not_before = float("-inf")
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The number of the process that is ready for bodies, None where there is none."""
        line = self._line
        return None if line is None else line.child.pid

    def read(self, request: ReadRequest) -> EventsRead | None:
        """Return what the body of `request` holds; None where it has to be read here.

        Raises:
            AnalyticsError: the body is refused.
        """
        if not self.is_wanted or len(request.body.data) < LARGE_BYTES:
            return None
        line = self._joined()
        if line is None:
            return None
        try:
            answer = line.ask(request)
        except ChildLostError as error:
            self._give_up(line, error)
            return None
        finally:
            self._leave()
        if isinstance(answer, AnalyticsError):
            raise answer
        read: EventsRead | None = answer
        return read

    def close(self) -> None:
        """End the process, and have no other one."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            keeper = self._keeper
        if keeper is not None:
            keeper.join()

    def _joined(self) -> _Line | None:
        """Return the line to the process, the caller counted as a user; where there is none, have it started."""
        with self._changed:
            self._used_at = self._clock.monotonic()
            if self._line is not None:
                self._users += 1
                return self._line
            if self._keeper is None and not self._is_closed and self._used_at >= self._not_before:
                self._keeper = threading.Thread(target=self._keep, name="analytics-events", daemon=True)
                self._keeper.start()
        return None

    def _leave(self) -> None:
        with self._changed:
            self._users -= 1
            self._used_at = self._clock.monotonic()
            if self._is_closed:
                self._changed.notify_all()

    def _give_up(self, line: _Line, error: ChildLostError) -> None:
        with self._changed:
            if self._line is not line:
                return
            self._line = None
            self._not_before = self._clock.monotonic() + _PAUSE_SECONDS
            self._changed.notify_all()
        _log.warning("the process that read events %s; they are read by the server itself", error)

    def _keep(self) -> None:
        """Start the process, and end it when it is idle, lost, or of no use any more."""
        child = Child(_WORKER)
        try:
            child.send(self._settings)
            child.receive()
            with self._changed:
                line = self._line = _Line(child)
                while self._line is line and not self._is_over():
                    self._changed.wait(_IDLE_SECONDS)
                self._line = None
        except ChildLostError as error:
            with self._changed:
                self._not_before = self._clock.monotonic() + _PAUSE_SECONDS
            _log.warning("the process that reads events %s before it was ready", error)
        finally:
            with self._changed:
                self._keeper = None
            child.end()

    def _is_over(self) -> bool:
        is_idle = self._clock.monotonic() - self._used_at >= _IDLE_SECONDS
        return not self._users and (self._is_closed or is_idle)


class _Line:
    """Questions to the process, answered in the order they are asked; the next one is on its way while one is read."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._asking = threading.Lock()
        self._hearing = threading.Lock()
        self._asked: deque[Future[Any]] = deque()

    def ask(self, request: ReadRequest) -> Any:
        """Return the answer to `request`.

        Raises:
            ChildLostError: there will be none.
        """
        mine: Future[Any] = Future()
        with self._asking:
            self._asked.append(mine)
            self.child.send(request)
        with self._hearing:
            while not mine.done():
                answer = self.child.receive()
                self._asked.popleft().set_result(answer)
        return mine.result()
