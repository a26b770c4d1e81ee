"""The thread in which batches are made and sent."""

from __future__ import annotations

import atexit
import logging
import os
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threading import Event

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.sources.asgi.courier import Courier

__all__ = ["Worker"]

_log = logging.getLogger(__name__)
_AFTER_A_FAULT: Final = 1.0  # seconds


class Worker:
    """Runs a courier in a daemon thread of the process that made it; `wake` makes it look before its time.

    A thread works beside any event loop, and a daemon never keeps a process alive.
    """

    def __init__(self, courier: Courier, wake: Event, clock: Clock, flush_timeout: float) -> None:
        self.process = os.getpid()
        self._courier = courier
        self._wake = wake
        self._clock = clock
        self._flush_timeout = flush_timeout
        self._lock = Lock()
        self._thread: Thread | None = None
        self._deadline: float | None = None

    @property
    def runs(self) -> bool:
        """Return whether there is a thread."""
        return self._thread is not None

    def start(self) -> None:
        """Start the thread where there is none; from then on the end of the process flushes."""
        with self._lock:
            if self._thread is None:
                self._deadline = None
                thread = Thread(target=self._run, name="mockforge-analytics-reporter", daemon=True)
                thread.start()
                self._thread = thread
                atexit.register(self.stop)

    def stop(self) -> None:
        """Deliver what waits and end the thread, within the flush timeout; `start` may follow.

        In a process that was forked from the one with the thread, nothing happens.
        """
        if self.process != os.getpid():
            return
        with self._lock:
            thread = self._thread
            self._deadline = self._clock.monotonic() + self._flush_timeout
            self._wake.set()
        if thread is not None:
            # Without the lock: `start` is called by the event loop, which must not wait for a delivery.
            thread.join(self._flush_timeout)
        atexit.unregister(self.stop)

    def _run(self) -> None:
        try:
            self._work()
        except Exception:  # noqa: BLE001 the end of a thread is nobody's to catch
            _log.exception("reporting requests failed at the end")
        finally:
            with self._lock:
                self._thread = None

    def _work(self) -> None:
        while (deadline := self._deadline) is None:
            try:
                wait = self._courier.step()
            except Exception:  # noqa: BLE001 the next requests are still worth reporting
                _log.exception("reporting requests failed")
                wait = _AFTER_A_FAULT
            if wait > 0 and self._deadline is None:
                self._wake.wait(wait)
                self._wake.clear()
        self._courier.drain(deadline)
