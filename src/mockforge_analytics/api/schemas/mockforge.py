"""Answers of the routes of MockForge's older analytics (contract section 12). Rates are per second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, Milliseconds, Percent, utc_text
from mockforge_analytics.model.vitals import SystemVitals, Vital
from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockforge_analytics.model.process import ProcessUsage
    from mockforge_analytics.model.vitals import VitalSign
    from mockforge_analytics.query.results import Endpoints, Requests, Totals

__all__ = [
    "FAILED",
    "RECEIVED",
    "SENT",
    "EndpointFigures",
    "ProtocolFigures",
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
_FROM_METRICS: Final = "0 where no target's metrics tell it"
SENT: Final = "send"  # the methods under which the preset `mockforge` counts what are no sessions
RECEIVED: Final = "receive"
FAILED: Final = "error"
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
    total_connections: Annotated[
        Count, Field(description="sessions that are stored, and those that MockForge's own metrics count")
    ]
    message_rate_sent: Annotated[Rate, Field(description=f"messages a second; {_FROM_METRICS}")]
    message_rate_received: Annotated[Rate, Field(description=f"messages a second; {_FROM_METRICS}")]
    error_rate: Annotated[Rate, Field(description="failed sessions, and errors that metrics count, a second")]
    avg_connection_duration_seconds: Annotated[
        float, Field(ge=0, description=f"of the sessions that have ended since the target started; {_FROM_METRICS}")
    ]


class SmtpFigures(TypedDict):
    """SMTP. Every stored request is one message, but for the errors that MockForge's own metrics count."""

    active_connections: Annotated[Count, Field(description="connections that are open now")]
    total_connections: Annotated[
        Count, Field(description="those that MockForge's own metrics count; without such the messages that are stored")
    ]
    message_rate_received: Annotated[Rate, Field(description="messages a second")]
    message_rate_stored: Annotated[Rate, Field(description="messages a second that did not fail")]
    error_rate: Annotated[Rate, Field(description="failed messages, and errors that metrics count, a second")]


class SystemFigures(TypedDict):
    """The targets whose metrics are read; without such, the process of this server."""

    memory_usage_mb: Annotated[float, Field(ge=0, description="memory they hold, in units of 1024 × 1024 bytes")]
    cpu_usage_percent: Annotated[float, Field(ge=0, description="processor, average; of this server of one core")]
    thread_count: Annotated[Count, Field(description="threads of all")]
    uptime_seconds: Annotated[float, Field(ge=0, description="how long the one that started last has run")]


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


@dataclass(frozen=True, slots=True)
class ProtocolFigures:
    """What is stored of one protocol.

    Attributes:
        recent: the requests of the last minutes, ``""`` all of them, and by those methods that were asked for.
        ever: the same of all there is.
        active: connections that are open now.
        signs: what targets said of their connections last.
    """

    recent: Mapping[str, Totals]
    ever: Mapping[str, Totals]
    active: int
    signs: Sequence[VitalSign]

    def rate(self, method: str) -> float:
        """Return the requests of `method` a second."""
        found = self.recent.get(method)
        return 0.0 if found is None else found.total_requests / found.window.seconds

    @property
    def error_rate(self) -> float:
        """Failures a second."""
        return self.recent[""].total_errors / self.recent[""].window.seconds

    def stored(self, *without: str) -> int:
        """Return how many requests are stored, `without` those of some methods."""
        others = sum(self.ever[method].total_requests for method in without if method in self.ever)
        return self.ever[""].total_requests - others

    def told(self, name: Vital) -> float:
        """Return what targets say of `name`, added up."""
        return sum(sign.value for sign in self.signs if sign.name is name)


def websocket_figures(found: ProtocolFigures) -> WebSocketFigures:
    """Return the sessions and, where metrics count them, their messages."""
    ended = found.told(Vital.SESSIONS_ENDED)
    return {
        "active_connections": found.active,
        "total_connections": found.stored(SENT, RECEIVED, FAILED) + round(found.told(Vital.SESSIONS)),
        "message_rate_sent": found.rate(SENT),
        "message_rate_received": found.rate(RECEIVED),
        "error_rate": found.error_rate,
        "avg_connection_duration_seconds": found.told(Vital.SESSION_SECONDS) / ended if ended else 0.0,
    }


def smtp_figures(found: ProtocolFigures) -> SmtpFigures:
    """Return the messages, and the connections where metrics count them."""
    messages = found.rate("") - found.rate(FAILED)
    return {
        "active_connections": found.active,
        "total_connections": round(found.told(Vital.SESSIONS)) or found.stored(FAILED),
        "message_rate_received": messages,
        "message_rate_stored": max(found.rate("") - found.error_rate, 0.0),
        "error_rate": found.error_rate,
    }


def system_figures(usage: ProcessUsage, told: SystemVitals) -> SystemFigures:
    """Return what targets have `told`, else what the process of this server takes."""
    if not told.is_known:
        told = SystemVitals(usage.memory_bytes, usage.cpu_percent, usage.threads, usage.uptime_seconds)
    return {
        "memory_usage_mb": (told.memory_bytes or 0.0) / _BYTES_PER_MEGABYTE,
        "cpu_usage_percent": told.cpu_percent or 0.0,
        "thread_count": round(told.threads or 0),
        "uptime_seconds": told.uptime_seconds or 0.0,
    }
