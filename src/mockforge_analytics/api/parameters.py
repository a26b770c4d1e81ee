"""The parameters that reports share, as the documentation shows them, and how a request becomes a question."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from mockforge_analytics.api.security import principal_of
from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import OWN_WORKSPACE, Dimension, ErrorCategory
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.parse import AUTO, PARAMETERS, parse_spec
from mockforge_analytics.query.reports.series import DEFAULT_SERIES, MAX_SERIES
from mockforge_analytics.query.spec import MAX_LIMIT, MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import HTTPConnection

    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.principal import Principal
    from mockforge_analytics.query.spec import QuerySpec

__all__ = [
    "CLIENT_FILTERS",
    "DEFAULT_DURATION_SECONDS",
    "ERROR_FILTERS",
    "EVENT_FILTERS",
    "EXPORT_GRANULARITY",
    "EXPORT_LIMIT",
    "FILTERS",
    "LIST",
    "OF_ENDPOINT",
    "SEARCH",
    "SERIES",
    "SERIES_LIMIT",
    "SYSTEM_FILTERS",
    "TIMES",
    "documented",
    "grouping",
    "parameter",
    "question",
]

DEFAULT_DURATION_SECONDS: Final = 3_600  # contract section 4.1
_FORBIDDEN: Final = 403


def parameter(
    name: str,
    description: str,
    *,
    example: object = None,
    many: bool = False,
    required: bool = False,
    schema: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the OpenAPI object of a query parameter; `many` is one that may be repeated for any-of."""
    one = dict(schema or {"type": "string"})
    shown: dict[str, Any] = {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": {"type": "array", "items": one} if many else one,
    }
    if many:
        shown |= {"style": "form", "explode": True}
    if example is not None:
        shown["example"] = [example] if many else example
    return shown


_INSTANT: Final = "Unix seconds, ISO 8601, a time ago such as 24h, now, now-7d, today or yesterday"
TIMES: Final = (
    parameter(
        "start_time",
        f"First moment of the window: {_INSTANT}. Without `end_time` the window ends `duration` later.",
        example="1767225600",
    ),
    parameter("end_time", f"End of the window, not part of it: {_INSTANT}.", example="1767229200"),
    parameter(
        "duration",
        "Length of the window: seconds, or 15m, 24h, 7d, 1h30m. Counted back from `end_time` or now; with "
        f"`start_time` forward. Default {DEFAULT_DURATION_SECONDS} where the bounds do not give it.",
        example="3600",
    ),
)
_ANY: Final = "Repeat for any of several; `(none)` matches requests without one."
_SCOPE: Final = (
    parameter(Dimension.PROTOCOL, f"Protocol, without regard to case. {_ANY}", example="HTTP", many=True),
    parameter(Dimension.WORKSPACE, f"Workspace, exactly. {_ANY}", example="shop", many=True),
    parameter(Dimension.ENVIRONMENT, f"Environment, exactly. {_ANY}", example="prod", many=True),
)
SYSTEM_FILTERS: Final = _SCOPE[1:]
_ENDPOINT: Final = f"Endpoint as in `endpoints`, exactly. {_ANY}"
FILTERS: Final = (
    *_SCOPE,
    parameter(Dimension.ENDPOINT, _ENDPOINT, example="/users/:id", many=True),
    parameter(Dimension.METHOD, f"Method, without regard to case. {_ANY}", example="GET", many=True),
    parameter(
        Dimension.STATUS,
        f"Code (404), class (4xx) or range (400-418), also in a comma list. {_ANY}",
        example="4xx",
        many=True,
    ),
)
_CATEGORIES: Final = ", ".join(ErrorCategory)
_CLIENT: Final = parameter(Dimension.CLIENT, f"Client address, exactly. {_ANY}", example="192.0.2.7", many=True)
ERROR_FILTERS: Final = (
    *FILTERS,
    parameter(Dimension.ERROR_TYPE, f"Error type, exactly. {_ANY}", example="http_404", many=True),
    parameter(Dimension.ERROR_CATEGORY, f"One of {_CATEGORIES}. {_ANY}", example="client_error", many=True),
)
EVENT_FILTERS: Final = (*ERROR_FILTERS, _CLIENT)
CLIENT_FILTERS: Final = (
    *_SCOPE,
    _CLIENT,
    parameter(Dimension.AGENT_FAMILY, f"Family of the user agent, exactly. {_ANY}", example="curl", many=True),
)
OF_ENDPOINT: Final = parameter(Dimension.ENDPOINT, _ENDPOINT, example="/users/:id", many=True, required=True)
LIST: Final = (
    parameter(
        "limit",
        "Rows of the list; it caps the answer, never what is summed.",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
        example=100,
    ),
)
_GRANULARITIES: Final = (*(granularity.label for granularity in Granularity), AUTO)
SERIES: Final = (
    parameter(
        "granularity",
        "Width of the buckets. One that is no longer kept for the window is refused with the finest one that is; "
        "`auto` gives 60 to 300 points. Default minute, or the next coarser width that is kept and gives not too many "
        "points.",
        schema={"type": "string", "enum": [*_GRANULARITIES]},
        example=AUTO,
    ),
)


EXPORT_GRANULARITY: Final = parameter(
    "granularity",
    "Width of the buckets. One that is no longer kept for the window is refused with the finest one that is; `auto` "
    "takes minutes or the finest that is kept.",
    schema={"type": "string", "enum": [*_GRANULARITIES], "default": Granularity.MINUTE.label},
    example=Granularity.HOUR.label,
)
EXPORT_LIMIT: Final = parameter(
    "limit",
    "Rows of the export, the newest. Default all.",
    schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    example=100,
)
SERIES_LIMIT: Final = parameter(
    "series_limit",
    "Series with a name of their own; what is past them is one series `(other)`, so that all add up to everything.",
    schema={"type": "integer", "minimum": 1, "maximum": MAX_SERIES, "default": DEFAULT_SERIES},
    example=5,
)
SEARCH: Final = parameter(
    "search",
    "Only those that contain this text, without regard to case.",
    schema={"type": "string", "maxLength": MAX_TEXT},
    example="users",
)


def grouping(groups: Iterable[str], default: str) -> dict[str, Any]:
    """Return the parameter that says what tells the series of a chart apart."""
    return parameter(
        "group_by",
        "What tells series apart. Requests without a value there are the series `(none)`.",
        schema={"type": "string", "enum": list(groups), "default": default},
        example=default,
    )


def documented(*parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that takes `parameters`."""
    return {"parameters": [dict(shown) for shown in parameters]}


def question(
    connection: HTTPConnection,
    now_us: int,
    config: AnalyticsConfig,
    *,
    default_duration: int | None = DEFAULT_DURATION_SECONDS,
) -> QuerySpec:
    """Return what the query string of `connection` asks; names that are no parameters are ignored (contract 2).

    Whoever asks with a token of one workspace gets that workspace, in every report: this is the place that sees to it.

    Raises:
        QueryError: a value is not understood; `field` names the parameter.
        HTTPException: 403, another workspace is asked for than the token is good for.
    """
    given: dict[str, list[str]] = {}
    for name, value in connection.query_params.multi_items():
        if name in PARAMETERS:
            given.setdefault(name, []).append(value)
    parsed = parse_spec(given, now_us, default_duration=default_duration)
    spec = _kept_to_workspace(parsed, principal_of(connection))
    if spec.limit is not None and spec.limit > config.max_query_results:
        message = f"limit is {spec.limit}; this server gives at most {config.max_query_results} rows"
        raise QueryError(message, field="limit")
    if OWN_WORKSPACE in spec.workspace_id and len(spec.workspace_id) > 1:
        message = (
            f"workspace_id is {OWN_WORKSPACE} and others: the server's own requests are kept apart, ask for them alone"
        )
        raise QueryError(message, field="workspace_id")
    asked = any(value.strip() for value in given.get("granularity", ()))
    return replace(spec, max_points=config.query.max_points, preferred=None if asked else Granularity.MINUTE)


def _kept_to_workspace(spec: QuerySpec, principal: Principal | None) -> QuerySpec:
    """Return `spec` narrowed to the workspace of `principal`, where it has one."""
    if principal is None or principal.workspace_id is None:
        return spec
    own = (principal.workspace_id,)
    if spec.workspace_id not in ((), own):
        raise HTTPException(_FORBIDDEN, "this token is good for one workspace only, and not for that one")
    return replace(spec, workspace_id=own, workspace_bound=True)
