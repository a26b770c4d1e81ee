"""The only reader of the wall clock; everything else gets time as an argument."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]

_NANOSECONDS_PER_MICROSECOND = 1_000


class Clock(Protocol):
    """Wall time for stamps, monotonic time for durations."""

    def now_us(self) -> int:
        """Return microseconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never runs backwards."""


class SystemClock:
    """The clock of this machine."""

    def now_us(self) -> int:
        return time.time_ns() // _NANOSECONDS_PER_MICROSECOND

    def monotonic(self) -> float:
        return time.monotonic()
