"""Increments become rows of counted requests, one a series and bucket of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.cells import MEASURES, NO_MAXIMUM, NO_MINIMUM, Measure
from mockforge_analytics.model.counted import Counted
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.sources.prometheus.deal import deal
from mockforge_analytics.sources.prometheus.labels import meaning, status_of
from mockforge_analytics.sources.prometheus.mapping import Kind
from mockforge_analytics.sources.prometheus.spread import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mockforge_analytics.sources.prometheus.counters import Increments
    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import Columns

    Int64s = NDArray[np.int64]

__all__ = ["Rows", "counter_rows", "histogram_rows", "joined"]

_MICROSECONDS: Final = 1_000  # in a millisecond
_MEASURE: Final = {
    Kind.REQUESTS: Measure.REQUESTS,
    Kind.BYTES_SENT: Measure.BYTES_SENT,
    Kind.BYTES_RECEIVED: Measure.BYTES_RECEIVED,
}
_TEXTS: Final = ("protocol", "method", "path", "endpoint", "workspace_id", "environment")
_UNKNOWN_PROTOCOL: Final = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one rule: what they have in common by series, and the series and bucket (milliseconds) of each."""

    kinds: pl.DataFrame
    series: Int64s
    bucket: Int64s
    measures: Int64s
    histograms: Histograms


def counter_rows(rule: Rule, columns: Columns, found: Increments, width: int) -> Rows:
    """Return what counters gained by buckets of `width` milliseconds; buckets without anything do not appear."""
    shares = spread(found.start, found.end, found.amount[:, 0], width)
    filled = np.flatnonzero(shares.amount)
    measures = _measures(len(filled))
    measures[_MEASURE[rule.kind]] = shares.amount[filled]
    return Rows(
        _kinds(rule, columns),
        found.series[shares.row[filled]],
        shares.bucket[filled],
        measures,
        Histograms.empty(len(filled)),
    )


def histogram_rows(rule: Rule, columns: Columns, found: Increments, width: int) -> Rows:
    """Return what histograms gained by buckets of `width` milliseconds; buckets without anything do not appear."""
    layout = columns.layout
    if layout is None:
        message = f"{rule.metric} is no histogram"
        raise ValueError(message)
    # A fall of a single cumulative bucket within a fine whole cannot be: `histogram_columns` lets none through.
    counts = np.maximum(np.diff(found.amount[:, :-1], prepend=0, axis=1), 0)
    dealt = deal(found.start, found.end, counts, found.amount[:, -1], layout, width)
    measures = _measures(len(dealt.row))
    count = dealt.counts.sum(axis=1)
    measures[Measure.LATENCY_COUNT], measures[Measure.LATENCY_SUM] = count, dealt.total
    if len(count):
        measures[Measure.LATENCY_MIN], measures[Measure.LATENCY_MAX] = layout.extremes(dealt.counts)
    if rule.counts_requests:
        measures[Measure.REQUESTS] = count
    return Rows(_kinds(rule, columns), found.series[dealt.row], dealt.bucket, measures, layout.histograms(dealt.counts))


def _measures(rows: int) -> Int64s:
    measures = np.zeros((len(MEASURES), rows), np.int64)
    measures[Measure.LATENCY_MIN], measures[Measure.LATENCY_MAX] = NO_MINIMUM, NO_MAXIMUM
    return measures


def _kinds(rule: Rule, columns: Columns) -> pl.DataFrame:
    """Return what the requests of each series have in common, columns of `REQUEST_SCHEMA` without time."""
    rows = []
    for labels in columns.labels:
        known = meaning(rule, labels)
        code, error_type = status_of(known["status"], known["error_type"])
        texts = {name: known[name] or None for name in _TEXTS}
        texts["protocol"] = known["protocol"] or _UNKNOWN_PROTOCOL
        rows.append({**texts, "status_code": code, "error_type": error_type})
    wanted = {name: kind for name, kind in REQUEST_SCHEMA.items() if name != "timestamp"}
    return pl.DataFrame(rows, schema=wanted, orient="row")


def joined(parts: Sequence[Rows]) -> Counted:
    """Return the rows of all `parts`."""
    parts = [part for part in parts if len(part.series)]
    if not parts:
        return Counted.empty()
    frames = [
        part.kinds[part.series].with_columns(timestamp=pl.Series(part.bucket * _MICROSECONDS)).select(*REQUEST_SCHEMA)
        for part in parts
    ]
    return Counted(
        pl.concat(frames, rechunk=True),
        np.concatenate([part.measures for part in parts], axis=1),
        Histograms.concat([part.histograms for part in parts]),
    )
