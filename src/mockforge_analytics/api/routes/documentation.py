"""The documentation of the routes, for programs and for people."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.documentation import STYLE_NAME, page
from mockforge_analytics.api.encoding import accepted_encoding, packed
from mockforge_analytics.api.envelope import JSON_TYPE
from mockforge_analytics.api.failures import EnvelopeRoute

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["documentation_routes"]

# The page has no script, loads nothing but its style sheet and cannot be framed.
_POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def documentation_routes(base_path: str, document: Callable[[], dict[str, Any]]) -> APIRouter:
    """Return the routes that show `document`, an OpenAPI document, to be included below `base_path`."""
    router = APIRouter(route_class=EnvelopeRoute)

    def served(request: Request) -> dict[str, Any]:
        root = request.scope.get("root_path")
        return {**document(), "servers": [{"url": root}]} if root else document()

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        found = await to_thread.run_sync(served, request)
        return packed(Response(msgspec.json.encode(found), media_type=JSON_TYPE), accepted_encoding(request))

    @router.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        found = await to_thread.run_sync(served, request)
        answer = Response(page(found, base_path), media_type="text/html", headers={"Content-Security-Policy": _POLICY})
        return packed(answer, accepted_encoding(request))

    @router.get(f"/{STYLE_NAME}", include_in_schema=False)
    async def style() -> Response:
        text = files("mockforge_analytics.api").joinpath(STYLE_NAME).read_text(encoding="utf-8")
        return Response(text, media_type="text/css")

    return router
