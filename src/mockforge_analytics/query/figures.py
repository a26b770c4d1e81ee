"""Figures from sums: percent, rates and latencies, with unknown kept apart from zero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.cells import NO_MAXIMUM, NO_MINIMUM

if TYPE_CHECKING:
    from mockforge_analytics.model.histogram import Histograms
    from mockforge_analytics.model.plan import ReadResult

__all__ = ["QUANTILES", "Latencies", "Latency", "Sums", "percent", "percents", "unknown"]

Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]

QUANTILES: Final = (0.5, 0.95, 0.99)
_PERCENT: Final = 100.0
_MICROSECONDS_PER_SECOND: Final = 1e6
_MICROSECONDS_PER_MILLISECOND: Final = 1e3
_MILLISECONDS_PER_SECOND: Final = 1e3


def percent(part: int, whole: int) -> float:
    """Return `part` of `whole` in percent, 0 where there is nothing."""
    return _PERCENT * part / whole if whole else 0.0


def percents(parts: Int64s, whole: Int64s | int) -> Float64s:
    """Return each part of the whole in percent, 0 where there is nothing."""
    divisor = np.maximum(whole, 1)
    return _PERCENT * parts / divisor


def unknown(value: float) -> float | None:
    """Return None for NaN."""
    return None if math.isnan(value) else value


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of one group in milliseconds; all None where `count` (requests with a known latency) is 0."""

    count: int = 0
    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Latencies:
    """Latencies of many groups as columns, in milliseconds; NaN where unknown. Percentiles only where asked."""

    count: Int64s
    average: Float64s
    minimum: Float64s
    maximum: Float64s
    quantiles: Float64s

    def rows(self) -> list[Latency]:
        """Return one value a group."""
        columns = (self.average, *self.quantiles.T, self.minimum, self.maximum)
        values = zip(*([unknown(value) for value in column.tolist()] for column in columns), strict=True)
        return [Latency(count, *row) for count, row in zip(self.count.tolist(), values, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The measures of the rows of an answer as columns, with the arithmetic that is the same for every report."""

    columns: dict[str, Int64s]
    histograms: Histograms | None

    @classmethod
    def of(cls, result: ReadResult, *measures: str) -> Sums:
        """Take `measures` out of `result`."""
        return cls({name: result.frame.get_column(name).to_numpy() for name in measures}, result.histograms)

    def __getitem__(self, name: str) -> Int64s:
        return self.columns[name]

    def total(self, name: str) -> int:
        """Return the sum of a measure over all rows."""
        return int(self.columns[name].sum())

    def merged(self) -> Sums:
        """Return all rows merged into one."""
        merged = {name: values.sum(keepdims=True) for name, values in self.columns.items()}
        known = self.columns["latency_count"] > 0
        merged["latency_min"] = self.columns["latency_min"].min(keepdims=True, initial=NO_MINIMUM, where=known)
        merged["latency_max"] = self.columns["latency_max"].max(keepdims=True, initial=NO_MAXIMUM, where=known)
        histograms = self.histograms
        if histograms is not None:
            histograms = histograms.merge(np.zeros(len(histograms), np.int64), 1)
        return Sums(merged, histograms)

    def latencies(self) -> Latencies:
        """Return the latencies of every row: averages divide by the latency count, quantiles are nearest rank."""
        count = self.columns["latency_count"]
        known = count > 0
        bounds = [np.where(known, self.columns[name], np.nan) for name in ("latency_min", "latency_max")]
        minimum, maximum = (bound / _MICROSECONDS_PER_MILLISECOND for bound in bounds)
        average = self.columns["latency_sum"] / np.maximum(count, 1) / _MICROSECONDS_PER_MILLISECOND
        if self.histograms is None:
            quantiles = np.full((len(count), len(QUANTILES)), np.nan)
        else:
            shortest, longest = (bound / _MICROSECONDS_PER_SECOND for bound in bounds)
            quantiles = self.histograms.quantiles(QUANTILES, shortest, longest) * _MILLISECONDS_PER_SECOND
            # Seconds times 1000 may differ from microseconds / 1000 in the last bit: no p99 above the maximum.
            quantiles = np.clip(quantiles, minimum[:, None], maximum[:, None])
        return Latencies(count, np.where(known, average, np.nan), minimum, maximum, quantiles)
