"""Cells: the sums of one series in one bucket, as columns that merge by integer arithmetic alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.histogram import Histograms

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MEASURES", "NO_MAXIMUM", "NO_MINIMUM", "Cells", "Measure", "merge_measures"]

Int64s = NDArray[np.int64]


class Measure(IntEnum):
    """The rows of `Cells.measures`. Latencies are microseconds, sizes are bytes."""

    REQUESTS = 0
    ERRORS = 1
    LATENCY_COUNT = 2
    LATENCY_SUM = 3
    LATENCY_MIN = 4
    LATENCY_MAX = 5
    BYTES_SENT = 6
    BYTES_RECEIVED = 7


MEASURES: Final = (
    "request_count",
    "error_count",
    "latency_count",
    "latency_sum",
    "latency_min",
    "latency_max",
    "bytes_sent",
    "bytes_received",
)
NO_MINIMUM: Final = np.iinfo(np.int64).max  # latency_min where no latency is known: the identity of min
NO_MAXIMUM: Final = -1  # latency_max where no latency is known: the identity of max


def merge_measures(measures: Int64s, group: Int64s, n: int) -> Int64s:
    """Return an array (measures, n): column ``j`` of `measures` is merged into column ``group[j]``."""
    merged = np.zeros((len(MEASURES), n), np.int64)
    for row in Measure:
        if row is Measure.LATENCY_MIN:
            merged[row] = NO_MINIMUM
            np.minimum.at(merged[row], group, measures[row])
        elif row is Measure.LATENCY_MAX:
            merged[row] = NO_MAXIMUM
            np.maximum.at(merged[row], group, measures[row])
        else:
            np.add.at(merged[row], group, measures[row])
    return merged


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A column of cells.

    `bucket` is the start of the bucket (seconds), `series` a number whose meaning the owner knows, `measures` an array
    (len(MEASURES), cells), `histograms` the latencies of each cell. Where a cell has no known latency its minimum is
    `NO_MINIMUM` and its maximum `NO_MAXIMUM`.
    """

    bucket: Int64s
    series: Int64s
    measures: Int64s
    histograms: Histograms

    def __len__(self) -> int:
        return len(self.bucket)

    @classmethod
    def empty(cls) -> Cells:
        """Return no cells."""
        none = np.zeros(0, np.int64)
        return cls(none, none, np.zeros((len(MEASURES), 0), np.int64), Histograms.empty())

    @staticmethod
    def concat(parts: Sequence[Cells]) -> Cells:
        """Return all cells of `parts`, unmerged, one part after another."""
        if not parts:
            return Cells.empty()
        return Cells(
            np.concatenate([part.bucket for part in parts]),
            np.concatenate([part.series for part in parts]),
            np.concatenate([part.measures for part in parts], axis=1),
            Histograms.concat([part.histograms for part in parts]),
        )

    def take(self, rows: Int64s) -> Cells:
        """Return the cells `rows` in that order."""
        return Cells(self.bucket[rows], self.series[rows], self.measures[:, rows], self.histograms.take(rows))

    def merged(self, width: int) -> Cells:
        """Return one cell for each (bucket of `width` seconds, series), ordered by both; sums are exact."""
        bucket = self.bucket - self.bucket % width
        if _ascends(bucket, self.series):
            return Cells(bucket, self.series, self.measures, self.histograms)
        order = np.lexsort((self.series, bucket))
        bucket, series = bucket[order], self.series[order]
        first = np.ones(len(order), bool)
        first[1:] = (np.diff(bucket) != 0) | (np.diff(series) != 0)
        group = np.empty(len(order), np.int64)
        group[order] = np.cumsum(first) - 1
        n = int(first.sum())
        return Cells(
            bucket[first], series[first], merge_measures(self.measures, group, n), self.histograms.merge(group, n)
        )


def _ascends(bucket: Int64s, series: Int64s) -> bool:
    """Return whether each (bucket, series) is greater than the one before it."""
    step = np.diff(bucket)
    return bool(((step > 0) | ((step == 0) & (np.diff(series) > 0))).all())
