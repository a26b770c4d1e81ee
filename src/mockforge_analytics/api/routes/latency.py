"""Latencies over time and how they spread."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.envelope import Envelope, success
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, SERIES, TIMES, documented, question
from mockforge_analytics.api.schemas.series import LatencyData, latency_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.latency import latency_trends

__all__ = ["latency", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])


@router.get("/latency", response_model=Envelope[LatencyData], openapi_extra=documented(*TIMES, *FILTERS, *SERIES))
async def latency(request: Request, services: Provided) -> Response:
    """Percentiles, average, minimum and maximum of every bucket."""
    now_us = services.clock.now_us()
    spec = question(request, now_us)
    data = await services.read(lambda snapshot: latency_data(latency_trends(snapshot, spec, now_us), now_us))
    return success(data, now_us)
