"""Parts that several answers have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.query.spec import describe_filters

if TYPE_CHECKING:
    from mockforge_analytics.query.figures import Latency
    from mockforge_analytics.query.results import Report, TrafficRow

__all__ = [
    "Bytes",
    "Count",
    "LatencyFigures",
    "Meta",
    "Milliseconds",
    "Percent",
    "Traffic",
    "UnixSeconds",
    "latency_figures",
    "meta",
    "traffic",
    "utc_text",
]

Count = Annotated[int, Field(ge=0, examples=[1234])]
Bytes = Annotated[int, Field(ge=0, description="bytes", examples=[18_432])]
Percent = Annotated[float, Field(ge=0, le=100, description="percent, 0 to 100", examples=[2.5])]
Milliseconds = Annotated[float, Field(ge=0, description="milliseconds", examples=[12.25])]
UnixSeconds = Annotated[int, Field(description="Unix seconds, UTC", examples=[1767225600])]


class Meta(TypedDict):
    """What the figures of an answer cover."""

    start_time: Annotated[UnixSeconds, Field(description="first second of the effective window, Unix seconds")]
    end_time: Annotated[UnixSeconds, Field(description="first second after the effective window, Unix seconds")]
    granularity: Annotated[str | None, Field(description="width of the buckets of a series", examples=["minute"])]
    bucket_seconds: Annotated[int | None, Field(description="the same in seconds", examples=[60])]
    commit: Annotated[int, Field(description="newest commit in the answer; comparable with that of stream frames")]
    warnings: Annotated[list[str], Field(description="what to know to read the figures right")]
    filters: Annotated[dict[str, list[str]], Field(description="the filters that hold for every figure")]
    generated_at: Annotated[float, Field(description="time of the answer, Unix seconds")]


class LatencyFigures(TypedDict):
    """Latencies in milliseconds; all 0 where `latency_count` is 0, which means unknown."""

    latency_count: Annotated[Count, Field(description="requests whose latency is known")]
    avg_latency_ms: Milliseconds
    p50_latency_ms: Milliseconds
    p95_latency_ms: Milliseconds
    p99_latency_ms: Milliseconds
    min_latency_ms: Milliseconds
    max_latency_ms: Milliseconds


class Traffic(LatencyFigures):
    """The requests of one group."""

    request_count: Count
    share: Annotated[Percent, Field(description="percent of all requests of the answer")]
    error_count: Count
    error_rate: Annotated[Percent, Field(description="errors in percent of the requests")]
    bytes_sent: Bytes
    bytes_received: Bytes


def meta(report: Report, now_us: int) -> Meta:
    """Return what `report` covers, answered at `now_us`."""
    return {
        "start_time": report.window.start,
        "end_time": report.window.end,
        "granularity": None if report.granularity is None else report.granularity.label,
        "bucket_seconds": None if report.granularity is None else int(report.granularity),
        "commit": report.commit,
        "warnings": list(report.warnings),
        "filters": describe_filters(report.filters),
        "generated_at": now_us / MICROSECONDS,
    }


def latency_figures(latency: Latency) -> LatencyFigures:
    """Return `latency` with 0 for what is unknown, as the contract's clients expect numbers."""
    return {
        "latency_count": latency.count,
        "avg_latency_ms": latency.average or 0.0,
        "p50_latency_ms": latency.p50 or 0.0,
        "p95_latency_ms": latency.p95 or 0.0,
        "p99_latency_ms": latency.p99 or 0.0,
        "min_latency_ms": latency.minimum or 0.0,
        "max_latency_ms": latency.maximum or 0.0,
    }


def traffic(row: TrafficRow) -> Traffic:
    """Return the figures of a group, without its name."""
    return {
        "request_count": row.request_count,
        "share": row.share,
        "error_count": row.error_count,
        "error_rate": row.error_rate,
        **latency_figures(row.latency),
        "bytes_sent": row.bytes_sent,
        "bytes_received": row.bytes_received,
    }


def utc_text(microseconds: int) -> str:
    """Return an instant as RFC 3339 text, the offset written `+00:00`."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat()


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
