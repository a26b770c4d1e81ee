"""How long things of one kind took, counted in buckets since the start of the process."""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

__all__ = ["DURATION_BOUNDS", "DurationCounts", "Durations", "NamedDurations"]

DURATION_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds


@dataclass(frozen=True, slots=True)
class DurationCounts:
    """`counts` of durations up to each of `DURATION_BOUNDS` (not of shorter ones), then of longer ones; their sum."""

    counts: tuple[int, ...]
    seconds: float


class Durations:
    """Counts durations. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(DURATION_BOUNDS) + 1)
        self._seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        with self._lock:
            self._counts[bisect_left(DURATION_BOUNDS, seconds)] += 1
            self._seconds += seconds

    def counts(self) -> DurationCounts:
        """Return what was counted so far."""
        with self._lock:
            return DurationCounts(tuple(self._counts), self._seconds)


class NamedDurations:
    """Durations told apart by a name out of a small set. Safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[str, Durations] = {}

    def observe(self, name: str, seconds: float) -> None:
        """Count one duration of `name`."""
        self._known.setdefault(name, Durations()).observe(seconds)

    def counts(self) -> dict[str, DurationCounts]:
        """Return what was counted so far, by name."""
        return {name: durations.counts() for name, durations in sorted(self._known.copy().items())}
