"""A taste of GraphQL: one document, three fields, and errors as GraphQL has them, with status 200."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse

from mockforge_analytics.demo.shop.requests import json_object
from mockforge_analytics.demo.shop.store import CATEGORIES, PRODUCT_COUNT, product

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["graphql"]

_FIELD: Final = re.compile(r"\{\s*(\w+)(?:\(id:\s*(\d{1,6})\))?")
_BAD_REQUEST: Final = 400


async def graphql(request: Request) -> Response:
    """Answer ``{ product(id: 17) { name } }``, ``{ categories }`` and ``{ count }``."""
    query = (await json_object(request)).get("query")
    match = _FIELD.search(query) if isinstance(query, str) else None
    if match is None:
        return JSONResponse({"errors": [{"message": "The query has no field."}]}, status_code=_BAD_REQUEST)
    field, number = match.groups()
    if field == "product" and number is not None:
        return JSONResponse({"data": {"product": product(int(number))}})
    if field == "categories":
        return JSONResponse({"data": {"categories": CATEGORIES}})
    if field == "count":
        return JSONResponse({"data": {"count": PRODUCT_COUNT}})
    return JSONResponse({"data": None, "errors": [{"message": f"Cannot query field {field!r}."}]})
