"""Requests that somebody else has counted: sums by bucket and kind of request instead of single requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.request import empty_requests

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Counted"]

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """One row for each bucket and kind of request; a kind may come several times.

    Attributes:
        frame: what the requests of a row have in common, columns of `REQUEST_SCHEMA`; `timestamp` lies in the bucket
            (10 seconds or a multiple), latency and sizes are ignored.
        measures: an array (`MEASURES`, rows); the errors are worked out from status and error type.
        histograms: the latencies of each row, as many as its measure ``latency_count``.
    """

    frame: pl.DataFrame
    measures: Int64s
    histograms: Histograms

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def empty(cls) -> Counted:
        """Return nothing."""
        return cls(empty_requests(), np.zeros((len(MEASURES), 0), np.int64), Histograms.empty())
