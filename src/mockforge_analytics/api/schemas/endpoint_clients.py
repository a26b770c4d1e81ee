"""The clients of endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, Meta, Percent, UnixSeconds
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.client_results import EndpointClientRow, EndpointClients

__all__ = ["EndpointClientItem", "EndpointClientsData", "endpoint_clients_data"]


class EndpointClientItem(TypedDict):
    """What is known of the requests of one client address to the endpoints."""

    client_ip: Annotated[str, Field(examples=["192.0.2.7"])]
    request_count: Annotated[Count, Field(description="requests known to be of this client: at least so many")]
    requests_at_most: Annotated[Count, Field(description="at most so many; equal to `request_count` where it is exact")]
    share: Annotated[
        Percent | None, Field(description="`request_count` in percent of `total_requests`, null where that is")
    ]
    first_hour: Annotated[UnixSeconds, Field(description="start of the hour of the first known request, Unix seconds")]
    last_hour: Annotated[UnixSeconds, Field(description="start of the hour of the last known request, Unix seconds")]
    agent_families: Annotated[
        list[str], Field(description="of these requests, most first, at most 5", examples=[["curl"]])
    ]


class EndpointClientsData(TypedDict):
    """Client addresses that asked the endpoints, most requests first, and how complete the list is."""

    clients: list[EndpointClientItem]
    unique_clients: Annotated[
        Count, Field(description="distinct addresses that are known to have asked, also those that are not listed")
    ]
    total_requests: Annotated[
        Count | None,
        Field(
            description="all requests to the endpoints; null with a filter on client or agent, which totals of "
            "endpoints do not know, and where these are kept less long than clients"
        ),
    ]
    attributed_requests: Annotated[Count, Field(description="of these with a known client, listed or not")]
    unattributed_requests: Annotated[
        Count | None, Field(description="the others: without an address, or past a cap; null where the total is")
    ]
    overflow_requests: Annotated[
        Count,
        Field(
            description="requests of the window, to whatever endpoint, past a cap on clients or on the endpoints of a "
            "client; with 0 every count is exact"
        ),
    ]
    meta: Meta


def endpoint_clients_data(report: EndpointClients, now_us: int) -> EndpointClientsData:
    """Return `report` as the answer shows it."""
    return {
        "clients": [_client(row) for row in report.rows],
        "unique_clients": report.unique_clients,
        "total_requests": report.total_requests,
        "attributed_requests": report.attributed_requests,
        "unattributed_requests": report.unattributed_requests,
        "overflow_requests": report.overflow_requests,
        "meta": meta_of(report, now_us),
    }


def _client(row: EndpointClientRow) -> EndpointClientItem:
    return {
        "client_ip": row.client_ip,
        "request_count": row.request_count,
        "requests_at_most": row.requests_at_most,
        "share": row.share,
        "first_hour": row.first_hour,
        "last_hour": row.last_hour,
        "agent_families": list(row.agent_families),
    }
