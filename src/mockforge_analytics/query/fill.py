"""The one place where buckets without traffic get their zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.window import ceil_to, floor_to

if TYPE_CHECKING:
    from mockforge_analytics.model.window import Window

__all__ = ["Grid"]

Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Every bucket of `width` seconds that shares an instant with `window`, ascending."""

    window: Window
    width: int

    @property
    def first(self) -> int:
        """The start of the first bucket, at or before the start of the window."""
        return floor_to(self.window.start, self.width)

    def __len__(self) -> int:
        return (ceil_to(self.window.end, self.width) - self.first) // self.width

    @property
    def starts(self) -> Int64s:
        """The bucket starts, in seconds."""
        return np.arange(self.first, self.window.end, self.width, dtype=np.int64)

    @property
    def seconds(self) -> Int64s:
        """How many seconds of each bucket lie in the window: the divisor of its rates."""
        starts = self.starts
        return np.minimum(starts + self.width, self.window.end) - np.maximum(starts, self.window.start)

    def rows(self, buckets: Int64s) -> Int64s:
        """Return the row of each bucket start."""
        return (buckets - self.first) // self.width

    def counts(self, buckets: Int64s, values: Int64s) -> Int64s:
        """Return one value a bucket: that of `values` where `buckets` names it, else 0. Repeated buckets add up."""
        filled = np.zeros(len(self), np.int64)
        np.add.at(filled, self.rows(buckets), values)
        return filled

    def known(self, buckets: Int64s, values: Float64s) -> Float64s:
        """Return one value a bucket, NaN (unknown) where `buckets` does not name it."""
        filled = np.full(len(self), np.nan)
        filled[self.rows(buckets)] = values
        return filled
