"""The overview (contract section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import (
    Count,
    LatencyFigures,
    Meta,
    Percent,
    Traffic,
    UnixSeconds,
    latency_figures,
    traffic,
)
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.query.results import Moment, Overview, Peak, Peaks, StatusClassRow

__all__ = [
    "MomentData",
    "OverviewData",
    "PeakData",
    "PeaksData",
    "StatusClassItem",
    "TopEndpoint",
    "TopProtocol",
    "overview_data",
    "peaks_data",
    "status_classes",
]


class PeakData(TypedDict):
    """The busiest bucket."""

    rate: Annotated[float, Field(description="a second", examples=[31.4])]
    count: Count
    start: UnixSeconds
    seconds: Annotated[int, Field(description="width of the bucket in seconds", examples=[10])]


class MomentData(TypedDict):
    """An instant: it lies within `resolution` seconds from `at` on; with 0 it is exact."""

    at: Annotated[float, Field(description="Unix seconds", examples=[1767225600.25])]
    resolution: Annotated[int, Field(description="seconds", examples=[0])]


class StatusClassItem(TypedDict):
    """The requests of one class of status codes."""

    status_class: Annotated[str, Field(examples=["4xx"], description="`none` for requests without a code")]
    request_count: Count
    share: Percent


class TopProtocol(Traffic):
    """A protocol of the overview and of `protocols`."""

    protocol: Annotated[str, Field(examples=["HTTP"])]


class TopEndpoint(TopProtocol):
    """An endpoint of the overview."""

    endpoint: Annotated[str, Field(examples=["/users/:id"], description="empty for requests without one")]
    method: Annotated[str | None, Field(examples=["GET"])]


class OverviewData(LatencyFigures):
    """The figures of a window as a whole."""

    total_requests: Count
    total_errors: Count
    error_rate: Percent
    active_connections: Annotated[Count, Field(description="most at once in the window; 0 where nobody reports them")]
    active_connections_known: bool
    total_bytes_sent: Count
    total_bytes_received: Count
    requests_per_second: Annotated[float, Field(ge=0, examples=[4.2], description="total_requests / seconds")]
    peak: Annotated[PeakData | None, Field(description="most requests in one bucket; null without requests")]
    first_request: MomentData | None
    last_request: MomentData | None
    status_classes: list[StatusClassItem]
    top_protocols: Annotated[list[TopProtocol], Field(max_length=5)]
    top_endpoints: Annotated[list[TopEndpoint], Field(max_length=10)]
    meta: Meta


def overview_data(report: Overview, now_us: int) -> OverviewData:
    """Return `report` as the answer shows it."""
    return {
        "total_requests": report.total_requests,
        "total_errors": report.total_errors,
        "error_rate": report.error_rate,
        **latency_figures(report.latency),
        "active_connections": report.active_connections or 0,
        "active_connections_known": report.active_connections is not None,
        "total_bytes_sent": report.total_bytes_sent,
        "total_bytes_received": report.total_bytes_received,
        "requests_per_second": report.requests_per_second,
        "peak": _peak(report.peak),
        "first_request": _moment(report.first_request),
        "last_request": _moment(report.last_request),
        "status_classes": status_classes(report.status_classes),
        "top_protocols": [{"protocol": row.protocol, **traffic(row)} for row in report.top_protocols],
        "top_endpoints": [
            {"endpoint": row.endpoint or "", "protocol": row.protocol, "method": row.method, **traffic(row)}
            for row in report.top_endpoints
        ],
        "meta": meta_of(report, now_us),
    }


def status_classes(rows: Iterable[StatusClassRow]) -> list[StatusClassItem]:
    """Return classes of status codes, ascending."""
    return [{"status_class": row.status_class, "request_count": row.request_count, "share": row.share} for row in rows]


class PeaksData(TypedDict):
    """The busiest buckets of the finest width that is kept for the whole window; null where there was nothing."""

    requests: PeakData | None
    errors: PeakData | None
    bytes_sent: PeakData | None
    bytes_received: PeakData | None
    active_connections: Annotated[int | None, Field(description="most at once; null where nobody reports them")]
    meta: Meta


def peaks_data(report: Peaks, now_us: int) -> PeaksData:
    """Return `report` as the answer shows it."""
    return {
        "requests": _peak(report.requests),
        "errors": _peak(report.errors),
        "bytes_sent": _peak(report.bytes_sent),
        "bytes_received": _peak(report.bytes_received),
        "active_connections": report.active_connections,
        "meta": meta_of(report, now_us),
    }


def _peak(peak: Peak | None) -> PeakData | None:
    if peak is None:
        return None
    return {"rate": peak.rate, "count": peak.count, "start": peak.start, "seconds": peak.seconds}


def _moment(moment: Moment | None) -> MomentData | None:
    return None if moment is None else {"at": moment.at, "resolution": moment.resolution}
