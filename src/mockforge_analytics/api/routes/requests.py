"""Requests over time."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.arguments import choice, whole_number
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, SERIES, SERIES_LIMIT, TIMES, documented, grouping
from mockforge_analytics.api.schemas.series import SeriesData, series_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.series import DEFAULT_SERIES, MAX_SERIES, REQUEST_GROUPS, request_series

__all__ = ["requests", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])

_PARAMETERS: Final = (*TIMES, *FILTERS, *SERIES, grouping(REQUEST_GROUPS, "protocol"), SERIES_LIMIT)


@router.get("/requests", response_model=Envelope[SeriesData], openapi_extra=documented(*_PARAMETERS))
async def requests(request: Request, services: Provided) -> Response:
    """Requests and errors of every bucket, one series a protocol or whatever else tells them apart."""
    report = partial(
        request_series,
        group_by=choice(request, "group_by", REQUEST_GROUPS, "protocol"),
        limit=whole_number(request, "series_limit", 1, MAX_SERIES) or DEFAULT_SERIES,
    )
    return await answered(request, services, report, series_data)
