"""A shop for tests with processes of their own: `RECEIVER` in the environment says where it reports to."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mockforge_analytics import AnalyticsMiddleware, DeliverySettings
from tests.asgi.support import WAIT, collected, http_scope, request_body

if TYPE_CHECKING:
    from starlette.requests import Request

    from mockforge_analytics.sources.asgi.protocol import Application

_LATE = DeliverySettings(interval=1_000, gauge_interval=1_000, flush_timeout=WAIT)


def _reporting(application: Application) -> AnalyticsMiddleware:
    return AnalyticsMiddleware(application, url=os.environ["RECEIVER"], delivery=_LATE)


async def _item(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(os.getpid()))


def starlette_shop() -> AnalyticsMiddleware:
    """Knows lifespans."""
    return _reporting(Starlette(routes=[Route("/items/{item}/", _item)]))


def django_shop() -> AnalyticsMiddleware:
    """Does not."""
    from tests.asgi.applications import django_application

    return _reporting(django_application())


def forking() -> None:
    """Answer a request, fork two workers that answer one each, and end by the usual way in all three."""
    shop = starlette_shop()

    async def ask(path: str) -> None:
        await shop(http_scope(path), request_body(), collected([]))

    asyncio.run(ask("/items/parent/"))
    for worker in ("one", "two"):
        if os.fork() == 0:
            asyncio.run(ask(f"/items/{worker}/"))
            sys.exit(0)
    for _ in range(2):
        os.wait()


if __name__ == "__main__":
    forking()
