"""Endpoints (contract section 4.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Bytes, Count, LatencyFigures, Meta, Percent, latency_figures
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.results import EndpointRow, Endpoints

__all__ = ["EndpointItem", "EndpointsData", "endpoints_data"]


class EndpointItem(LatencyFigures):
    """The traffic of one endpoint: a protocol, a method and a path template."""

    endpoint: Annotated[str, Field(examples=["/users/:id"], description="empty for requests without one")]
    protocol: Annotated[str, Field(examples=["HTTP"])]
    method: Annotated[str | None, Field(examples=["GET"])]
    total_requests: Count
    total_errors: Count
    error_rate: Annotated[Percent, Field(description="errors in percent of the requests")]
    share: Annotated[Percent, Field(description="percent of all requests of the window")]
    bytes_sent: Bytes
    bytes_received: Bytes
    trend: Annotated[
        list[int] | None,
        Field(description="requests in equal buckets over the window, with `trend=true`", examples=[[3, 0, 7]]),
    ]


class EndpointsData(TypedDict):
    """Endpoints in the asked order, most requests first by default."""

    endpoints: list[EndpointItem]
    total_requests: Annotated[Count, Field(description="of all endpoints, also those that are not listed")]
    endpoint_count: Annotated[Count, Field(description="endpoints before the limit, after the search")]
    trend_start: Annotated[int | None, Field(description="start of the first bucket of the trends, Unix seconds")]
    trend_bucket_seconds: Annotated[int | None, Field(description="width of their buckets", examples=[120])]
    meta: Meta


def endpoints_data(report: Endpoints, now_us: int) -> EndpointsData:
    """Return `report` as the answer shows it."""
    trends = report.trends or (None,) * len(report.rows)
    return {
        "endpoints": [_item(row, trend) for row, trend in zip(report.rows, trends, strict=True)],
        "total_requests": report.total_requests,
        "endpoint_count": report.endpoint_count,
        "trend_start": report.trend_start,
        "trend_bucket_seconds": report.trend_seconds,
        "meta": meta_of(report, now_us),
    }


def _item(row: EndpointRow, trend: tuple[int, ...] | None) -> EndpointItem:
    return {
        "endpoint": row.endpoint or "",
        "protocol": row.protocol,
        "method": row.method,
        "total_requests": row.request_count,
        "total_errors": row.error_count,
        "error_rate": row.error_rate,
        "share": row.share,
        **latency_figures(row.latency),
        "bytes_sent": row.bytes_sent,
        "bytes_received": row.bytes_received,
        "trend": None if trend is None else list(trend),
    }
