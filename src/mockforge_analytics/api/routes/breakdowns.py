"""Traffic by protocol, by status code and by client."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import CLIENT_FILTERS, FILTERS, LIST, TIMES, documented
from mockforge_analytics.api.schemas.breakdowns import (
    ClientsData,
    ProtocolsData,
    StatusCodesData,
    clients_data,
    protocols_data,
    status_codes_data,
)
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.clients import clients as clients_report
from mockforge_analytics.query.reports.protocols import protocols as protocols_report
from mockforge_analytics.query.reports.statuses import status_codes as status_codes_report

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.results import Protocols
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["clients", "protocols", "router", "status_codes"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])

_PROTOCOLS: Final = 10  # without a limit, as in the contract


@router.get("/protocols", response_model=Envelope[ProtocolsData], openapi_extra=documented(*TIMES, *FILTERS, *LIST))
async def protocols(request: Request, services: Provided) -> Response:
    """Requests, errors, latencies and bytes of each protocol, most requests first; 10 unless `limit` says otherwise."""
    return await answered(request, services, _protocols, protocols_data)


def _protocols(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Protocols:
    return protocols_report(snapshot, replace(spec, limit=spec.limit or _PROTOCOLS), now_us)


@router.get(
    "/status-codes", response_model=Envelope[StatusCodesData], openapi_extra=documented(*TIMES, *FILTERS, *LIST)
)
async def status_codes(request: Request, services: Provided) -> Response:
    """Requests, errors, latencies and bytes of each status code, most requests first, and of each class."""
    return await answered(request, services, status_codes_report, status_codes_data)


@router.get("/clients", response_model=Envelope[ClientsData], openapi_extra=documented(*TIMES, *CLIENT_FILTERS, *LIST))
async def clients(request: Request, services: Provided) -> Response:
    """Requests, errors, latencies and bytes of each client address, most requests first; kept by the hour."""
    return await answered(request, services, clients_report, clients_data)
