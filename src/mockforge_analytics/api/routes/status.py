"""The service itself."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.encoding import accepted_encoding, packed
from mockforge_analytics.api.envelope import Envelope, success
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.schemas.status import StatusData, status_data
from mockforge_analytics.api.services import Provided

__all__ = ["router", "status"]

router = APIRouter(route_class=EnvelopeRoute, tags=["service"])


@router.get("/status", response_model=Envelope[StatusData])
async def status(request: Request, services: Provided) -> Response:
    """Version, sizes, ledger of every source, refused inputs, history kept, holds, and the write queue.

    Figures of a large database may be some seconds old.
    """
    now_us = services.clock.now_us()
    found = await to_thread.run_sync(services.status, limiter=services.reading)
    data = status_data(found, services.stream.stats(), services.config.retention, services.version, now_us)
    return packed(success(data, now_us), accepted_encoding(request))
