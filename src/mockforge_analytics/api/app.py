"""The application: routes, envelopes for every error, headers; and the router alone, for a host application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends, FastAPI

from mockforge_analytics.api.envelope import Failure
from mockforge_analytics.api.failures import EnvelopeRoute, add_failures
from mockforge_analytics.api.frame import Frame
from mockforge_analytics.api.routes import (
    breakdowns,
    dimensions,
    endpoints,
    errors,
    latency,
    overview,
    patterns,
    requests,
    status,
)
from mockforge_analytics.api.services import providing

if TYPE_CHECKING:
    from mockforge_analytics.api.services import Services

__all__ = ["BASE_PATH", "build_app", "build_router"]

BASE_PATH: Final = "/api/v2/analytics"
_ROUTES: Final = (overview, requests, latency, errors, endpoints, breakdowns, patterns, dimensions, status)

_DESCRIPTION: Final = (
    "Traffic analytics for mock servers and APIs. Every JSON answer is an envelope: `success`, `data`, `error`, "
    "`timestamp`. Latencies are milliseconds, percentages run from 0 to 100, times are Unix seconds in UTC, windows "
    "are half-open."
)
_FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    422: {"model": Failure, "description": "A parameter is wrong, or the question cannot be answered exactly."},
    503: {"model": Failure, "description": "The database is busy or cannot be used; `Retry-After` says when to retry."},
    504: {"model": Failure, "description": "The answer took longer than its deadline."},
}


def build_router(services: Services) -> APIRouter:
    """Return all routes below `BASE_PATH`; their failures are envelopes wherever the router is mounted."""
    router = APIRouter(
        prefix=BASE_PATH, route_class=EnvelopeRoute, dependencies=[Depends(providing(services))], responses=_FAILURES
    )
    for module in _ROUTES:
        router.include_router(module.router)
    return router


def build_app(services: Services) -> FastAPI:
    """Return the application that the server runs."""
    app = FastAPI(
        title="MockForge Traffic Analytics",
        version=services.version,
        description=_DESCRIPTION,
        openapi_url=f"{BASE_PATH}/openapi.json",
        docs_url=None,
        redoc_url=None,
        root_path=services.config.server.root_path,
        generate_unique_id_function=lambda route: route.name,
    )
    add_failures(app, services.clock)
    app.include_router(build_router(services))
    app.add_middleware(Frame)
    return app
