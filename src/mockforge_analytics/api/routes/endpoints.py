"""Endpoints in any order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.arguments import flag, text, whole_number
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, LIST, SEARCH, TIMES, documented, parameter
from mockforge_analytics.api.schemas.endpoints import EndpointsData, endpoints_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.endpoints import ENDPOINT_ORDERS
from mockforge_analytics.query.reports.endpoints import endpoints as endpoints_report

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.results import Endpoints
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["endpoints", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])

_MAX_OFFSET: Final = 1_000_000
_CONTRACT_NAMES: Final = {"total_requests": "request_count", "total_errors": "error_count"}
_PARAMETERS: Final = (
    *TIMES,
    *FILTERS,
    *LIST,
    parameter(
        "order",
        f"What the rows are sorted by, `:desc` (default) or `:asc`: {', '.join(ENDPOINT_ORDERS)}. Unknown figures come "
        "last. `total_requests` and `total_errors` are understood as well.",
        example="p95_latency_ms:desc",
    ),
    SEARCH,
    parameter(
        "offset",
        "Rows left out before the first.",
        schema={"type": "integer", "minimum": 0, "maximum": _MAX_OFFSET, "default": 0},
        example=0,
    ),
    parameter(
        "trend",
        "Whether every row has its requests over the window, in at most 30 equal buckets.",
        schema={"type": "boolean", "default": False},
        example=True,
    ),
)


@router.get("/endpoints", response_model=Envelope[EndpointsData], openapi_extra=documented(*_PARAMETERS))
async def endpoints(request: Request, services: Provided) -> Response:
    """Requests, errors, latencies and bytes of each endpoint, most requests first or in any other order."""
    search = text(request, "search")
    offset = whole_number(request, "offset", 0, _MAX_OFFSET) or 0
    trend = flag(request, "trend")

    def report(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Endpoints:
        return endpoints_report(snapshot, _named(spec), now_us, search=search, offset=offset, trend=trend)

    return await answered(request, services, report, endpoints_data)


def _named(spec: QuerySpec) -> QuerySpec:
    """Return `spec`, ordered by the name that reports have for a column of this route."""
    order = spec.order
    if order is None or order.column not in _CONTRACT_NAMES:
        return spec
    return replace(spec, order=replace(order, column=_CONTRACT_NAMES[order.column]))
