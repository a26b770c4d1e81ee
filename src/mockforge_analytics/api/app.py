"""The application: routes, envelopes for every error, headers; and the router alone, for a host application."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request

from mockforge_analytics.api.access import AccessLog
from mockforge_analytics.api.envelope import Failure
from mockforge_analytics.api.failures import EnvelopeRoute, add_failures
from mockforge_analytics.api.frame import Frame
from mockforge_analytics.api.head import HeadAsGet
from mockforge_analytics.api.hosts import HostCheck
from mockforge_analytics.api.root import RootPath
from mockforge_analytics.api.routes import (
    breakdowns,
    dimensions,
    endpoint_clients,
    endpoints,
    errors,
    events,
    exports,
    health,
    latency,
    metrics,
    mockforge,
    overview,
    patterns,
    requests,
    session,
    status,
    stream,
)
from mockforge_analytics.api.routes.documentation import documentation_routes
from mockforge_analytics.api.security import requires
from mockforge_analytics.api.services import providing
from mockforge_analytics.api.static import Dashboard
from mockforge_analytics.model.principal import Scope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi.routing import APIRoute
    from starlette.types import Receive, Send
    from starlette.types import Scope as ASGIScope

    from mockforge_analytics.api.services import Services

__all__ = ["BASE_PATH", "build_app", "build_router"]

BASE_PATH: Final = "/api/v2/analytics"
_READING: Final = (
    overview, requests, latency, errors, endpoints, endpoint_clients, breakdowns, patterns, dimensions, exports, stream,
)  # fmt: skip

_TITLE: Final = "MockForge Traffic Analytics"
_DESCRIPTION: Final = (
    "Traffic analytics for mock servers and APIs. Every JSON answer is an envelope: `success`, `data`, `error`, "
    "`timestamp`. Latencies are milliseconds, percentages run from 0 to 100, times are Unix seconds in UTC, windows "
    "are half-open."
)
_FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    422: {"model": Failure, "description": "A parameter is wrong, or the question cannot be answered exactly."},
    500: {"model": Failure, "description": "A fault of the server; its log has it under the answer's `X-Request-ID`."},
    503: {"model": Failure, "description": "The database is busy or cannot be used; `Retry-After` says when to retry."},
    504: {"model": Failure, "description": "The answer took longer than its deadline."},
}


def build_router(services: Services, document: Callable[[], dict[str, Any]] | None = None) -> APIRouter:
    """Return all routes below `BASE_PATH`; their failures are envelopes wherever the router is mounted.

    `document` makes the OpenAPI document that the router shows, by default that of its own routes.
    """
    router = APIRouter(
        prefix=BASE_PATH,
        route_class=EnvelopeRoute,
        dependencies=[Depends(providing(services))],
        responses=_FAILURES,
        generate_unique_id_function=_operation_id,
    )
    for module in _READING:
        router.include_router(module.router, dependencies=[Depends(requires(Scope.READ))])
    router.include_router(status.router, dependencies=[Depends(requires(Scope.READ, all_workspaces=True))])
    router.include_router(events.router, dependencies=[Depends(requires(Scope.INGEST))])
    router.include_router(session.router)

    @cache
    def own_document() -> dict[str, Any]:
        return get_openapi(title=_TITLE, version=services.version, description=_DESCRIPTION, routes=router.routes)

    shown = documentation_routes(BASE_PATH, document or own_document)
    router.include_router(shown, dependencies=[Depends(requires(Scope.READ))])
    return router


def build_app(services: Services) -> FastAPI:
    """Return the application that the server runs; `app.state.stream` is the hub of its live stream."""
    app = FastAPI(
        title=_TITLE,
        version=services.version,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.root_path = services.config.server.root_path
    app.state.stream = services.stream
    add_failures(app, services.clock)
    app.include_router(build_router(services, app.openapi))
    app.include_router(health.router, dependencies=[Depends(providing(services))])
    reading = [Depends(providing(services)), Depends(requires(Scope.READ))]
    app.include_router(mockforge.router, dependencies=reading, responses=_FAILURES)
    app.include_router(
        metrics.router,
        responses=_FAILURES,
        dependencies=[Depends(providing(services)), Depends(requires(Scope.READ, all_workspaces=True))],
    )
    if services.dashboard is not None:
        _add_dashboard(app, services.dashboard)
    server = services.config.server
    app.add_middleware(HeadAsGet)
    if server.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=server.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Content-Encoding", "Idempotency-Key"],
            expose_headers=["X-Request-ID", "Retry-After", *exports.HEADERS],
        )
    app.add_middleware(RootPath, root_path=server.root_path)
    app.add_middleware(HostCheck, config=server, clock=services.clock)
    app.add_middleware(Frame)
    app.add_middleware(AccessLog, clock=services.clock)
    return app


def _add_dashboard(app: FastAPI, folder: Path) -> None:
    """Let addresses that no route knows lead to the dashboard; the answer to other methods stays that of the routes."""
    dashboard = Dashboard(folder)
    nothing_there = app.router.default

    async def fallback(scope: ASGIScope, receive: Receive, send: Send) -> None:
        answer = await dashboard.answer(Request(scope)) if scope["type"] == "http" else None
        await (answer or nothing_there)(scope, receive, send)

    app.router.default = fallback


def _operation_id(route: APIRoute) -> str:
    return route.name
