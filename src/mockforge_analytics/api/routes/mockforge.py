"""MockForge's older routes (contract section 12), answered from our store, so that their widgets work unchanged.

Rates are those of the last five minutes, up to the last whole ten seconds, unless `range` says otherwise. Every filter
of the other routes holds here too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mockforge_analytics.api.arguments import choice, whole_number
from mockforge_analytics.api.encoding import accepted_encoding, packed
from mockforge_analytics.api.envelope import Envelope, success
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import FILTERS, SYSTEM_FILTERS, documented, parameter, question
from mockforge_analytics.api.schemas.mockforge import (
    FAILED,
    RECEIVED,
    SENT,
    EndpointFigures,
    ProtocolFigures,
    RequestLines,
    SmtpFigures,
    SummaryFigures,
    SystemFigures,
    WebSocketFigures,
    endpoint_figures,
    request_lines,
    smtp_figures,
    summary_figures,
    system_figures,
    websocket_figures,
)
from mockforge_analytics.api.security import ALL_WORKSPACES
from mockforge_analytics.api.services import Provided
from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import OWN_WORKSPACE, Dimension
from mockforge_analytics.model.vitals import CURRENT_SECONDS, system_vitals
from mockforge_analytics.model.window import MICROSECONDS, Granularity, floor_to
from mockforge_analytics.query.reports.connections import open_connections
from mockforge_analytics.query.reports.endpoints import endpoints
from mockforge_analytics.query.reports.overview import totals
from mockforge_analytics.query.reports.requests import requests
from mockforge_analytics.query.spec import MAX_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.api.services import Services
    from mockforge_analytics.model.vitals import VitalSign
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.results import Totals
    from mockforge_analytics.query.spec import QuerySpec

__all__ = [
    "MOCKFORGE_PATH",
    "mockforge_endpoints",
    "mockforge_requests",
    "mockforge_smtp",
    "mockforge_summary",
    "mockforge_system",
    "mockforge_websocket",
    "router",
]

MOCKFORGE_PATH: Final = "/__mockforge/analytics"
_STEPS: Final = {
    "5m": (300, Granularity.TEN_SECONDS),
    "15m": (900, Granularity.THIRTY_SECONDS),
    "1h": (3_600, Granularity.MINUTE),
    "6h": (21_600, Granularity.FIVE_MINUTES),
    "24h": (86_400, Granularity.FIFTEEN_MINUTES),
}
_RECENT: Final = "5m"
_HOUR: Final = "1h"
_DEFAULT_LIMIT: Final = 10

router = APIRouter(prefix=MOCKFORGE_PATH, route_class=EnvelopeRoute, tags=["MockForge"])


def _range(default: str, meaning: str) -> dict[str, Any]:
    return parameter("range", meaning, schema={"type": "string", "enum": [*_STEPS], "default": default}, example=_HOUR)


_RATES: Final = documented(_range(_RECENT, "How far the figures reach back."), *FILTERS)
_LIMIT: Final = parameter(
    "limit",
    "Rows of the list.",
    schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": _DEFAULT_LIMIT},
    example=_DEFAULT_LIMIT,
)


@router.get("/summary", response_model=Envelope[SummaryFigures], openapi_extra=_RATES)
async def mockforge_summary(request: Request, services: Provided) -> Response:
    """Request rate, 95th percentile, error rate and open connections."""
    now_us = services.clock.now_us()
    spec = _spec(request, services, now_us, choice(request, "range", _STEPS, _RECENT))

    def figures(snapshot: Snapshot) -> SummaryFigures:
        return summary_figures(totals(snapshot, spec, now_us), _active(snapshot, spec, now_us))

    return await _answered(request, services, figures, now_us)


@router.get(
    "/requests",
    response_model=Envelope[RequestLines],
    openapi_extra=documented(
        _range(_HOUR, "How far the chart reaches back; in buckets of 10 s, 30 s, 1, 5 or 15 minutes."), *FILTERS
    ),
)
async def mockforge_requests(request: Request, services: Provided) -> Response:
    """Requests a second of every protocol over time, each request in one bucket."""
    now_us = services.clock.now_us()
    name = choice(request, "range", _STEPS, _HOUR)
    spec = replace(_spec(request, services, now_us, name), granularity=_STEPS[name][1], limit=None)
    return await _answered(request, services, lambda snapshot: request_lines(requests(snapshot, spec, now_us)), now_us)


@router.get(
    "/endpoints",
    response_model=Envelope[list[EndpointFigures]],
    openapi_extra=documented(_range(_RECENT, "How far the figures reach back."), _LIMIT, *FILTERS),
)
async def mockforge_endpoints(request: Request, services: Provided) -> Response:
    """Rate, latency and errors of the busiest endpoints; one of several protocols has a row for each."""
    now_us = services.clock.now_us()
    limit = whole_number(request, "limit", 1, services.config.max_query_results) or _DEFAULT_LIMIT
    spec = _spec(request, services, now_us, choice(request, "range", _STEPS, _RECENT))
    spec = replace(spec, limit=limit, order=None)
    return await _answered(
        request, services, lambda snapshot: endpoint_figures(endpoints(snapshot, spec, now_us)), now_us
    )


@router.get("/websocket", response_model=Envelope[WebSocketFigures], openapi_extra=_RATES)
async def mockforge_websocket(request: Request, services: Provided) -> Response:
    """WebSocket sessions, and their messages where MockForge's own metrics are read; what nobody tells is 0."""
    return await _of_protocol(request, services, "WebSocket", websocket_figures)


@router.get("/smtp", response_model=Envelope[SmtpFigures], openapi_extra=_RATES)
async def mockforge_smtp(request: Request, services: Provided) -> Response:
    """SMTP messages."""
    return await _of_protocol(request, services, "SMTP", smtp_figures)


@router.get("/system", response_model=Envelope[SystemFigures], openapi_extra=documented(*SYSTEM_FILTERS))
async def mockforge_system(request: Request, services: Provided) -> Response:
    """What the targets take whose metrics are read; without such, what the process of this server takes.

    That belongs to no workspace and no environment: a filter that no target fits is refused.
    """
    now_us = services.clock.now_us()
    spec = question(request, now_us, services.config)

    def figures(snapshot: Snapshot) -> SystemFigures:
        signs = _signs(snapshot, replace(spec, protocol=()), now_us)
        told = system_vitals((sign.name, sign.value) for sign in signs)
        if not told.is_known:
            _require_whole(spec)
        return system_figures(services.usage(), told)

    return await _answered(request, services, figures, now_us)


def _require_whole(spec: QuerySpec) -> None:
    """Refuse to tell what this server takes as if it were that of one workspace or environment.

    Raises:
        HTTPException: 403, the asker may see one workspace only.
        QueryError: a filter asks for another one than that of the server's own requests.
    """
    if spec.workspace_bound:
        raise HTTPException(403, ALL_WORKSPACES)
    for field in (Dimension.WORKSPACE, Dimension.ENVIRONMENT):
        asked = spec.filters.get(field, ())
        if asked and asked != (OWN_WORKSPACE,):
            message = (
                f"no target tells what it takes of the {field} that is asked for, and what this server takes belongs "
                f"to none: ask without {field}"
            )
            raise QueryError(message, field=field)


async def _of_protocol(
    request: Request, services: Services, protocol: str, shape: Callable[[ProtocolFigures], object]
) -> Response:
    """Answer with what `shape` makes of what is stored of `protocol`."""
    now_us = services.clock.now_us()
    spec = _spec(request, services, now_us, choice(request, "range", _STEPS, _RECENT))
    spec = replace(spec, protocol=(protocol,))

    def figures(snapshot: Snapshot) -> object:
        return shape(
            ProtocolFigures(
                _by_method(snapshot, spec, now_us),
                _by_method(snapshot, replace(spec, end=None, duration=None), now_us),
                _active(snapshot, spec, now_us),
                _signs(snapshot, spec, now_us),
            )
        )

    return await _answered(request, services, figures, now_us)


def _by_method(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> dict[str, Totals]:
    """Return the requests of every method that is asked for, as ``""``, and of those that are no sessions."""
    asked = {name.lower() for name in spec.method} or {SENT, RECEIVED, FAILED}
    methods = [method for method in (SENT, RECEIVED, FAILED) if method in asked]
    return {
        "": totals(snapshot, spec, now_us),
        **{method: totals(snapshot, replace(spec, method=(method,)), now_us) for method in methods},
    }


def _signs(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> list[VitalSign]:
    """Return the vital signs of now that the filters on protocol, workspace and environment let through."""
    protocols = {name.lower() for name in spec.protocol}
    return [
        sign
        for sign in snapshot.vitals(now_us - CURRENT_SECONDS * MICROSECONDS)
        if (not protocols or sign.protocol.lower() in protocols)
        and (not spec.workspace_id or sign.workspace_id in spec.workspace_id)
        and (not spec.environment or sign.environment in spec.environment)
    ]


def _spec(request: Request, services: Services, now_us: int, name: str) -> QuerySpec:
    """Return the question for the range `name`, up to the last whole bucket of the finest history."""
    end = floor_to(now_us // MICROSECONDS, Granularity.TEN_SECONDS)
    asked = question(request, now_us, services.config)
    return replace(asked, start=None, end=end, duration=_STEPS[name][0])


def _active(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> int:
    return sum(open_connections(snapshot, now_us, spec).values())


async def _answered(
    request: Request, services: Services, figures: Callable[[Snapshot], object], now_us: int
) -> Response:
    accepted = accepted_encoding(request)
    return await services.read(
        lambda snapshot: packed(success(figures(snapshot), now_us), accepted), name=request.scope["route"].name
    )
