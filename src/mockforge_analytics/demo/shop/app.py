"""The shop as an ASGI application."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from mockforge_analytics.demo.shop.feed import prices
from mockforge_analytics.demo.shop.graph import graphql
from mockforge_analytics.demo.shop.latency import Behaviour
from mockforge_analytics.demo.shop.routes import Handlers
from mockforge_analytics.demo.shop.store import Shop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from mockforge_analytics.demo.shop.latency import Fault

    Handler = Callable[[Request], Awaitable[Response]]

__all__ = ["create_app", "route_paths"]

_API = "/api/v1"


def _paced(name: str, methods: Sequence[str], handler: Handler, behaviour: Behaviour) -> Handler:
    """Wrap `handler` so that it takes its time, fails as planned and answers OPTIONS."""
    allow = ", ".join(("OPTIONS", *methods))

    async def paced(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allow, "Access-Control-Allow-Methods": allow})
        seconds, failure = behaviour.decide(name)
        await asyncio.sleep(seconds)
        if failure is not None:
            raise HTTPException(failure, "The service is degraded.")
        return await handler(request)

    return paced


async def _refusal(_request: Request, error: Exception) -> Response:
    """Render an HTTPException (the only type this is registered for) as JSON."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


def _table(handlers: Handlers) -> list[tuple[str, str, tuple[str, ...], Handler]]:
    """Return (name in the latency profile, path, methods, handler) of every route."""
    return [
        ("home", "/", ("GET",), handlers.home),
        ("health", "/health", ("GET",), handlers.health),
        ("home", "/v0/{rest:path}", ("GET",), handlers.moved),
        ("login", f"{_API}/auth/login", ("POST",), handlers.login),
        ("logout", f"{_API}/auth/logout", ("POST",), handlers.logout),
        ("products", f"{_API}/products", ("GET",), handlers.products),
        ("product", f"{_API}/products/{{product_id:int}}", ("GET",), handlers.product),
        ("reviews", f"{_API}/products/{{product_id:int}}/reviews", ("GET", "POST"), handlers.reviews),
        ("search", f"{_API}/search", ("GET",), handlers.search),
        ("recommendations", f"{_API}/recommendations", ("GET",), handlers.recommendations),
        ("cart", f"{_API}/cart", ("GET",), handlers.cart),
        ("cart", f"{_API}/cart/items", ("POST",), handlers.add_to_cart),
        ("cart", f"{_API}/cart/items/{{product_id:int}}", ("PATCH", "DELETE"), handlers.cart_item),
        ("checkout", f"{_API}/checkout", ("POST",), handlers.checkout),
        ("orders", f"{_API}/orders", ("GET",), handlers.orders),
        ("order", f"{_API}/orders/{{order_id:int}}", ("GET",), handlers.order),
        ("order", f"{_API}/orders/{{order_id:int}}/cancel", ("POST",), handlers.cancel_order),
        ("me", f"{_API}/users/me", ("GET", "PUT"), handlers.me),
        ("user", f"{_API}/users/{{user_id:int}}", ("GET",), handlers.user),
        ("uploads", f"{_API}/uploads", ("POST",), handlers.upload),
        ("report", f"{_API}/reports/{{name}}", ("GET",), handlers.report),
        ("graphql", "/graphql", ("POST",), graphql),
    ]


def route_paths() -> list[str]:
    """Return the path of every HTTP route, with the names of its parameters in braces, in the order of matching."""
    return list(dict.fromkeys(path for _, path, _, _ in _table(Handlers(Shop()))))


def create_app(
    *,
    seed: int = 1,
    faults: Sequence[Fault] = (),
    latency_scale: float = 1.0,
    now: Callable[[], float] = time.monotonic,
) -> Starlette:
    """Return a shop of its own state whose fault windows count from its first request, on the clock `now` (seconds).

    `latency_scale` multiplies every response time; 0 answers at once. Raises ValueError for a fault on a route
    that does not exist.
    """
    behaviour = Behaviour(seed=seed, faults=faults, now=now, scale=latency_scale)
    routes: list[BaseRoute] = [
        Route(path, _paced(name, methods, handler, behaviour), methods=["OPTIONS", *methods])
        for name, path, methods, handler in _table(Handlers(Shop()))
    ]
    routes.append(WebSocketRoute(f"{_API}/prices", prices))
    return Starlette(routes=routes, exception_handlers={HTTPException: _refusal})
