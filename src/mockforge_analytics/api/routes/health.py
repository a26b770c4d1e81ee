"""GET /health and /ready: what a supervisor or a load balancer asks, at the root and without a token."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from mockforge_analytics.api.envelope import Envelope, Failure, failure, success
from mockforge_analytics.api.failures import EnvelopeRoute, retry_after
from mockforge_analytics.api.schemas.health import HealthData
from mockforge_analytics.api.services import Provided
from mockforge_analytics.errors import AnalyticsError

__all__ = ["health", "ready", "router"]

_DEADLINE_SECONDS: Final = 2.0
_UNAVAILABLE: Final = 503

router = APIRouter(tags=["Health"], route_class=EnvelopeRoute)


@router.get("/health", summary="Is the process alive", response_model=Envelope[HealthData])
async def health(services: Provided) -> Response:
    """Answers 200 as long as the process answers at all; the database is not asked."""
    return success({"status": "alive", "version": services.version}, services.clock.now_us())


@router.get(
    "/ready",
    summary="Are reports answered and events taken",
    response_model=Envelope[HealthData],
    responses={503: {"model": Failure, "description": "Not now: the sentence says why."}},
)
async def ready(services: Provided) -> Response:
    """Answers 200 where the database can be read and written, the queue has room and the disk has space."""
    problems = list(services.problems())
    try:
        await services.read(lambda snapshot: snapshot.commit, _DEADLINE_SECONDS)
    except AnalyticsError as error:
        problems.append(str(error))
    now_us = services.clock.now_us()
    if problems:
        return failure(_UNAVAILABLE, "; ".join(problems), now_us, headers=retry_after())
    return success({"status": "ready", "version": services.version}, now_us)
