"""Reading large bodies of events in processes of their own, so that reading has one core and storing the other.

As threads of one process they take Python's lock in turns: reading and storing 5,000 events took as long beside each
other as one after the other.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from mockforge_analytics.config import Templating
from mockforge_analytics.runtime.child import Child, ChildLostError
from mockforge_analytics.runtime.event_line import EventLine
from mockforge_analytics.runtime.event_queue import EventQueue
from mockforge_analytics.runtime.event_worker import RollupSettings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.events import EventBody, EventReceipt
    from mockforge_analytics.runtime.event_line import Receiver, Requester

__all__ = ["LARGE_BYTES", "EventProcesses"]

_log = logging.getLogger(__name__)

LARGE_BYTES: Final = 64 * 1024  # 150 events: below it a body is read sooner than sent
_WORKER: Final = "mockforge_analytics.runtime.event_worker"
_IDLE_SECONDS: Final = 60.0  # then the 100 MB it takes are given back
_PAUSE_SECONDS: Final = 30.0  # after a loss, before it is tried again
_LOOK_SECONDS: Final = 2.0  # between two looks at how busy they are
_BUSY: Final = 0.8  # of the time, then another one helps


class EventProcesses:
    """The processes, while large bodies come in. Safe to share between threads.

    The first one is started by the first large body, which is read by the server meanwhile, as all are when it is lost;
    another one, up to `ingest.processes`, when those there are have hardly a pause. Adaptive templating learns from
    what it has seen, in the server: with it there are none, and `is_wanted` is false. See `EventLine` for `requester`
    and `receiver`.
    """

    def __init__(self, config: AnalyticsConfig, clock: Clock, requester: Requester, receiver: Receiver) -> None:
        self._settings = RollupSettings(config.templating, config.caps)
        self._most = config.ingest.processes
        self.is_wanted = config.templating is not Templating.ADAPTIVE and self._most > 0
        self._clock = clock
        self._requester = requester
        self._receiver = receiver
        self._queue: EventQueue[EventLine] = EventQueue()
        self._lock = threading.Lock()
        self._keepers: list[threading.Thread] = []
        self._is_starting = False
        self._not_before = float("-inf")
        self._is_closed = False
        self._looked_at = clock.monotonic()
        self._busy_seconds = 0.0

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that are ready for bodies."""
        return [line.pid for line in self._queue.lines]

    @property
    def under_way(self) -> int:
        """The number of questions that a process has not answered."""
        return sum(line.under_way for line in self._queue.lines)

    def offer(self, body: EventBody) -> Future[EventReceipt | None] | None:
        """Have `body` read; see `EventQueue.offer`. Small bodies are not."""
        if not self.is_wanted or len(body.data) < LARGE_BYTES:
            return None
        offered = self._queue.offer(body)
        if offered is None or self._are_busy():
            self._start()
        return offered

    def close(self) -> None:
        """Have what waits read, end the processes, and have no other ones."""
        with self._lock:
            self._is_closed = True
            keepers = list(self._keepers)
        for line in self._queue.lines:
            line.close()
        for keeper in keepers:
            keeper.join()

    def _are_busy(self) -> bool:
        now = self._clock.monotonic()
        with self._lock:
            elapsed = now - self._looked_at
            if elapsed < _LOOK_SECONDS:
                return False
            lines = self._queue.lines
            busy = sum(line.busy_seconds for line in lines)
            used, self._busy_seconds, self._looked_at = busy - self._busy_seconds, busy, now
            return used > _BUSY * elapsed * len(lines)

    def _start(self) -> None:
        with self._lock:
            room = len(self._keepers) < self._most and not self._is_closed
            if room and not self._is_starting and self._clock.monotonic() >= self._not_before:
                self._is_starting = True
                keeper = threading.Thread(target=self._keep, name="analytics-events", daemon=True)
                self._keepers.append(keeper)
                keeper.start()

    def _keep(self) -> None:
        """Start a process, and end it when it is idle, lost, or of no use any more."""
        child: Child | None = None
        try:
            child = Child(_WORKER)
            child.send(self._settings)
            child.receive()
            line = EventLine(child, self._queue, self._clock, self._requester, self._receiver)
            with self._lock:
                self._is_starting = False
                if self._is_closed:
                    line.close()
                self._queue.enter(line)
            line.serve(_IDLE_SECONDS)
        except ChildLostError as error:
            self._pause("a process that reads events %s; the server reads what it had", error)
        except OSError as error:
            self._pause("a process that reads events could not be started (%s); the server reads them itself", error)
        finally:
            with self._lock:
                self._is_starting = False
                self._keepers.remove(threading.current_thread())
            if child is not None:
                child.end()

    def _pause(self, message: str, error: Exception) -> None:
        with self._lock:
            self._not_before = self._clock.monotonic() + _PAUSE_SECONDS
        _log.warning(message, error)
