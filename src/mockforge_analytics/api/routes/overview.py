"""The window as a whole."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, TIMES, documented
from mockforge_analytics.api.schemas.overview import OverviewData, PeaksData, overview_data, peaks_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.overview import overview as overview_report
from mockforge_analytics.query.reports.peaks import peaks as peaks_report

__all__ = ["overview", "peaks", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])


@router.get("/overview", response_model=Envelope[OverviewData], openapi_extra=documented(*TIMES, *FILTERS))
async def overview(request: Request, services: Provided) -> Response:
    """Totals, error rate, latencies, rates, peak, status classes, top 5 protocols and top 10 endpoints."""
    return await answered(request, services, overview_report, overview_data)


@router.get("/peaks", response_model=Envelope[PeaksData], openapi_extra=documented(*TIMES, *FILTERS))
async def peaks(request: Request, services: Provided) -> Response:
    """The busiest moments: requests, errors and bytes a second, and when; most active connections."""
    return await answered(request, services, peaks_report, peaks_data)
