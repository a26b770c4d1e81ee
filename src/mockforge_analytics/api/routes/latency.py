"""Latencies over time and how they spread."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, SERIES, TIMES, documented
from mockforge_analytics.api.schemas.latency import DistributionData, LatencyData, distribution_data, latency_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.latency import latency_distribution as distribution_report
from mockforge_analytics.query.reports.latency import latency_trends

__all__ = ["latency", "latency_distribution", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])


@router.get("/latency", response_model=Envelope[LatencyData], openapi_extra=documented(*TIMES, *FILTERS, *SERIES))
async def latency(request: Request, services: Provided) -> Response:
    """Percentiles, average, minimum and maximum of every bucket."""
    return await answered(request, services, latency_trends, latency_data)


@router.get(
    "/latency/distribution", response_model=Envelope[DistributionData], openapi_extra=documented(*TIMES, *FILTERS)
)
async def latency_distribution(request: Request, services: Provided) -> Response:
    """How many requests took how long: the buckets of the merged histogram that are not empty."""
    return await answered(request, services, distribution_report, distribution_data)
