"""Which route answered: what frameworks leave in the scope, and one notation for all of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockforge_analytics.sources.asgi.protocol import Scope

__all__ = ["ENDPOINT_KEY", "mount_of", "mounted", "plain_template", "route_of"]

# A framework or an application that knows better writes its template there.
ENDPOINT_KEY: Final = "mockforge_analytics.endpoint"
_TEMPLATES: Final = 4_096

_BRACES: Final = re.compile(r"\{\s*([^{}:\s]+)\s*:[^{}]*\}")  # {id:int} of Starlette and Litestar
_ANGLES: Final = re.compile(r"<(?:[^<>:]*:)?\s*(\w+)\s*>")  # <int:id> of Django and Werkzeug
_GROUP: Final = re.compile(r"\(\?P<(\w+)>")  # (?P<id>[0-9]+) of Django's re_path


def route_of(scope: Scope) -> str | None:
    """Return the template of the route that answered `scope`, relative to its mount; None where nobody knows.

    To be called when the application has begun to answer: routers write into the scope as they go.
    """
    if (noted := scope.get(ENDPOINT_KEY)) is not None:
        return str(noted)
    if (template := scope.get("path_template")) is not None:  # Litestar
        return str(template)
    route = scope.get("route")
    if route is None:
        return None
    # FastAPI since 0.130: an included router's route does not know its prefix, the context beside it does.
    included = scope.get("fastapi")
    if included and (context := included.get("effective_route_context")) is not None:
        route = _included(context, route)
    if hasattr(route, "app") and not hasattr(route, "endpoint"):  # a Mount whose application keeps its routes to itself
        return "/{path}" if scope.get("root_path") else _template(route)
    return _template(route)


def _included(context: Any, route: Any) -> Any:
    """Return what knows the whole template: the context of an included route, where it is that of `route`."""
    own = getattr(context, "starlette_route", None)
    if own is not None:
        return own if route in (own, context.original_route) else route
    return context if context.original_route is route else route


def _template(route: Any) -> str | None:
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    return template if isinstance(template, str) else None


def mount_of(scope: Scope) -> str:
    """Return the path under which the answering application is mounted, as it stood in the request."""
    outer = scope.get("app_root_path")
    if outer is None:
        return ""
    root: str = scope.get("root_path", "")
    return root[len(outer) :]


def mounted(template: str, mount: str, params: Mapping[str, object] | None) -> str:
    """Return `template` below `mount`; segments of the mount that are parameters get their names back."""
    if not mount:
        return template
    if params:
        named = {str(value): f"{{{name}}}" for name, value in params.items() if f"{{{name}}}" not in template}
        mount = "/".join(named.get(segment, segment) for segment in mount.split("/"))
    return mount.rstrip("/") + template


@lru_cache(_TEMPLATES)
def plain_template(template: str) -> str:
    """Return `template` with parameters as ``{name}``, without converters, anchors and expressions."""
    text = _BRACES.sub(r"{\1}", template)
    text = _ANGLES.sub(r"{\1}", _without_groups(text))
    text = text.removeprefix("^").removesuffix("$").removesuffix(r"\Z").replace("\\", "")
    return text if text.startswith("/") else f"/{text}"


def _without_groups(text: str) -> str:
    """Return `text` with each named group of a regular expression as ``{name}``."""
    while (group := _GROUP.search(text)) is not None:
        depth, end = 1, group.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = f"{text[: group.start()]}{{{group[1]}}}{text[end:]}"
    return text
