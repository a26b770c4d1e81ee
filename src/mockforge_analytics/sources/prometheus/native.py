"""Native histograms, as a server writes them in its JSON answers, become columns of counters.

Their buckets are powers of ``2^(2^-schema)`` (https://prometheus.io/docs/specs/native_histograms/#schema). Schemas
finer than our own scale 5 merge into it exactly; coarser ones keep their own buckets, and with them their own error:
half the width of a bucket, 4.4 % at schema 3, 19 % at schema 1. The histograms of one rule share the coarsest schema
that was met among them. Only buckets that have ever held something are kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.model.histogram import SCALE
from mockforge_analytics.sources.prometheus.buckets import Layout
from mockforge_analytics.sources.prometheus.counters import MAX_VALUE, NEVER, Marks, Samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Int64s = NDArray[np.int64]

__all__ = ["Grid", "NativeSample", "as_samples", "moved"]

_MICROSECONDS: Final = 1e6
_ZERO: Final = -(2**31)  # the place of the zero bucket, left of all others
_TOLERANCE: Final = 1e-3
_SCHEMAS: Final = range(-4, 9)

Bucket = tuple[float, float, float]  # lower bound, upper bound, how many


@dataclass(frozen=True, slots=True)
class NativeSample:
    """A histogram at `time` (milliseconds): the sum of what it observed, and its buckets in its own unit."""

    time: int
    total: float
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Buckets of one schema by their places, ascending, the zero bucket first; `zero` is its upper bound."""

    schema: int
    places: tuple[int, ...]
    zero: float

    @classmethod
    def of(cls, samples: Iterable[NativeSample]) -> Grid:
        """Return the buckets that `samples` need.

        Raises:
            ValueError: they are no exponential buckets of latencies.
        """
        buckets = [bucket for sample in samples for bucket in sample.buckets]
        found = [_place(low, high) for low, high, _ in buckets]
        schema = min((schema for schema, _ in found), default=SCALE)
        zero = max((high for low, high, _ in buckets if low <= 0), default=0.0)
        return cls(schema, tuple(sorted({_ZERO, *(_coarser(place, own - schema) for own, place in found)})), zero)

    @classmethod
    def of_layout(cls, layout: Layout, unit: float) -> Grid:
        """Return the buckets of `layout`, whose seconds are `unit` times those of the histogram."""
        bounds = [
            (low / unit, high / unit, 0.0)
            for low, high in zip(layout.lower.tolist(), layout.upper.tolist(), strict=True)
        ]
        return cls.of([NativeSample(0, 0.0, tuple(bounds))])

    def joined(self, other: Grid) -> Grid:
        """Return the buckets of both, in the coarser of the two schemas."""
        schema = min(self.schema, other.schema)
        places = {_coarser(place, grid.schema - schema) for grid in (self, other) for place in grid.places}
        return Grid(schema, tuple(sorted(places)), max(self.zero, other.zero))

    def layout(self, unit: float) -> Layout:
        """Return the bounds in seconds."""
        width = 2.0**-self.schema
        upper = [self.zero if place == _ZERO else 2.0 ** (place * width) for place in self.places]
        lower = [0.0 if place == _ZERO else 2.0 ** ((place - 1) * width) for place in self.places]
        return Layout(tuple(unit * bound for bound in upper), tuple(unit * bound for bound in lower))

    def columns_of(self, other: Grid) -> Int64s:
        """Return which of these buckets holds each bucket of `other`."""
        number = {place: column for column, place in enumerate(self.places)}
        steps = other.schema - self.schema
        return np.array([number[_coarser(place, steps)] for place in other.places], np.int64)

    def counts(self, sample: NativeSample) -> Int64s:
        """Return how many observations each bucket holds.

        Raises:
            ValueError: a count is none.
        """
        number = {place: column for column, place in enumerate(self.places)}
        counts = np.zeros(len(self.places), np.int64)
        for low, high, count in sample.buckets:
            if not 0 <= count <= MAX_VALUE:
                message = "not a counter value"
                raise ValueError(message)
            schema, place = _place(low, high)
            counts[number[_coarser(place, schema - self.schema)]] += round(count)
        return counts


@lru_cache(maxsize=65_536)
def _place(low: float, high: float) -> tuple[int, int]:
    """Return the schema, `SCALE` at most, and the place of the bucket ``(low, high]``."""
    if low <= 0 <= high < math.inf:
        return SCALE, _ZERO
    if low < 0 or not high < math.inf:
        message = "a native histogram with observations that are no latencies"
        raise ValueError(message)
    exact = -math.log2(math.log2(high / low))
    schema = round(exact)
    if schema not in _SCHEMAS or abs(exact - schema) > _TOLERANCE:
        message = "a native histogram with buckets of its own"
        raise ValueError(message)
    place = round(math.log2(high) * 2.0**schema)
    return min(schema, SCALE), _coarser(place, schema - SCALE)


def _coarser(place: int, steps: int) -> int:
    """Return the bucket that holds `place` in a schema `steps` coarser; zero or fewer steps change nothing."""
    return place if place == _ZERO or steps <= 0 else -(-place >> steps)


def as_samples(histograms: Sequence[Sequence[NativeSample]], grid: Grid, unit: float) -> Samples:
    """Return the samples of each of `histograms` as cumulative buckets of `grid` and the sum in microseconds."""
    lower, upper = grid.layout(unit).lower, grid.layout(unit).upper
    rows = [(number, sample) for number, samples in enumerate(histograms) for sample in samples]
    value = np.zeros((len(rows), len(grid.places) + 1), np.int64)
    for row, (_, sample) in enumerate(rows):
        counts = grid.counts(sample)
        value[row, :-1] = np.cumsum(counts)
        total = sample.total * unit * _MICROSECONDS
        middle = float(counts @ (lower + upper) / 2) * _MICROSECONDS
        value[row, -1] = round(total if 0 <= total <= MAX_VALUE else middle)
    series = np.array([number for number, _ in rows], np.int64)
    time = np.array([sample.time for _, sample in rows], np.int64)
    return Samples(series, time, np.full(len(rows), NEVER), value)


def moved(marks: Marks, old: Grid, new: Grid) -> Marks:
    """Return `marks`, whose counters are buckets of `old`, as those of `new`, which holds them all."""
    single = np.diff(marks.value[:, :-1], prepend=0, axis=1)
    value = np.zeros((len(marks.time), len(new.places) + 1), np.int64)
    for column, single_counts in zip(new.columns_of(old).tolist(), single.T, strict=True):
        value[:, column] += single_counts
    value[:, :-1] = np.cumsum(value[:, :-1], axis=1)
    value[:, -1] = marks.value[:, -1]
    return Marks(marks.time, value)
