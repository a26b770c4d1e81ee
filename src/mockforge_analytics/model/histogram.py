"""Latency histograms: base-2 exponential, scale 5, many at a time as columns.

Bucket ``i`` holds seconds in ``(γ^i, γ^(i+1)]`` with ``γ = 2^(1/32)``, the boundaries of the OpenTelemetry
exponential histogram (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram) and of the
Prometheus native histogram, whose index of the same bucket is ``i + 1``. A quantile read from a bucket's geometric
middle is at most ``γ^0.5 - 1 = 1.0890 %`` away from the exact value. Values of at most `ZERO_THRESHOLD` go to a bucket
of their own.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MAX_INDEX",
    "MAX_LATENCY_SECONDS",
    "MIN_INDEX",
    "RELATIVE_ERROR",
    "SCALE",
    "ZERO_INDEX",
    "ZERO_THRESHOLD",
    "Histograms",
    "bucket_index",
    "bucket_upper_bounds",
]

SCALE: Final = 5
_BUCKETS_PER_OCTAVE: Final = 1 << SCALE
_OCTAVES: Final = 30
MIN_INDEX: Final = -_OCTAVES * _BUCKETS_PER_OCTAVE
MAX_INDEX: Final = _OCTAVES * _BUCKETS_PER_OCTAVE - 1
ZERO_INDEX: Final = MIN_INDEX - 1
ZERO_THRESHOLD: Final = 2.0**-_OCTAVES  # seconds; just under a nanosecond
MAX_LATENCY_SECONDS: Final = 2.0**_OCTAVES  # 34 years; larger values count in the last bucket
RELATIVE_ERROR: Final = 2.0 ** (0.5 / _BUCKETS_PER_OCTAVE) - 1.0

_DENSE_CELLS_PER_ENTRY: Final = 8  # an entry costs 5 ns to sort, a cell 1 ns to visit
_FEW: Final = 32  # observations
_MANTISSA_CELLS: Final = 1024
_WIDTH: Final = MAX_INDEX - ZERO_INDEX + 1
_DENSE_CELLS: Final = 4_000_000  # 32 MB of int64: past it sorting beats a scatter into a mostly empty matrix
_INT32_KEYS: Final = 2**31 - 1
_QUANTILE_DENOMINATOR: Final = 1_000_000

# 2^(j/32 - 1) for j in 0..31, correctly rounded: `ceil(log2(x) * 32)` puts 18 of 960 exact boundaries one bucket off.
_MANTISSA_BOUNDS: Final = (
    0.5, 0.5109485743270583, 0.5221368912137069, 0.5335702003384118, 0.5452538663326288, 0.5571933712979462,
    0.5693943173783458, 0.5818624293887887, 0.5946035575013605, 0.6076236799902345, 0.620928906036742,
    0.6345254785958666, 0.6484197773255048, 0.6626183215798707, 0.6771277734684463, 0.691954940981916,
    0.7071067811865476, 0.7225904034885233, 0.7384130729697497, 0.7545822137967114, 0.7711054127039704,
    0.7879904225539432, 0.8052451659746271, 0.8228777390769825, 0.8408964152537145, 0.859309649061239,
    0.8781260801866497, 0.8973545375015536, 0.9170040432046712, 0.93708381705515, 0.9576032806985737,
    0.9785720620877001,
)  # fmt: skip

Int16s = NDArray[np.int16]
Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]


def _bucket(seconds: float) -> int:
    """Return the bucket of one latency."""
    if seconds <= ZERO_THRESHOLD:
        return ZERO_INDEX
    mantissa, exponent = math.frexp(seconds)
    index = (exponent - 1) * _BUCKETS_PER_OCTAVE + bisect_left(_MANTISSA_BOUNDS, mantissa) - 1
    return min(max(index, MIN_INDEX), MAX_INDEX)


def bucket_index(seconds: Float64s) -> Int16s:
    """Return the bucket of each latency (seconds, finite, >= 0): `ZERO_INDEX` or `MIN_INDEX`..`MAX_INDEX`."""
    mantissa, exponent = np.frexp(seconds)
    # Boundaries lie 1/92 apart or more, so one cell of 1/2048 holds one at most: a table and one comparison, 1.4 ms for
    # 300,000 latencies against 10 ms for a binary search.
    bounds, below = _mantissa_tables()
    position = below[((mantissa - 0.5) * (2 * _MANTISSA_CELLS)).astype(np.int16)]
    position += mantissa > bounds[position]
    index = (exponent - 1) * _BUCKETS_PER_OCTAVE + position - 1
    narrow = np.clip(index, MIN_INDEX, MAX_INDEX).astype(np.int16)
    narrow[seconds <= ZERO_THRESHOLD] = ZERO_INDEX
    return narrow


@cache
def _mantissa_tables() -> tuple[Float64s, Int16s]:
    """Return the bounds of the buckets of an octave, and how many of them lie below each cell of the table."""
    bounds = np.array((*_MANTISSA_BOUNDS, 1.0))
    cells = 0.5 + np.arange(_MANTISSA_CELLS) / (2 * _MANTISSA_CELLS)
    return bounds, np.searchsorted(bounds, cells).astype(np.int16)


def _starts(ordered: NDArray[np.signedinteger]) -> Int64s:
    """Return where each run of equal numbers begins."""
    begins = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return np.flatnonzero(begins)


def bucket_upper_bounds(index: Int16s) -> Float64s:
    """Return the inclusive upper bound of each bucket in seconds; 0 for the zero bucket."""
    upper = index.astype(np.int64) + 1
    octave, position = np.divmod(upper, _BUCKETS_PER_OCTAVE)
    bounds = np.ldexp(np.array(_MANTISSA_BOUNDS)[position], (octave + 1).astype(np.int32))
    return np.where(index == ZERO_INDEX, 0.0, bounds)


def _bucket_middles(index: Int16s) -> Float64s:
    middles = np.exp2((index.astype(np.float64) + 0.5) / _BUCKETS_PER_OCTAVE)
    return np.where(index == ZERO_INDEX, 0.0, middles)


@dataclass(frozen=True, slots=True, eq=False)
class Histograms:
    """A column of histograms in compressed sparse rows.

    Histogram ``k`` owns ``index[offsets[k]:offsets[k+1]]`` and the counts beside them; its indexes ascend strictly and
    its counts are positive. `offsets` has one element more than there are histograms.
    """

    offsets: Int64s
    index: Int16s
    count: Int64s

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def empty(cls, n: int = 0) -> Histograms:
        """Return `n` histograms without observations."""
        return cls(np.zeros(n + 1, np.int64), np.zeros(0, np.int16), np.zeros(0, np.int64))

    @classmethod
    def build(cls, group: Int64s, seconds: Float64s, n: int) -> Histograms:
        """Return `n` histograms; observation ``j`` (seconds, finite, >= 0) counts in histogram ``group[j]``."""
        if len(seconds) <= _FEW:
            return cls._collect_few(group.tolist(), seconds.tolist(), n)
        return cls._collect(group, bucket_index(seconds), None, n)

    @classmethod
    def _collect_few(cls, group: list[int], seconds: list[float], n: int) -> Histograms:
        """Return what `build` does; of five observations in a tenth of the time that a dozen steps on arrays take."""
        counts = Counter(zip(group, map(_bucket, seconds), strict=True))
        entries = sorted(counts)
        offsets = np.zeros(n + 1, np.int64)
        owners = np.array([owner for owner, _ in entries], np.int64)
        np.cumsum(np.bincount(owners, minlength=n), out=offsets[1:])
        index = np.array([index for _, index in entries], np.int16)
        return cls(offsets, index, np.array([counts[entry] for entry in entries], np.int64))

    @classmethod
    def of_counts(cls, group: Int64s, index: Int16s, count: Int64s, n: int) -> Histograms:
        """Return `n` histograms; ``count[j]`` (> 0) observations of bucket ``index[j]`` are in number ``group[j]``."""
        return cls._collect(group, index, count, n)

    @classmethod
    def _collect(cls, group: Int64s, index: Int16s, count: Int64s | None, n: int) -> Histograms:
        """Return `n` histograms of ``count[j]`` observations (one where None) of ``index[j]`` in ``group[j]``."""
        # Any order will do that brings equal keys together: a stable sort takes ten times as long, twice with 64 bits.
        kind = np.dtype(np.int32 if n * _WIDTH <= _INT32_KEYS else np.int64)
        key: NDArray[np.signedinteger] = group.astype(kind) * _WIDTH + (index.astype(kind) - ZERO_INDEX)
        if n * _WIDTH <= min(max(_DENSE_CELLS, len(key)), _DENSE_CELLS_PER_ENTRY * len(key)):
            dense = np.zeros(n * _WIDTH, np.int64)
            np.add.at(dense, key, 1 if count is None else count)
            key = np.flatnonzero(dense)
            count = dense[key]
        elif count is None:
            key = np.sort(key)
            starts = _starts(key)
            count = np.diff(starts, append=len(key))
            key = key[starts]
        else:
            order = np.argsort(key)
            key = key[order]
            starts = _starts(key)
            count = np.add.reduceat(count[order], starts) if len(starts) else count[:0]
            key = key[starts]
        owner, position = np.divmod(key, _WIDTH)
        offsets = np.zeros(n + 1, np.int64)
        np.cumsum(np.bincount(owner, minlength=n), out=offsets[1:])
        return cls(offsets, (position + ZERO_INDEX).astype(np.int16), count)

    def owners(self) -> Int64s:
        """Return for every (index, count) pair the number of the histogram it belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def merge(self, group: Int64s, n: int) -> Histograms:
        """Return `n` histograms; histogram ``k`` of self is added to number ``group[k]``. Exact in any order."""
        return self._collect(group[self.owners()], self.index, self.count, n)

    def take(self, rows: Int64s) -> Histograms:
        """Return the histograms `rows` in that order."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(sizes, out=offsets[1:])
        source = np.repeat(self.offsets[:-1][rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
        return Histograms(offsets, self.index[source], self.count[source])

    @staticmethod
    def concat(parts: Sequence[Histograms]) -> Histograms:
        """Return all histograms of `parts`, one after another."""
        if not parts:
            return Histograms.empty()
        ends = np.cumsum([part.offsets[-1] for part in parts])
        offsets = [parts[0].offsets]
        offsets += [part.offsets[1:] + end for part, end in zip(parts[1:], ends[:-1], strict=True)]
        return Histograms(
            np.concatenate(offsets),
            np.concatenate([part.index for part in parts]),
            np.concatenate([part.count for part in parts]),
        )

    def totals(self) -> Int64s:
        """Return the number of observations of each histogram."""
        running = np.zeros(len(self.count) + 1, np.int64)
        np.cumsum(self.count, out=running[1:])
        return running[self.offsets[1:]] - running[self.offsets[:-1]]

    def quantiles(self, quantiles: Sequence[float], minimum: Float64s, maximum: Float64s) -> Float64s:
        """Return an array (histograms, quantiles) of nearest-rank quantiles in seconds, NaN where there is nothing.

        The rank is ``ceil(q * n)``; the answer is the geometric middle of the bucket that holds it, kept within the
        exact `minimum` and `maximum` (seconds) of each histogram.
        """
        result = np.full((len(self), len(quantiles)), np.nan)
        totals = self.totals()
        filled = np.flatnonzero(totals)
        if not len(filled):
            return result
        running = np.cumsum(self.count)
        before = running[self.offsets[filled]] - self.count[self.offsets[filled]]
        middles = _bucket_middles(self.index)
        for column, q in enumerate(quantiles):
            exact = Fraction(q).limit_denominator(_QUANTILE_DENOMINATOR)
            rank = np.maximum(-(-exact.numerator * totals[filled] // exact.denominator), 1)
            value = middles[np.searchsorted(running, before + rank, side="left")]
            result[filled, column] = np.clip(value, minimum[filled], maximum[filled])
        return result
