"""The overview (contract section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, LatencyFigures, Meta, Percent, UnixSeconds, latency_figures
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.results import EndpointRow, Moment, Overview, Peak, ProtocolRow

__all__ = [
    "MomentData",
    "OverviewData",
    "PeakData",
    "StatusClassItem",
    "TopEndpoint",
    "TopProtocol",
    "overview_data",
    "peak_data",
    "top_protocol",
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


class TopProtocol(LatencyFigures):
    """A protocol of the overview and of `protocols`."""

    protocol: Annotated[str, Field(examples=["HTTP"])]
    request_count: Count
    share: Percent
    error_count: Count
    error_rate: Percent
    bytes_sent: Count
    bytes_received: Count


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
        "peak": peak_data(report.peak),
        "first_request": _moment(report.first_request),
        "last_request": _moment(report.last_request),
        "status_classes": [
            {"status_class": row.status_class, "request_count": row.request_count, "share": row.share}
            for row in report.status_classes
        ],
        "top_protocols": [top_protocol(row) for row in report.top_protocols],
        "top_endpoints": [
            {**top_protocol(row), "endpoint": row.endpoint or "", "method": row.method} for row in report.top_endpoints
        ],
        "meta": meta_of(report, now_us),
    }


def top_protocol(row: ProtocolRow | EndpointRow) -> TopProtocol:
    """Return the traffic of a protocol, or of an endpoint without its name."""
    return {
        "protocol": row.protocol,
        "request_count": row.request_count,
        "share": row.share,
        "error_count": row.error_count,
        "error_rate": row.error_rate,
        **latency_figures(row.latency),
        "bytes_sent": row.bytes_sent,
        "bytes_received": row.bytes_received,
    }


def peak_data(peak: Peak | None) -> PeakData | None:
    """Return `peak` as an object, None where there was nothing."""
    if peak is None:
        return None
    return {"rate": peak.rate, "count": peak.count, "start": peak.start, "seconds": peak.seconds}


def _moment(moment: Moment | None) -> MomentData | None:
    return None if moment is None else {"at": moment.at, "resolution": moment.resolution}
