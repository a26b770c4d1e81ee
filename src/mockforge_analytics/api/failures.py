"""Every error becomes a status and an envelope, at one place."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from mockforge_analytics.api.envelope import failure
from mockforge_analytics.clock import SystemClock
from mockforge_analytics.errors import (
    AnalyticsError,
    ConfigError,
    FormatError,
    InputTooLargeError,
    QueryError,
    QueryTimeoutError,
    SourceError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import FastAPI, Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from mockforge_analytics.clock import Clock

__all__ = ["EnvelopeRoute", "add_failures", "failed", "retry_after"]

_log = logging.getLogger(__name__)

_STATUS: Final[tuple[tuple[type[AnalyticsError], int], ...]] = (
    (QueryTimeoutError, 504),
    (QueryError, 422),
    (InputTooLargeError, 413),
    (FormatError, 415),
    (SourceError, 400),
    (ConfigError, 422),
    (StoreBusyError, 503),
    (StoreFullError, 503),
    (StoreError, 503),
)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NOT_ALLOWED: Final = 405
_UNAVAILABLE: Final = 503
_INTERNAL: Final = 500
_RETRY_SECONDS: Final = (1, 30)  # spread, so that senders do not come back all at once
_SENTENCES: Final = {
    404: "there is nothing at this address; the routes are listed at /api/v2/analytics/docs",
    405: "this address does not take that method",
}


def retry_after() -> dict[str, str]:
    """Return the header that asks a sender to come back after a jittered number of seconds."""
    return {"Retry-After": str(random.randint(*_RETRY_SECONDS))}


def failed(error: Exception, now_us: int) -> Response:
    """Return the answer for `error`; what is not foreseen is logged whole and told in general terms."""
    if isinstance(error, AnalyticsError):
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), _INTERNAL)
        headers = retry_after() if status == _UNAVAILABLE else None
        return failure(status, str(error), now_us, field=getattr(error, "field", None), headers=headers)
    if isinstance(error, RequestValidationError):
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"][1:]) or None
        return failure(422, f"{name or 'the request'}: {fault['msg']}", now_us, field=name)
    if isinstance(error, HTTPException):
        sentence = _SENTENCES.get(error.status_code, str(error.detail))
        return failure(error.status_code, sentence, now_us, headers=error.headers)
    _log.error("unexpected error", exc_info=error)
    return failure(_INTERNAL, "an unexpected error; the server's log has it under this request's id", now_us)


class EnvelopeRoute(APIRoute):
    """A route whose failures are envelopes, also inside an application of somebody else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with its exceptions turned into answers."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an envelope
                return failed(error, _now_us(request))

        return handle

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a method that neither this route takes nor another one of the address is a failure."""
        try:
            await super().handle(scope, receive, send)
        except HTTPException as error:
            if error.status_code != _NOT_ALLOWED:
                raise
            allowed = ", ".join(_methods(scope))
            sentence = f"this address takes {allowed}, and not {scope['method']}"
            refusal = failure(_NOT_ALLOWED, sentence, SystemClock().now_us(), headers={"Allow": allowed})
            await refusal(scope, receive, send)


def _methods(scope: Scope) -> list[str]:
    """Return the methods that the routes of the application take at the address of `scope`, all routes together."""
    asked = {"type": "http", "path": scope["path"], "root_path": scope.get("root_path", ""), "headers": []}
    routes = scope["app"].router.routes
    return [
        method
        for method in _METHODS
        if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in routes)
    ]


def _now_us(request: Request) -> int:
    """Return the time of the service; that of the system where a body was refused before the route knew its service."""
    services = getattr(request.state, "analytics", None)
    clock: Clock = SystemClock() if services is None else services.clock
    return clock.now_us()


def add_failures(app: FastAPI, clock: Clock) -> None:
    """Make what happens outside of routes (unknown address, wrong method) an envelope as well."""

    async def answer(_request: Request, error: Exception) -> Response:
        return failed(error, clock.now_us())

    for kind in (HTTPException, RequestValidationError, AnalyticsError, Exception):
        app.add_exception_handler(kind, answer)
