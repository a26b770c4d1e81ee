"""The values that can be filtered by."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.answers import answered
from mockforge_analytics.api.arguments import choice, text
from mockforge_analytics.api.envelope import Envelope
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, LIST, SEARCH, TIMES, documented, parameter
from mockforge_analytics.api.schemas.dimensions import DimensionData, dimension_data
from mockforge_analytics.api.services import Provided
from mockforge_analytics.errors import QueryError
from mockforge_analytics.query.reports.values import LISTED_DIMENSIONS, dimension_values

__all__ = ["dimensions", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["reports"])

_DIMENSION = parameter(
    "dimension",
    "Which values are listed.",
    schema={"type": "string", "enum": list(LISTED_DIMENSIONS)},
    example="endpoint",
    required=True,
)


@router.get(
    "/dimensions",
    response_model=Envelope[DimensionData],
    openapi_extra=documented(_DIMENSION, SEARCH, *LIST, *TIMES, *FILTERS),
)
async def dimensions(request: Request, services: Provided) -> Response:
    """The values of a dimension, most frequent first. A filter on that dimension itself is left out."""
    name = choice(request, "dimension", LISTED_DIMENSIONS, "")
    if not name:
        message = f"dimension is missing; accepted are {', '.join(LISTED_DIMENSIONS)}"
        raise QueryError(message, field="dimension")

    report = partial(dimension_values, dimension=name, search=text(request, "search"))
    return await answered(request, services, report, dimension_data)
