"""Answers of the routes of MockForge's older analytics (contract section 12). Rates are per second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, Milliseconds, Percent, utc_text
from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from mockforge_analytics.model.process import ProcessUsage
    from mockforge_analytics.query.results import Endpoints, Requests, Totals

__all__ = [
    "EndpointFigures",
    "RequestLine",
    "RequestLines",
    "SmtpFigures",
    "SummaryFigures",
    "SystemFigures",
    "WebSocketFigures",
    "endpoint_figures",
    "request_lines",
    "smtp_figures",
    "summary_figures",
    "system_figures",
    "websocket_figures",
]

_BYTES_PER_MEGABYTE: Final = 1024 * 1024
Rate = Annotated[float, Field(ge=0, description="a second", examples=[12.5])]


class SummaryFigures(TypedDict):
    """The last minutes as a whole."""

    timestamp: Annotated[str, Field(description="end of the window, RFC 3339", examples=["2026-01-31T12:00:00+00:00"])]
    request_rate: Annotated[Rate, Field(description="requests a second")]
    p95_latency_ms: Milliseconds
    error_rate_percent: Percent
    active_connections: Annotated[Count, Field(description="connections that are open now")]


class RequestLine(TypedDict):
    """The requests of one protocol."""

    name: Annotated[str, Field(examples=["HTTP"])]
    values: Annotated[list[float], Field(description="requests a second, one a timestamp")]


class RequestLines(TypedDict):
    """Requests over time."""

    timestamps: Annotated[list[int], Field(description="starts of the buckets, Unix seconds", examples=[[1767225600]])]
    series: list[RequestLine]


class EndpointFigures(TypedDict):
    """One endpoint."""

    path: Annotated[str, Field(examples=["/users/:id"])]
    method: Annotated[str, Field(examples=["GET"])]
    request_rate: Annotated[Rate, Field(description="requests a second")]
    avg_latency_ms: Milliseconds
    p95_latency_ms: Milliseconds
    errors: Annotated[Rate, Field(description="errors a second")]
    error_rate_percent: Percent


class WebSocketFigures(TypedDict):
    """WebSocket sessions."""

    active_connections: Annotated[Count, Field(description="sessions that are open now")]
    total_connections: Annotated[Count, Field(description="sessions that are stored")]
    message_rate_sent: Annotated[Rate, Field(description="always 0: messages are not stored")]
    message_rate_received: Annotated[Rate, Field(description="always 0: messages are not stored")]
    error_rate: Annotated[Rate, Field(description="failed sessions a second")]
    avg_connection_duration_seconds: Annotated[float, Field(description="always 0: how long they last is not stored")]


class SmtpFigures(TypedDict):
    """SMTP, of which every stored request is one message."""

    active_connections: Annotated[Count, Field(description="connections that are open now")]
    total_connections: Annotated[Count, Field(description="messages that are stored")]
    message_rate_received: Annotated[Rate, Field(description="messages a second")]
    message_rate_stored: Annotated[Rate, Field(description="messages a second that did not fail")]
    error_rate: Annotated[Rate, Field(description="failed messages a second")]


class SystemFigures(TypedDict):
    """The process of the server."""

    memory_usage_mb: Annotated[float, Field(ge=0, description="memory it holds, in units of 1024 × 1024 bytes")]
    cpu_usage_percent: Annotated[float, Field(ge=0, description="processor time, in percent of one core")]
    thread_count: Annotated[Count, Field(description="threads")]
    uptime_seconds: Annotated[float, Field(ge=0, description="how long it has run")]


def summary_figures(totals: Totals, active: int) -> SummaryFigures:
    """Return `totals`, with 0 for a latency that is unknown."""
    return {
        "timestamp": utc_text(totals.window.end * MICROSECONDS),
        "request_rate": totals.requests_per_second,
        "p95_latency_ms": totals.latency.p95 or 0.0,
        "error_rate_percent": totals.error_rate,
        "active_connections": active,
    }


def request_lines(requests: Requests) -> RequestLines:
    """Return the rates of every protocol, most requests first."""
    frames = requests.frame.partition_by("protocol", maintain_order=True)
    return {
        "timestamps": frames[0].get_column("timestamp").to_list() if frames else [],
        "series": [
            {"name": name, "values": frame.get_column("requests_per_second").to_list()}
            for name, frame in zip(requests.protocols, frames, strict=True)
        ],
    }


def endpoint_figures(endpoints: Endpoints) -> list[EndpointFigures]:
    """Return the endpoints, most requests first."""
    seconds = endpoints.window.seconds
    return [
        {
            "path": row.endpoint or "",
            "method": row.method or "",
            "request_rate": row.request_count / seconds,
            "avg_latency_ms": row.latency.average or 0.0,
            "p95_latency_ms": row.latency.p95 or 0.0,
            "errors": row.error_count / seconds,
            "error_rate_percent": row.error_rate,
        }
        for row in endpoints.rows
    ]


def websocket_figures(recent: Totals, ever: Totals, active: int) -> WebSocketFigures:
    """Return the sessions: rates of the `recent` ones, the number of all there `ever` were."""
    return {
        "active_connections": active,
        "total_connections": ever.total_requests,
        "message_rate_sent": 0.0,
        "message_rate_received": 0.0,
        "error_rate": recent.total_errors / recent.window.seconds,
        "avg_connection_duration_seconds": 0.0,
    }


def smtp_figures(recent: Totals, ever: Totals, active: int) -> SmtpFigures:
    """Return the messages: rates of the `recent` ones, the number of all there `ever` were."""
    seconds = recent.window.seconds
    return {
        "active_connections": active,
        "total_connections": ever.total_requests,
        "message_rate_received": recent.total_requests / seconds,
        "message_rate_stored": (recent.total_requests - recent.total_errors) / seconds,
        "error_rate": recent.total_errors / seconds,
    }


def system_figures(usage: ProcessUsage) -> SystemFigures:
    """Return what the process takes."""
    return {
        "memory_usage_mb": usage.memory_bytes / _BYTES_PER_MEGABYTE,
        "cpu_usage_percent": usage.cpu_percent,
        "thread_count": usage.threads,
        "uptime_seconds": usage.uptime_seconds,
    }
