"""Histogram buckets of Prometheus become those of our histograms.

All that a bucket says is how many observations lie in ``(lower, upper]``. They are placed at up to four points spread
evenly over it, as `histogram_quantile` assumes them to be spread
(https://prometheus.io/docs/practices/histograms/#errors-of-quantile-estimation); a quantile is then wrong by less than
the width of its bucket, whatever the truth was. Nothing is known above the last finite bound of a classic histogram
(`le`), so what lies there is placed at that bound, as `histogram_quantile` answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.histogram import Histograms, bucket_index

__all__ = ["Layout"]

Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]

_POINTS: Final = 4
_MICROSECONDS: Final = 1e6
_ENDLESS: Final = 2**62  # more than any sum of latencies, small enough to be added to another


@dataclass(frozen=True, slots=True)
class Layout:
    """The upper bounds of the buckets in seconds, ascending.

    Those of a classic histogram end with infinity and leave no gaps. A native one has `starts`, the lower bounds, and
    may gain buckets from one reading to the next.
    """

    bounds: tuple[float, ...]
    starts: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Check the bounds of a classic histogram.

        Raises:
            ValueError: they cannot be; the message is a reason as it is counted.
        """
        if self.starts is not None:
            return
        finite = self.bounds[:-1]
        if not self.bounds or self.bounds[-1] != np.inf:
            message = 'buckets without le="+Inf"'
            raise ValueError(message)
        if (
            not all(low < high for low, high in zip(self.bounds, self.bounds[1:], strict=False))
            or min(finite, default=0.0) < 0
        ):
            message = "buckets whose bounds do not ascend from 0"
            raise ValueError(message)

    @property
    def family(self) -> tuple[float, ...] | None:
        """What stays the same of a histogram from one reading to the next: the bounds, None of native ones."""
        return self.bounds if self.starts is None else None

    @property
    def lower(self) -> Float64s:
        """The exclusive lower bound of each bucket in seconds; of an endless one its only finite bound."""
        return np.array((0.0, *self.bounds[:-1]) if self.starts is None else self.starts)

    @property
    def upper(self) -> Float64s:
        """The inclusive upper bound of each bucket in seconds; of an endless one the largest that is known."""
        if self.starts is not None:
            return np.array(self.bounds)
        return np.array((*self.bounds[:-1], self.bounds[-2] if len(self.bounds) > 1 else 0.0))

    @property
    def widest(self) -> float:
        """How many times its lower bound the upper bound of a bucket is at most; the first bucket apart."""
        lower, upper = self.lower, self.upper
        known = lower > 0
        return float((upper[known] / lower[known]).max(initial=1.0))

    def histograms(self, counts: Int64s) -> Histograms:
        """Return one histogram for each row of `counts` (rows, buckets), whose totals are those of the rows."""
        rows, buckets = np.nonzero(counts)
        amount = counts[rows, buckets]
        part = np.arange(_POINTS)
        # Four running sums, rounded half up: shares differ by one at most and add up.
        edges = (amount[:, None] * (part + 1) * 2 + _POINTS) // (2 * _POINTS)
        shares = np.diff(edges, prepend=0, axis=1)
        lower, width = self.lower[buckets], (self.upper - self.lower)[buckets]
        seconds = lower[:, None] + width[:, None] * (2 * part + 1) / (2 * _POINTS)
        group = np.repeat(rows, _POINTS)
        filled = shares.ravel() > 0
        return Histograms.of_counts(
            group[filled], bucket_index(seconds.ravel()[filled]), shares.ravel()[filled], len(counts)
        )

    def sum_bounds(self, counts: Int64s) -> tuple[Int64s, Int64s]:
        """Return the least and the largest sum of latencies (microseconds) that each row of `counts` can have.

        The largest has no bound where anything lies above the last finite one.
        """
        low, high = _sums(counts, self._lower_us), _sums(counts, self._upper_us)
        endless = (counts[:, -1] > 0) & (self.bounds[-1] == np.inf)
        return low, np.where(endless, np.iinfo(np.int64).max, high)

    def extremes(self, counts: Int64s) -> tuple[Int64s, Int64s]:
        """Return bounds of the smallest and the largest latency (microseconds) of each row; no row may be empty."""
        filled = counts > 0
        last = counts.shape[1] - 1
        return self._lower_us[filled.argmax(axis=1)], self._upper_us[last - filled[:, ::-1].argmax(axis=1)]

    # Whole microseconds: the bounds of the parts of an amount then add up to those of the whole.
    @property
    def _lower_us(self) -> Int64s:
        return _whole_us(self.lower)

    @property
    def _upper_us(self) -> Int64s:
        return _whole_us(self.upper)


def _whole_us(seconds: Float64s) -> Int64s:
    return np.rint(np.minimum(seconds * _MICROSECONDS, _ENDLESS)).astype(np.int64)


def _sums(counts: Int64s, each: Int64s) -> Int64s:
    """Return ``counts @ each``, at most `_ENDLESS`."""
    rough = counts.astype(np.float64) @ each.astype(np.float64)
    return np.where(rough < _ENDLESS, counts @ each, _ENDLESS)
