"""Half-open windows of time and the granularities they are cut into; whole seconds since the epoch, UTC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

__all__ = ["BASE_SECONDS", "MICROSECONDS", "Granularity", "Window", "ceil_to", "floor_to"]

MICROSECONDS: Final = 1_000_000  # in a second
BASE_SECONDS: Final = 10  # the finest bucket that is ever stored


class Granularity(IntEnum):
    """The widths a time series can be asked in; the value is the width in seconds."""

    TEN_SECONDS = 10
    THIRTY_SECONDS = 30
    MINUTE = 60
    FIVE_MINUTES = 300
    FIFTEEN_MINUTES = 900
    HOUR = 3_600
    SIX_HOURS = 21_600
    DAY = 86_400

    @property
    def label(self) -> str:
        """The name used in the API, the command line and the docs."""
        return _LABELS[self]


_LABELS: Final = {
    Granularity.TEN_SECONDS: "10s",
    Granularity.THIRTY_SECONDS: "30s",
    Granularity.MINUTE: "minute",
    Granularity.FIVE_MINUTES: "5m",
    Granularity.FIFTEEN_MINUTES: "15m",
    Granularity.HOUR: "hour",
    Granularity.SIX_HOURS: "6h",
    Granularity.DAY: "day",
}


def floor_to(seconds: int, width: int) -> int:
    """Return the start of the bucket of `width` seconds that holds `seconds`."""
    return seconds - seconds % width


def ceil_to(seconds: int, width: int) -> int:
    """Return the first bucket start at or after `seconds`."""
    return -(-seconds // width) * width


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The instants ``start <= t < end``. Adjacent windows share no instant: ``[a, b) + [b, c) = [a, c)``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            message = f"a window cannot end ({self.end}) before it starts ({self.start})"
            raise ValueError(message)

    @property
    def seconds(self) -> int:
        """The length of the window."""
        return self.end - self.start

    def snapped(self, width: int) -> Window:
        """Return the smallest window of whole buckets of `width` seconds that covers this one."""
        return Window(floor_to(self.start, width), ceil_to(self.end, width))

    def intersection(self, other: Window) -> Window | None:
        """Return what both windows cover, or None where that is nothing."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start < end else None
