"""Amounts of an interval of time become amounts of buckets: whole numbers, in proportion, that add up exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shares", "allot", "spread"]

Int64s = NDArray[np.int64]

_SAFE: Final = 2**31  # products of smaller numbers fit


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Part `amount` of interval number `row` lies in the bucket that starts at `bucket` (units of the intervals)."""

    row: Int64s
    bucket: Int64s
    amount: Int64s


def spread(start: Int64s, end: Int64s, amount: Int64s, width: int) -> Shares:
    """Return the shares that buckets of `width` have of ``amount`` counted evenly within ``(start, end]``.

    Each share is the difference of the rounded running amounts at the bucket's edges: it is less than one away from
    the exact proportion, and the shares of an interval add up to its amount. Instants at a bucket's start belong to the
    bucket. Only buckets that the interval touches appear, ascending, also those with a share of 0.

    Args:
        start: begin of each interval, exclusive.
        end: its end, inclusive; later than `start`, by less than 2^30 (12 days of milliseconds).
    """
    first = (start + 1) // width  # times are whole: the earliest instant after start
    buckets = end // width - first + 1
    row = np.repeat(np.arange(len(start)), buckets)
    number = np.arange(len(row)) - np.repeat(np.cumsum(buckets) - buckets, buckets)
    bucket = (first[row] + number) * width
    # Instants start+1 … end: a bucket's right edge takes those before it.
    passed = np.minimum(bucket + width - 1, end[row]) - start[row]
    length = (end - start)[row]
    running = _rounded(amount[row], passed, length)
    share = np.diff(running, prepend=0)
    begins = number == 0
    share[begins] = running[begins]
    return Shares(row, bucket, share)


def _rounded(amount: Int64s, part: Int64s, whole: Int64s) -> Int64s:
    """Return ``amount * part / whole`` rounded half up, without overflow for amounts up to 2^53."""
    quotient, rest = np.divmod(amount, whole)
    return quotient * part + (2 * rest * part + whole) // (2 * whole)


def allot(counts: Int64s, group: Int64s, wanted: Int64s) -> Int64s:
    """Return how much to take from each of `counts` so that group ``g`` gives ``wanted[g]``, in proportion.

    Element ``j`` belongs to group ``group[j]``; groups ascend, ``0 <= wanted[g] <= sum of its counts``. No element
    gives more than it has, the total of each group is exact, and an element's share is less than one away from its
    exact proportion (systematic sampling of the running sum).
    """
    totals = np.zeros(len(wanted), np.int64)
    np.add.at(totals, group, counts)
    running = np.cumsum(counts)
    before = np.concatenate(([0], np.cumsum(totals)))[:-1]
    within = running - before[group]
    reached = _rounded_down(within, wanted[group], np.maximum(totals[group], 1))
    taken = np.diff(reached, prepend=0)
    begins = np.ones(len(group), bool)
    begins[1:] = group[1:] != group[:-1]
    taken[begins] = reached[begins]
    return taken


def _rounded_down(amount: Int64s, part: Int64s, whole: Int64s) -> Int64s:
    """Return ``amount * part // whole`` for ``amount, part <= whole``."""
    if whole.max(initial=0) < _SAFE:
        return amount * part // whole
    exact: Int64s = (amount.astype(object) * part.astype(object) // whole.astype(object)).astype(np.int64)
    return exact
