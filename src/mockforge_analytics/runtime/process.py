"""What this process takes of its machine, as far as the system tells."""

from __future__ import annotations

import resource
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.process import ProcessUsage

if TYPE_CHECKING:
    from mockforge_analytics.clock import Clock

__all__ = ["ProcessMeter"]

_STATM: Final = Path("/proc/self/statm")
_LEAST_SECONDS: Final = 1.0  # over which processor time is told; a shorter look repeats the last answer
_PERCENT: Final = 100.0


class ProcessMeter:
    """Measures this process. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._started = self._looked = clock.monotonic()
        self._used = _processor_seconds()
        self._percent = 0.0

    def usage(self) -> ProcessUsage:
        """Return what the process takes now; its processor time since the last look, one second ago or more."""
        with self._lock:
            now, used = self._clock.monotonic(), _processor_seconds()
            if now - self._looked >= _LEAST_SECONDS:
                self._percent = _PERCENT * (used - self._used) / (now - self._looked)
                self._looked, self._used = now, used
            return ProcessUsage(_resident_bytes(), self._percent, threading.active_count(), now - self._started)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _resident_bytes() -> int:
    """Return the memory that the process holds now; the most that it ever held where the system does not say."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024
