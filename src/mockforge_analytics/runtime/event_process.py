"""Reading large bodies of events in a process of its own, so that reading has one core and storing the other.

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
from mockforge_analytics.runtime.event_worker import RollupSettings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.events import EventBody, EventReceipt
    from mockforge_analytics.runtime.event_line import Receiver, Requester

__all__ = ["LARGE_BYTES", "EventProcess"]

_log = logging.getLogger(__name__)

LARGE_BYTES: Final = 64 * 1024  # 150 events: below it a body is read sooner than sent
_WORKER: Final = "mockforge_analytics.runtime.event_worker"
_IDLE_SECONDS: Final = 60.0  # then the 100 MB it takes are given back
_PAUSE_SECONDS: Final = 30.0  # after a loss, before it is tried again


class EventProcess:
    """The process, while large bodies come in. Safe to share between threads.

    It is started by the first large body, which is read by the server meanwhile, as all are when it is lost. Adaptive
    templating learns from what it has seen, in the server: with it there is no other process, and `is_wanted` is false.
    See `EventLine` for `requester` and `receiver`.
    """

    def __init__(self, config: AnalyticsConfig, clock: Clock, requester: Requester, receiver: Receiver) -> None:
        self._settings = RollupSettings(config.templating, config.caps)
        self.is_wanted = config.templating is not Templating.ADAPTIVE and config.ingest.own_process
        self._clock = clock
        self._requester = requester
        self._receiver = receiver
        self._lock = threading.Lock()
        self._line: EventLine | None = None
        self._keeper: threading.Thread | None = None
        self._not_before = float("-inf")
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The number of the process that is ready for bodies, None where there is none."""
        line = self._line
        return None if line is None else line.pid

    def offer(self, body: EventBody) -> Future[EventReceipt | None] | None:
        """Have `body` read; see `EventLine.offer`. Small bodies are not."""
        if not self.is_wanted or len(body.data) < LARGE_BYTES:
            return None
        line = self._ready()
        return None if line is None else line.offer(body)

    def close(self) -> None:
        """Have what waits read, end the process, and have no other one."""
        with self._lock:
            self._is_closed = True
            line, keeper = self._line, self._keeper
        if line is not None:
            line.close()
        if keeper is not None:
            keeper.join()

    def _ready(self) -> EventLine | None:
        """Return the line to the process; where there is none, have it started."""
        with self._lock:
            is_wanted = self._keeper is None and not self._is_closed
            if is_wanted and self._clock.monotonic() >= self._not_before:
                self._keeper = threading.Thread(target=self._keep, name="analytics-events", daemon=True)
                self._keeper.start()
            return self._line

    def _keep(self) -> None:
        """Start the process, and end it when it is idle, lost, or of no use any more."""
        child = Child(_WORKER)
        try:
            child.send(self._settings)
            child.receive()
            line = EventLine(child, self._requester, self._receiver)
            with self._lock:
                if self._is_closed:
                    return
                self._line = line
            line.serve(_IDLE_SECONDS)
        except ChildLostError as error:
            self._not_before = self._clock.monotonic() + _PAUSE_SECONDS
            _log.warning("the process that reads events %s; they are read by the server itself", error)
        finally:
            with self._lock:
                self._line = self._keeper = None
            child.end()
