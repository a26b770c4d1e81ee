"""The clients of endpoints."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import CLIENT_FILTERS, LIST, OF_ENDPOINT, TIMES, documented
from mockforge_analytics.api.schemas.endpoint_clients import EndpointClientsData, endpoint_clients_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.endpoint_clients import endpoint_clients as endpoint_clients_report

__all__ = ["endpoint_clients", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])


@router.get(
    "/endpoints/clients",
    response_model=Envelope[EndpointClientsData],
    openapi_extra=documented(OF_ENDPOINT, *TIMES, *CLIENT_FILTERS, *LIST),
)
async def endpoint_clients(request: Request, services: Provided) -> Response:
    """The client addresses that asked an endpoint, by any method, most requests first; kept by the hour.

    Of every client the endpoints it asked most are stored, up to a cap. Requests past it make its count a lower bound,
    and `requests_at_most` the upper one; where the two are equal the count is exact. Errors and latencies are not
    stored by client and endpoint.
    """
    return await answered(request, services, endpoint_clients_report, endpoint_clients_data)
