"""What every answer carries: a request id and the headers that keep browsers careful."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["DATA_HEADERS", "REQUEST_ID", "Frame"]

REQUEST_ID: Final = "X-Request-ID"
_ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_ID_BYTES: Final = 8
_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
DATA_HEADERS: Final = {**_SECURITY, "Content-Security-Policy": _DATA_POLICY}  # of an answer that is no page
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]+", re.ASCII)


class Frame:
    """Gives every request an id, its own or the caller's where that is harmless, and every answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _ACCEPTED_ID.fullmatch(given) else secrets.token_hex(_ID_BYTES)
        scope.setdefault("state", {})["request_id"] = request_id

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", _page_policy(scope) if is_page else _DATA_POLICY)
            await send(message)

        await self._app(scope, receive, framed)


def _page_policy(scope: Scope) -> str:
    """Return what a page may load: its own files alone; styles with the nonce of the answer, where it has one.

    The stream is named beside 'self', which older browsers do not take for sockets.
    """
    nonce = scope.get("state", {}).get("nonce")
    host = Headers(scope=scope).get("host", "")
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    styles = "" if nonce is None else f" 'nonce-{nonce}'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self' data: blob:; "
        f"font-src 'self'; connect-src 'self'{sockets}; manifest-src 'self'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
