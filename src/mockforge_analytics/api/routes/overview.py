"""The window as a whole."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.envelope import Envelope, success
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, TIMES, documented, question
from mockforge_analytics.api.schemas.overview import OverviewData, overview_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.overview import overview as report

__all__ = ["overview", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])


@router.get("/overview", response_model=Envelope[OverviewData], openapi_extra=documented(*TIMES, *FILTERS))
async def overview(request: Request, services: Provided) -> Response:
    """Totals, error rate, latencies, rates, peak, status classes, top 5 protocols and top 10 endpoints."""
    now_us = services.clock.now_us()
    spec = question(request, now_us)
    data = await services.read(lambda snapshot: overview_data(report(snapshot, spec, now_us), now_us))
    return success(data, now_us)
