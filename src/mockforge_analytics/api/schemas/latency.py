"""Latencies over time (contract section 4.4) and how they spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import (
    Count,
    LatencyFigures,
    Meta,
    Milliseconds,
    Percent,
    UnixSeconds,
    latency_figures,
)
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.results import LatencyDistribution, LatencyTrends

__all__ = [
    "DistributionBucket",
    "DistributionData",
    "LatencyData",
    "LatencyTrend",
    "distribution_data",
    "latency_data",
]


class LatencyTrend(TypedDict):
    """The latencies of one bucket; all 0 where `latency_count` is 0, which means unknown."""

    timestamp: Annotated[UnixSeconds, Field(description="start of the bucket, Unix seconds")]
    p50: Milliseconds
    p95: Milliseconds
    p99: Milliseconds
    avg: Milliseconds
    min: Milliseconds
    max: Milliseconds
    latency_count: Count
    request_count: Count


class LatencyData(TypedDict):
    """Latencies over time, every bucket of the window."""

    trends: list[LatencyTrend]
    meta: Meta


class DistributionBucket(TypedDict):
    """A bucket of the merged histogram that is not empty."""

    lower_ms: Annotated[Milliseconds, Field(description="milliseconds, not part of the bucket")]
    upper_ms: Annotated[Milliseconds, Field(description="milliseconds, part of the bucket")]
    count: Count
    share: Annotated[Percent, Field(description="percent of the requests with a known latency")]
    cumulative_share: Annotated[Percent, Field(description="percent that took `upper_ms` or less")]


class DistributionData(LatencyFigures):
    """How the latencies spread, fastest first."""

    buckets: list[DistributionBucket]
    total_requests: Annotated[Count, Field(description="with and without a known latency")]
    meta: Meta


_COLUMNS: Final = (
    "timestamp",
    "p50_latency_ms",
    "p95_latency_ms",
    "p99_latency_ms",
    "avg_latency_ms",
    "min_latency_ms",
    "max_latency_ms",
    "latency_count",
    "request_count",
)


def latency_data(report: LatencyTrends, now_us: int) -> LatencyData:
    """Return `report` as the answer shows it."""
    columns = (report.frame.get_column(name).fill_null(0).to_list() for name in _COLUMNS)
    trends: list[LatencyTrend] = [
        {
            "timestamp": timestamp,
            "p50": p50,
            "p95": p95,
            "p99": p99,
            "avg": average,
            "min": minimum,
            "max": maximum,
            "latency_count": latency_count,
            "request_count": request_count,
        }
        for timestamp, p50, p95, p99, average, minimum, maximum, latency_count, request_count in zip(
            *columns, strict=True
        )
    ]
    return {"trends": trends, "meta": meta_of(report, now_us)}


def distribution_data(report: LatencyDistribution, now_us: int) -> DistributionData:
    """Return `report` as the answer shows it."""
    buckets: list[DistributionBucket] = [
        {"lower_ms": lower, "upper_ms": upper, "count": count, "share": share, "cumulative_share": cumulative}
        for lower, upper, count, share, cumulative in report.frame.iter_rows()
    ]
    return {
        "buckets": buckets,
        "total_requests": report.total_requests,
        **latency_figures(report.latency),
        "meta": meta_of(report, now_us),
    }
