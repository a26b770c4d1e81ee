"""What a histogram gained within an interval is dealt out to the buckets of time the interval touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.sources.prometheus.spread import allot, spread

if TYPE_CHECKING:
    from mockforge_analytics.sources.prometheus.buckets import Layout

__all__ = ["Dealt", "deal"]

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Dealt:
    """The bucket of time ``bucket[j]`` has ``counts[j]`` and the sum ``total[j]`` of interval ``row[j]``."""

    row: Int64s
    bucket: Int64s
    counts: Int64s
    total: Int64s


def deal(start: Int64s, end: Int64s, counts: Int64s, total: Int64s, layout: Layout, width: int) -> Dealt:
    """Return the shares of each bucket of time; those of an interval add up to its counts and its sum exactly.

    The observations of an interval are spread evenly over it, each of its histogram buckets in proportion. Only shares
    with observations appear.

    Args:
        counts: an array (intervals, buckets of the layout) of single, not cumulative, counts.
        total: the sum of latencies of each interval in microseconds; put within what its counts allow.
    """
    shares = spread(start, end, counts.sum(axis=1), width)
    left, rest = counts.copy(), _within(total, layout, counts)
    number = np.arange(len(shares.row)) - np.searchsorted(shares.row, shares.row)
    parts, totals = np.zeros((len(shares.row), counts.shape[1]), np.int64), np.zeros(len(shares.row), np.int64)
    for turn in range(int(number.max(initial=-1)) + 1):
        mine = np.flatnonzero(number == turn)
        rows = shares.row[mine]
        taken = _take(left[rows], shares.amount[mine])
        remaining = left[rows] - taken
        part = _part_of_sum(rest[rows], taken, remaining, layout)
        parts[mine], totals[mine] = taken, part
        left[rows], rest[rows] = remaining, rest[rows] - part
    filled = shares.amount > 0
    return Dealt(shares.row[filled], shares.bucket[filled], parts[filled], totals[filled])


def _take(counts: Int64s, wanted: Int64s) -> Int64s:
    group = np.repeat(np.arange(len(counts)), counts.shape[1])
    return allot(counts.ravel(), group, wanted).reshape(counts.shape)


def _within(total: Int64s, layout: Layout, counts: Int64s) -> Int64s:
    low, high = layout.sum_bounds(counts)
    return np.clip(total, low, np.maximum(low, high))


def _part_of_sum(total: Int64s, taken: Int64s, remaining: Int64s, layout: Layout) -> Int64s:
    """Return the part of `total` for `taken`, in proportion, so that both parts stay within what is possible."""
    count, rest = taken.sum(axis=1), remaining.sum(axis=1)
    whole = np.maximum(count + rest, 1)
    wanted = np.rint(total * (count / whole)).astype(np.int64)
    low, high = layout.sum_bounds(taken)
    rest_low, rest_high = layout.sum_bounds(remaining)
    part = np.clip(wanted, np.maximum(low, total - rest_high), np.minimum(high, total - rest_low))
    return np.where(rest == 0, total, part)
