"""GET /metrics: what Prometheus scrapes, at the root."""

from __future__ import annotations

from typing import Any, Final

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mockforge_analytics.api.arguments import choice
from mockforge_analytics.api.encoding import accepted_encoding, packed
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import documented, parameter
from mockforge_analytics.api.services import Provided
from mockforge_analytics.config import MetricNames

__all__ = ["metrics", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["Health"])

_NOT_FOUND: Final = 404
_NAMES: Final = parameter(
    "names",
    "Names of the metrics: `own`, `mockforge` (those that MockForge itself has, so that its boards work) or `both`. "
    "Default: the setting `metrics.names`.",
    schema={"type": "string", "enum": [*MetricNames]},
    example=MetricNames.OWN.value,
)
_FORMATS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Text 0.0.4, or OpenMetrics or protobuf (with native histograms) where `Accept` asks for it.",
        "content": {"text/plain": {}, "application/openmetrics-text": {}, "application/vnd.google.protobuf": {}},
    }
}


@router.get("/metrics", response_class=Response, responses=_FORMATS, openapi_extra=documented(_NAMES))
async def metrics(request: Request, services: Provided) -> Response:
    """Counters of the traffic since the start of the process, and how the service is doing, for Prometheus."""
    exposition = services.exposition
    if exposition is None:
        raise HTTPException(_NOT_FOUND, "this application gives no metrics")
    names = MetricNames(choice(request, "names", MetricNames, services.config.metrics.names))
    stream = services.stream.stats()
    accept = ",".join(request.headers.getlist("Accept"))
    found = await to_thread.run_sync(exposition.render, accept, names, stream, limiter=services.reading)
    answer = Response(found.body, headers={"Content-Type": found.content_type})
    return packed(answer, accepted_encoding(request))
