"""The same small API in every framework: an item by its number, a failure, a mounted part, a WebSocket."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

import django
import litestar
import quart
from django.conf import settings as django_settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path as django_path
from django.urls import re_path
from django.utils.decorators import async_only_middleware
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

from mockforge_analytics.sources.asgi.route import ENDPOINT_KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.websockets import WebSocket as StarletteSocket

    from mockforge_analytics.sources.asgi.protocol import Application


def fastapi_application() -> Application:
    """Routes of its own, of nested routers, and of an application mounted under a parameter."""
    api, router, inner, tenant = FastAPI(), APIRouter(prefix="/shop"), APIRouter(prefix="/deep"), FastAPI()
    tenant_router = APIRouter(prefix="/orders")

    @api.get("/plain")
    @router.get("/items/{item_id:int}")
    @inner.get("/parts/{part}")
    @tenant.get("/users/{name}")
    @tenant_router.get("/{order_id}")
    async def found() -> dict[str, str]:
        return {}

    @api.get("/failure")
    async def failure() -> None:
        raise RuntimeError("no luck")

    @router.websocket("/live/{room}")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    router.include_router(inner)
    api.include_router(router, prefix="/v1")
    tenant.include_router(tenant_router)
    api.mount("/tenants/{tenant}", tenant)
    return api


def starlette_application() -> Application:
    """Routes of its own, of a mount, of an application in a mount, and the FastAPI one."""

    async def found(request: Request) -> PlainTextResponse:
        return PlainTextResponse("found")

    async def failure(request: Request) -> PlainTextResponse:
        raise RuntimeError("no luck")

    async def live(socket: StarletteSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    files = Starlette(routes=[Route("/files/{name:path}", found)])
    return Starlette(
        routes=[
            Route("/items/{item_id:int}", found),
            Route("/failure", failure),
            Mount("/part", routes=[Route("/{name}", found), Mount("/of/{whole}", app=files)]),
            Mount("/api", app=fastapi_application()),
            WebSocketRoute("/live/{room}", live),
        ]
    )


def litestar_application() -> Application:
    """Handlers at the root and in a router."""

    @litestar.get("/items/{item_id:int}", sync_to_thread=False)
    def found() -> dict[str, int]:
        return {}

    @litestar.get("/failure", sync_to_thread=False)
    def failure() -> None:
        raise RuntimeError("no luck")

    @litestar.websocket("/live/{room:str}")
    async def live(socket: litestar.WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.receive_text()

    router = litestar.Router("/v1", route_handlers=[found])
    # Its logging starts a thread that nothing ends.
    return litestar.Litestar([found, failure, live, router], logging_config=None)  # type: ignore[return-value]  # its own scope types


def quart_application() -> Application:
    """Rules, noted in the scope as the documentation says."""
    app = quart.Quart("shop")

    @app.before_request
    async def note_route() -> None:
        if quart.request.url_rule is not None:
            quart.request.scope[ENDPOINT_KEY] = quart.request.url_rule.rule  # type: ignore[typeddict-unknown-key]  # ours

    @app.before_websocket
    async def note_socket_route() -> None:
        if quart.websocket.url_rule is not None:
            quart.websocket.scope[ENDPOINT_KEY] = quart.websocket.url_rule.rule  # type: ignore[typeddict-unknown-key]  # ours

    @app.get("/items/<int:item_id>")
    async def found(item_id: int) -> str:
        return "found"

    @app.get("/failure")
    async def failure() -> str:
        raise RuntimeError("no luck")

    @app.websocket("/live/<room>")
    async def live(room: str) -> None:
        await quart.websocket.accept()
        await quart.websocket.receive()

    return app  # type: ignore[return-value]  # Quart has its own types of the messages


def django_application() -> Application:
    """Paths and an expression, noted in the scope as the documentation says. The settings are those of the process."""
    if not django_settings.configured:
        urls: Any = types.ModuleType("tests_asgi_urls")

        async def found(request: Any, pk: object = None) -> Any:
            return HttpResponse(b"found")

        async def failure(request: Any) -> Any:
            raise RuntimeError("no luck")

        urls.urlpatterns = [
            django_path("items/<int:pk>/", found),
            re_path(r"^old/(?P<pk>(?:a|b)[0-9]{2,})/$", found),
            django_path("failure", failure),
        ]
        urls.note_route = async_only_middleware(_note_django_route)
        sys.modules["tests_asgi_urls"] = urls
        django_settings.configure(
            ROOT_URLCONF="tests_asgi_urls",
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=["tests_asgi_urls.note_route"],
            LOGGING_CONFIG=None,
            SECRET_KEY="only for tests",
        )
        django.setup()
    application: Application = get_asgi_application()
    return application


def _note_django_route(get_response: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    async def middleware(request: Any) -> Any:
        answer = await get_response(request)
        if request.resolver_match is not None:
            request.scope[ENDPOINT_KEY] = request.resolver_match.route
        return answer

    return middleware
