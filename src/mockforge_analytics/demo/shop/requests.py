"""Reading what a caller sent: credentials, numbers and JSON bodies, refused with the right status when wrong."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from mockforge_analytics.demo.shop.store import USER_COUNT

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["authenticated_user", "basic_auth_user", "json_object", "query_int"]

_TOKEN = re.compile(r"Bearer token-(\d{1,4})")


def authenticated_user(request: Request) -> int:
    """Return the user id of the bearer token; 401 without a valid one."""
    match = _TOKEN.fullmatch(request.headers.get("authorization", ""))
    if match is None or not 1 <= int(match[1]) <= USER_COUNT:
        raise HTTPException(401, "Send 'Authorization: Bearer TOKEN' with a token from /api/v1/auth/login.")
    return int(match[1])


def basic_auth_user(request: Request) -> str:
    """Return the user name of HTTP basic credentials (RFC 7617) whose password is right; 401 otherwise."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = password = ""
    if scheme.lower() != "basic" or not name or password != f"{name}-password":
        raise HTTPException(401, "Reports need HTTP basic credentials.", {"WWW-Authenticate": 'Basic realm="reports"'})
    return name


async def json_object(request: Request) -> dict[str, object]:
    """Return the JSON object of the body; 415 for another content type, 400 for broken JSON, 422 for another type."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise HTTPException(415, "Send the body as application/json.")
    try:
        value = json.loads(await request.body())
    except ValueError as error:
        raise HTTPException(400, f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise HTTPException(422, "The body must be a JSON object.")
    return value


def query_int(request: Request, name: str, *, default: int, low: int, high: int) -> int:
    """Return the query parameter as an integer in low..high; 422 otherwise."""
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        raise HTTPException(422, f"'{name}' is {text[:40]!r}; send an integer from {low} to {high}.")
    return int(text)
