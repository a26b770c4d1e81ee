"""Classic histogram buckets (`le`) become those of our histograms.

All that a bucket says is how many observations lie in ``(lower, upper]``. They are placed at up to four points spread
evenly over it, as `histogram_quantile` assumes them to be spread
(https://prometheus.io/docs/practices/histograms/#errors-of-quantile-estimation); a quantile is then wrong by less than
the width of its bucket, whatever the truth was. Nothing is known above the last finite bound, so what lies there is
placed at that bound, as `histogram_quantile` answers.
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

POINTS: Final = 4
_MICROSECONDS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Layout:
    """The upper bounds of the buckets in seconds, ascending, the last one infinite."""

    bounds: tuple[float, ...]

    def __post_init__(self) -> None:
        finite = self.bounds[:-1]
        if not self.bounds or self.bounds[-1] != np.inf:
            message = 'the histogram has no bucket le="+Inf"'
            raise ValueError(message)
        if (
            not all(low < high for low, high in zip(self.bounds, self.bounds[1:], strict=False))
            or min(finite, default=0.0) < 0
        ):
            message = f"the bounds of the histogram do not ascend from 0: {self.bounds}"
            raise ValueError(message)

    @property
    def lower(self) -> Float64s:
        """The exclusive lower bound of each bucket in seconds; of the last one its only finite bound."""
        return np.array((0.0, *self.bounds[:-1]))

    @property
    def upper(self) -> Float64s:
        """The inclusive upper bound of each bucket in seconds; of the last one the largest that is known."""
        return np.array((*self.bounds[:-1], self.bounds[-2] if len(self.bounds) > 1 else 0.0))

    def histograms(self, counts: Int64s) -> Histograms:
        """Return one histogram for each row of `counts` (rows, buckets), whose totals are those of the rows."""
        rows, buckets = np.nonzero(counts)
        amount = counts[rows, buckets]
        part = np.arange(POINTS)
        # Four running sums, rounded half up: shares differ by one at most and add up.
        edges = (amount[:, None] * (part + 1) * 2 + POINTS) // (2 * POINTS)
        shares = np.diff(edges, prepend=0, axis=1)
        lower, width = self.lower[buckets], (self.upper - self.lower)[buckets]
        seconds = lower[:, None] + width[:, None] * (2 * part + 1) / (2 * POINTS)
        group = np.repeat(rows, POINTS)
        filled = shares.ravel() > 0
        return Histograms.of_counts(
            group[filled], bucket_index(seconds.ravel()[filled]), shares.ravel()[filled], len(counts)
        )

    def sum_bounds(self, counts: Int64s) -> tuple[Int64s, Int64s]:
        """Return the least and the largest sum of latencies (microseconds) that each row of `counts` can have.

        The largest has no bound where anything lies above the last finite one.
        """
        low, high = counts @ self._lower_us, counts @ self._upper_us
        return low, np.where(counts[:, -1] > 0, np.iinfo(np.int64).max, high)

    def extremes(self, counts: Int64s) -> tuple[Int64s, Int64s]:
        """Return bounds of the smallest and the largest latency (microseconds) of each row; no row may be empty."""
        filled = counts > 0
        last = counts.shape[1] - 1
        return self._lower_us[filled.argmax(axis=1)], self._upper_us[last - filled[:, ::-1].argmax(axis=1)]

    # Whole microseconds: the bounds of the parts of an amount then add up to those of the whole.
    @property
    def _lower_us(self) -> Int64s:
        return np.rint(self.lower * _MICROSECONDS).astype(np.int64)

    @property
    def _upper_us(self) -> Int64s:
        return np.rint(self.upper * _MICROSECONDS).astype(np.int64)
