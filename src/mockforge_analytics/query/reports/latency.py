"""Latencies: over time, and how they spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.histogram import ZERO_INDEX, bucket_upper_bounds
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.figures import Sums, percents
from mockforge_analytics.query.fill import Grid
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import header, sums_by_group
from mockforge_analytics.query.results import LatencyDistribution, LatencyTrends

if TYPE_CHECKING:
    from mockforge_analytics.model.histogram import Histograms
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["latency_distribution", "latency_trends"]

_MILLISECONDS: Final = 1_000.0  # in a second


def latency_trends(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> LatencyTrends:
    """Return percentiles, average, minimum and maximum of every bucket; buckets without latencies have nulls.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE,), series=True)
    width = prepared.bucket
    result = snapshot.read(prepared.plan(prepared.facts[0], bucket=width, histograms=True))
    grid = Grid(prepared.window, width)
    bucket, sums = result.frame.get_column("bucket").to_numpy(), Sums.of(result, *MEASURES)
    latencies = sums.latencies()
    known = {
        "avg_latency_ms": latencies.average,
        "p50_latency_ms": latencies.quantiles[:, 0],
        "p95_latency_ms": latencies.quantiles[:, 1],
        "p99_latency_ms": latencies.quantiles[:, 2],
        "min_latency_ms": latencies.minimum,
        "max_latency_ms": latencies.maximum,
    }
    frame = pl.DataFrame(
        {
            "timestamp": grid.starts,
            "request_count": grid.counts(bucket, sums["request_count"]),
            "latency_count": grid.counts(bucket, latencies.count),
            **{name: grid.known(bucket, values) for name, values in known.items()},
        },
        nan_to_null=True,
    )
    return LatencyTrends(**header(snapshot, prepared), frame=frame)


def latency_distribution(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> LatencyDistribution:
    """Return the merged histogram of all known latencies.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE,))
    _, sums = sums_by_group(snapshot, prepared, prepared.facts[0], ())
    merged = sums.merged()
    return LatencyDistribution(
        **header(snapshot, prepared),
        total_requests=merged.total("request_count"),
        latency=merged.latencies().rows()[0],
        frame=_spread(merged.histograms),
    )


def _spread(histograms: Histograms | None) -> pl.DataFrame:
    index = np.zeros(0, np.int16) if histograms is None else histograms.index
    count = np.zeros(0, np.int64) if histograms is None else histograms.count
    lower = np.where(index == ZERO_INDEX, 0.0, bucket_upper_bounds(index - np.int16(1)))
    running = np.cumsum(count)
    whole = int(running[-1]) if len(running) else 0
    return pl.DataFrame(
        {
            "lower_ms": lower * _MILLISECONDS,
            "upper_ms": bucket_upper_bounds(index) * _MILLISECONDS,
            "count": count,
            "share": percents(count, whole),
            "cumulative_share": percents(running, whole),
        }
    )
