"""Series over time (contract sections 4.3 and 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, Meta, Milliseconds, UnixSeconds
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.results import LatencyTrends

__all__ = ["LatencyData", "LatencyTrend", "latency_data"]


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
