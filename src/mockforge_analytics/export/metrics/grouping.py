"""Counters added up by the labels of a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.export.metrics.native import native_histogram
from mockforge_analytics.export.metrics.traffic import SUMMED
from mockforge_analytics.model.cells import Measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client.samples import NativeHistogram

    from mockforge_analytics.export.metrics.traffic import Counts
    from mockforge_analytics.model.commit import SeriesName

__all__ = ["Groups"]

Int64s = NDArray[np.int64]
Labels = tuple[str, ...]

_MICROSECONDS_PER_SECOND: Final = 1e6


class Groups:
    """The sums and histograms of `counts` by `labels`, and since when each group counts where `created`.

    A group counts since the first of its counters was at zero; the others were not there yet, so they were at zero too.
    """

    def __init__(self, counts: Counts, labels_of: Callable[[SeriesName], Labels], *, created: bool) -> None:
        rows: dict[Labels, int] = {}
        row = np.array([rows.setdefault(labels_of(name), len(rows)) for name in counts.names], np.int64)
        self.labels = list(rows)
        self._row, self._fine = row, counts.fine
        since = np.full(len(rows), np.inf)
        np.minimum.at(since, row, np.array(counts.created, np.float64))
        self.created: list[float | None] = since.tolist() if created else [None] * len(rows)
        self.sums, self.latencies, self.mockforge = (
            _added(column, row, len(rows)) for column in (counts.sums, counts.latencies, counts.mockforge)
        )

    def column(self, measure: Measure) -> Int64s:
        """Return a measure of each group."""
        found: Int64s = self.sums[:, SUMMED.index(measure)]
        return found

    def values(self, measure: Measure) -> dict[Labels, tuple[float, float | None]]:
        """Return a measure of each group, and since when it counts."""
        values = self.column(measure).astype(np.float64).tolist()
        return dict(zip(self.labels, zip(values, self.created, strict=True), strict=True))

    def histograms(self, counted: Int64s) -> dict[Labels, tuple[list[int], float, float | None]]:
        """Return `counted` latencies of each group by bucket, their sum in seconds, and since when they count."""
        seconds = (self.column(Measure.LATENCY_SUM) / _MICROSECONDS_PER_SECOND).tolist()
        return dict(zip(self.labels, zip(counted.tolist(), seconds, self.created, strict=True), strict=True))

    def natives(self) -> dict[Labels, NativeHistogram]:
        """Return the latencies of each group as a native histogram, of those without any an empty one."""
        seconds = (self.column(Measure.LATENCY_SUM) / _MICROSECONDS_PER_SECOND).tolist()
        nothing = np.zeros(0, np.int64)
        found = {labels: native_histogram(nothing, nothing, 0.0) for labels in self.labels}
        for row, index, count in self._fine.of_rows(self._row).rows():
            found[self.labels[row]] = native_histogram(index, count, seconds[row])
        return found

    def averages(self) -> dict[Labels, float]:
        """Return the average latency (seconds) of each group in which one is known."""
        count = self.column(Measure.LATENCY_COUNT)
        average = self.column(Measure.LATENCY_SUM) / np.maximum(count, 1) / _MICROSECONDS_PER_SECOND
        return {self.labels[row]: float(average[row]) for row in np.flatnonzero(count).tolist()}


def _added(column: Int64s, row: Int64s, n: int) -> Int64s:
    added = np.zeros((n, column.shape[1]), np.int64)
    np.add.at(added, row, column)
    return added
