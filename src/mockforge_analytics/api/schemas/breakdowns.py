"""Traffic by protocol (contract section 4.7), status code and client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Bytes, Count, Meta, Milliseconds, Percent, Traffic, traffic
from mockforge_analytics.api.schemas.common import meta as meta_of
from mockforge_analytics.api.schemas.overview import StatusClassItem, TopProtocol, status_classes

if TYPE_CHECKING:
    from mockforge_analytics.query.client_results import ClientRow, Clients
    from mockforge_analytics.query.results import Protocols, StatusCodes

__all__ = [
    "ClientItem",
    "ClientsData",
    "ProtocolsData",
    "StatusCodeItem",
    "StatusCodesData",
    "clients_data",
    "protocols_data",
    "status_codes_data",
]


class ProtocolsData(TypedDict):
    """Protocols, most requests first."""

    protocols: list[TopProtocol]
    total_requests: Annotated[Count, Field(description="of all protocols, also those that are not listed")]
    meta: Meta


class StatusCodeItem(Traffic):
    """The traffic of one status code."""

    status_code: Annotated[int | None, Field(description="null for requests without one", examples=[404])]


class StatusCodesData(TypedDict):
    """Status codes, most requests first, and their classes, ascending."""

    status_codes: list[StatusCodeItem]
    classes: list[StatusClassItem]
    total_requests: Count
    meta: Meta


class ClientItem(TypedDict):
    """The traffic of one client address."""

    client_ip: Annotated[str, Field(examples=["192.0.2.7"])]
    request_count: Count
    share: Annotated[Percent, Field(description="percent of all requests of the answer")]
    error_count: Count
    error_rate: Annotated[Percent, Field(description="errors in percent of the requests")]
    latency_count: Annotated[Count, Field(description="requests whose latency is known")]
    avg_latency_ms: Annotated[Milliseconds, Field(description="milliseconds, 0 where latency_count is 0")]
    bytes_sent: Bytes
    bytes_received: Bytes
    agent_families: Annotated[list[str], Field(description="most requests first, at most 5", examples=[["curl"]])]
    top_endpoints: Annotated[list[str], Field(description="most requests first, at most 5", examples=[["/users"]])]


class ClientsData(TypedDict):
    """Client addresses, most requests first."""

    clients: list[ClientItem]
    unique_clients: Annotated[Count, Field(description="distinct addresses of the window")]
    approximate: Annotated[bool, Field(description="whether `unique_clients` is an estimate")]
    total_requests: Count
    meta: Meta


def protocols_data(report: Protocols, now_us: int) -> ProtocolsData:
    """Return `report` as the answer shows it."""
    return {
        "protocols": [{"protocol": row.protocol, **traffic(row)} for row in report.rows],
        "total_requests": report.total_requests,
        "meta": meta_of(report, now_us),
    }


def status_codes_data(report: StatusCodes, now_us: int) -> StatusCodesData:
    """Return `report` as the answer shows it."""
    return {
        "status_codes": [{"status_code": row.status_code, **traffic(row)} for row in report.rows],
        "classes": status_classes(report.classes),
        "total_requests": report.total_requests,
        "meta": meta_of(report, now_us),
    }


def clients_data(report: Clients, now_us: int) -> ClientsData:
    """Return `report` as the answer shows it."""
    return {
        "clients": [_client(row) for row in report.rows],
        "unique_clients": report.unique_clients,
        "approximate": report.approximate,
        "total_requests": report.total_requests,
        "meta": meta_of(report, now_us),
    }


def _client(row: ClientRow) -> ClientItem:
    return {
        "client_ip": row.client_ip,
        "request_count": row.request_count,
        "share": row.share,
        "error_count": row.error_count,
        "error_rate": row.error_rate,
        "latency_count": row.latency_count,
        "avg_latency_ms": row.average_latency or 0.0,
        "bytes_sent": row.bytes_sent,
        "bytes_received": row.bytes_received,
        "agent_families": list(row.agent_families),
        "top_endpoints": list(row.top_endpoints),
    }
