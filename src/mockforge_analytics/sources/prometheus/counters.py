"""Counters: what was counted between successive samples, exactly, through resets.

A counter is sampled now and then; what lies between two samples is their difference, or after a reset the value it has
reached since (https://prometheus.io/docs/prometheus/latest/querying/functions/#resets). Samples are whole numbers (of
requests, bytes, microseconds), so that differences add up to what the counter says, however often it is sampled.
Nothing is extrapolated. A histogram is a row of counters that are sampled, and reset, together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST", "MAX_VALUE", "NEVER", "Increments", "Marks", "Samples", "increments", "whole_numbers"]

Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_VALUE: Final = 2.0**53  # larger whole numbers are not exact as float64, the samples' own type
LONGEST: Final = 2**30 - 1  # milliseconds, 12 days: what was counted in a longer time counts as of the last of it
NEVER: Final = np.iinfo(np.int64).min  # the time of what has not happened


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples by series, a number from 0 on, and then by time (milliseconds, at most one at a time).

    `value` is an array (samples, counters) of whole numbers >= 0. `created` is when the counters began (milliseconds),
    `NEVER` where the source does not tell.
    """

    series: Int64s
    time: Int64s
    created: Int64s
    value: Int64s

    def __len__(self) -> int:
        return len(self.series)

    def take(self, rows: Int64s | Bools) -> Samples:
        """Return the samples `rows`."""
        return Samples(self.series[rows], self.time[rows], self.created[rows], self.value[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The last sample of each series: its time in milliseconds (`NEVER` for one not met yet) and its values."""

    time: Int64s
    value: Int64s

    @classmethod
    def none(cls, series: int, counters: int = 1) -> Marks:
        """Return marks of `series` that have not been met."""
        return cls(np.full(series, NEVER), np.zeros((series, counters), np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Increments:
    """What was counted: row ``j`` of `amount` (intervals, counters) by ``series[j]`` within ``(start, end]``.

    Times are milliseconds, intervals at most `LONGEST`. Every interval since the marks appears, also those in which
    nothing was counted.

    Attributes:
        marks: the last samples, from which the next call goes on.
        resets: how many resets there were.
        assumed: how many series counted in full with their first sample because they were not there before.
    """

    series: Int64s
    start: Int64s
    end: Int64s
    amount: Int64s
    marks: Marks
    resets: int
    assumed: int


def whole_numbers(value: Float64s, scale: float = 1.0) -> tuple[Int64s, Bools]:
    """Return ``value * scale`` as whole numbers, and which of them can be a counter's: finite, >= 0, <= 2^53."""
    scaled = value * scale
    usable = np.isfinite(scaled) & (scaled >= 0) & (scaled <= MAX_VALUE)
    return np.rint(np.where(usable, scaled, 0.0)).astype(np.int64), usable


def increments(samples: Samples, marks: Marks, watched: Int64s, *, counting: int | None = None) -> Increments:
    """Return what the counters counted since `marks`.

    Samples not later than the mark of their series are known already and change nothing, so overlapping reads are
    harmless. The first sample of a series counts in full where the series is known to have begun after its element of
    `watched`, the time (milliseconds) until which its target was watched without a gap: it says so by its creation
    time, or it was not there before. Otherwise, and where that is `NEVER`, it only sets the mark: what a counter held
    before anybody looked belongs to no known time.

    Args:
        counting: how many of the first counters tell of a reset when one of them falls; all where None. The others
            (a sum of latencies) may fall on their own.
    """
    samples = samples.take(samples.time > marks.time[samples.series])
    series, time, value = samples.series, samples.time, samples.value
    first = np.ones(len(series), bool)
    first[1:] = series[1:] != series[:-1]
    before_time, before_value = marks.time[series], marks.value[series]
    later = np.flatnonzero(~first)
    before_time[later], before_value[later] = time[later - 1], value[later - 1]
    unmet = before_time == NEVER
    told = samples.created != NEVER
    fell = (value < before_value)[:, :counting].any(axis=1)
    # A creation time after the sample before tells of a reset that grown values would hide.
    reset = ~unmet & (fell | (told & (samples.created > before_time)))
    known_from = watched[series]
    begun = unmet & (known_from != NEVER) & (~told | (samples.created >= known_from))
    start = np.where(unmet, known_from, before_time)
    start = np.where((reset | begun) & told, np.maximum(start, samples.created), start)
    # No interval is empty, whatever clocks say, and none so long that shares of it overflow.
    start = np.clip(start, time - LONGEST, time - 1)
    amount = value - np.where((unmet | reset)[:, None], 0, before_value)
    kept = ~unmet | begun
    last = np.flatnonzero(np.append(first[1:], True)[: len(series)])
    at, reached = marks.time.copy(), marks.value.copy()
    at[series[last]], reached[series[last]] = time[last], value[last]
    return Increments(
        series[kept], start[kept], time[kept], amount[kept], Marks(at, reached), int(reset.sum()), int(begun.sum())
    )
