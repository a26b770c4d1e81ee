"""When the traffic comes: by date and hour, and by hour of the week."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.arguments import given, whole_number
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, TIMES, documented, parameter
from mockforge_analytics.api.schemas.patterns import PatternsData, patterns_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.query.reports.patterns import MAX_DAYS
from mockforge_analytics.query.reports.patterns import traffic_patterns as report

__all__ = ["router", "traffic_patterns"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])

_DAYS: Final = 30  # contract section 4.8
_NUMBER: Final = {"type": "integer", "minimum": 1, "maximum": MAX_DAYS}
_PARAMETERS: Final = (
    parameter(
        "days",
        "The window begins at 0:00 local time so many days before today.",
        schema={**_NUMBER, "default": _DAYS},
        example=7,
    ),
    parameter("limit", "Another name of `days`, which older clients use.", schema=_NUMBER, example=7),
    parameter("zone", "Time zone of dates and hours, a name of the IANA database.", example="Europe/Berlin"),
    *TIMES,
    *FILTERS,
)


@router.get("/traffic-patterns", response_model=Envelope[PatternsData], openapi_extra=documented(*_PARAMETERS))
async def traffic_patterns(request: Request, services: Provided) -> Response:
    """Traffic by local date and hour, and by hour of the week: the last 30 days, or the window that is asked for."""
    report_of = partial(report, zone=given(request, "zone") or "UTC", days=_days(request))
    return await answered(request, services, report_of, patterns_data, default_duration=None)


def _days(request: Request) -> int | None:
    days = whole_number(request, "days", 1, MAX_DAYS)
    if days is not None:
        return days
    if given(request, "start_time") or given(request, "duration"):
        return None  # the window is given; a limit of rows means nothing here
    return whole_number(request, "limit", 1, MAX_DAYS) or _DAYS
