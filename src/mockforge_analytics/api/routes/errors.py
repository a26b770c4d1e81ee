"""Errors: by kind, over time, and one by one."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.arguments import choice, given, whole_number
from mockforge_analytics.api.cursors import CURSOR, read_cursor
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import (
    ERROR_FILTERS,
    EVENT_FILTERS,
    LIST,
    SERIES,
    SERIES_LIMIT,
    TIMES,
    documented,
    grouping,
)
from mockforge_analytics.api.schemas.errors import ErrorEventsData, ErrorsData, errors_data, events_data
from mockforge_analytics.api.schemas.series import SeriesData, series_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.errors import error_events as events_report
from mockforge_analytics.query.reports.errors import errors as errors_report
from mockforge_analytics.query.reports.series import DEFAULT_SERIES, ERROR_GROUPS, MAX_SERIES, error_series

__all__ = ["error_events", "error_trend", "errors", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["errors"])

_TREND: Final = (*TIMES, *ERROR_FILTERS, *SERIES, grouping(ERROR_GROUPS, "error_category"), SERIES_LIMIT)


@router.get("/errors", response_model=Envelope[ErrorsData], openapi_extra=documented(*TIMES, *ERROR_FILTERS, *LIST))
async def errors(request: Request, services: Provided) -> Response:
    """Errors by type and category, most frequent first, counted exactly."""
    return await answered(request, services, errors_report, errors_data)


@router.get("/errors/trend", response_model=Envelope[SeriesData], openapi_extra=documented(*_TREND))
async def error_trend(request: Request, services: Provided) -> Response:
    """Errors of every bucket, one series a category or type; every figure counts failed requests."""
    report = partial(
        error_series,
        group_by=choice(request, "group_by", ERROR_GROUPS, "error_category"),
        limit=whole_number(request, "series_limit", 1, MAX_SERIES) or DEFAULT_SERIES,
    )
    return await answered(request, services, report, series_data)


@router.get(
    "/errors/events",
    response_model=Envelope[ErrorEventsData],
    openapi_extra=documented(*TIMES, *EVENT_FILTERS, *LIST, CURSOR),
)
async def error_events(request: Request, services: Provided) -> Response:
    """Single errors, newest first: a bounded sample a minute, while `errors` has the exact counts."""
    report = partial(events_report, before=read_cursor(given(request, "cursor")))
    return await answered(request, services, report, events_data)
