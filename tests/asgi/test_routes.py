"""The route template of each framework, over its own routing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics import AnalyticsMiddleware
from mockforge_analytics.sources.asgi.route import ENDPOINT_KEY, mount_of, mounted, plain_template
from mockforge_analytics.sources.asgi.settings import CaptureSettings
from tests.asgi import applications
from tests.asgi.support import Recording, collected, events_in, http_scope, request_body, response, websocket_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.sources.asgi.event import Event
    from mockforge_analytics.sources.asgi.protocol import Application, Receive, Scope


def seen(application: Application, scope: Scope, receive: Receive, capture: CaptureSettings | None = None) -> Event:
    """Return the event of one request to `application`."""
    recording = Recording(capture or CaptureSettings())
    middleware = AnalyticsMiddleware(application, reporter=recording)

    async def call() -> None:
        with suppress(Exception):
            await middleware(scope, receive, collected([]))

    asyncio.run(call())
    assert recording.faults == 0
    (event,) = recording.events
    return event


HTTP: list[tuple[Callable[[], Application], str, str, int, str | None]] = [
    (applications.fastapi_application, "GET", "/plain", 200, "/plain"),
    (applications.fastapi_application, "GET", "/v1/shop/items/7", 200, "/v1/shop/items/{item_id}"),
    (applications.fastapi_application, "GET", "/v1/shop/deep/parts/x", 200, "/v1/shop/deep/parts/{part}"),
    (applications.fastapi_application, "POST", "/v1/shop/items/7", 405, "/v1/shop/items/{item_id}"),
    (applications.fastapi_application, "GET", "/tenants/acme/users/eve", 200, "/tenants/{tenant}/users/{name}"),
    (applications.fastapi_application, "GET", "/tenants/acme/orders/9", 200, "/tenants/{tenant}/orders/{order_id}"),
    (applications.fastapi_application, "GET", "/tenants/acme/nothing", 404, None),
    (applications.fastapi_application, "GET", "/failure", 500, "/failure"),
    (applications.fastapi_application, "GET", "/nothing", 404, None),
    (applications.starlette_application, "GET", "/items/7", 200, "/items/{item_id}"),
    (applications.starlette_application, "HEAD", "/items/7", 200, "/items/{item_id}"),
    (applications.starlette_application, "OPTIONS", "/items/7", 405, "/items/{item_id}"),
    (applications.starlette_application, "GET", "/part/wheel", 200, "/part/{name}"),
    (applications.starlette_application, "GET", "/part/of/car/files/a/b.txt", 200, "/part/of/{whole}/files/{name}"),
    (applications.starlette_application, "GET", "/part/of/car/nothing", 404, "/part/of/{whole}/{path}"),
    (applications.starlette_application, "GET", "/api/v1/shop/items/7", 200, "/api/v1/shop/items/{item_id}"),
    (applications.starlette_application, "GET", "/failure", 500, "/failure"),
    (applications.starlette_application, "GET", "/nothing", 404, None),
    (applications.litestar_application, "GET", "/items/7", 200, "/items/{item_id}"),
    (applications.litestar_application, "GET", "/v1/items/7", 200, "/v1/items/{item_id}"),
    (applications.litestar_application, "GET", "/failure", 500, "/failure"),
    (applications.litestar_application, "GET", "/nothing", 404, None),
    (applications.quart_application, "GET", "/items/7", 200, "/items/{item_id}"),
    (applications.quart_application, "HEAD", "/items/7", 200, "/items/{item_id}"),
    (applications.quart_application, "GET", "/failure", 500, "/failure"),
    (applications.quart_application, "GET", "/nothing", 404, None),
    (applications.django_application, "GET", "/items/7/", 200, "/items/{pk}/"),
    (applications.django_application, "GET", "/old/a12/", 200, "/old/{pk}/"),
    (applications.django_application, "GET", "/failure", 500, "/failure"),
    (applications.django_application, "GET", "/nothing", 404, None),
]


@pytest.mark.parametrize("root", ["", "/behind/proxy"])
@pytest.mark.parametrize(("framework", "method", "path", "status", "endpoint"), HTTP)
def test_a_request(
    framework: Callable[[], Application], method: str, path: str, status: int, endpoint: str | None, root: str
) -> None:
    logging.disable(logging.CRITICAL)  # frameworks print the failures that are asked for here
    try:
        event = seen(framework(), http_scope(path, method, root_path=root), request_body())
    finally:
        logging.disable(logging.NOTSET)
    found = (event.protocol, event.method, event.status_code, event.endpoint, event.path)
    assert found == ("HTTP", method, status, endpoint, root + path)


@pytest.mark.parametrize(
    ("framework", "path", "endpoint"),
    [
        (applications.fastapi_application, "/v1/shop/live/red", "/v1/shop/live/{room}"),
        (applications.starlette_application, "/live/red", "/live/{room}"),
        (applications.litestar_application, "/live/red", "/live/{room}"),
        (applications.quart_application, "/live/red", "/live/{room}"),
    ],
)
def test_a_websocket(framework: Callable[[], Application], path: str, endpoint: str) -> None:
    messages = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
    event = seen(framework(), websocket_scope(path), events_in(*messages))
    found = (event.protocol, event.method, event.status_code, event.endpoint, event.bytes_received)
    assert found == ("WebSocket", "GET", 101, endpoint, 5)


def test_the_applications_own_note_wins() -> None:
    answer = response(200)

    async def application(scope: Scope, receive: Receive, send: Any) -> None:
        scope["path_template"] = "/not/this"
        scope[ENDPOINT_KEY] = "/users/<int:id>"
        await answer(scope, receive, send)

    assert seen(application, http_scope("/users/7"), request_body()).endpoint == "/users/{id}"


@pytest.mark.parametrize(
    ("named", "endpoint"), [("/by/hand/{id}", "/by/hand/{id}"), (None, "/tenants/{tenant}/users/{name}")]
)
def test_a_function_names_the_whole_template_or_leaves_it(named: str | None, endpoint: str) -> None:
    capture = CaptureSettings(endpoint_of=lambda scope: named)
    application = applications.fastapi_application()
    assert seen(application, http_scope("/tenants/acme/users/eve"), request_body(), capture).endpoint == endpoint


@pytest.mark.parametrize(
    ("template", "plain"),
    [
        ("/items/{id}", "/items/{id}"),
        ("/items/{id:int}/{rest:path}", "/items/{id}/{rest}"),
        ("/items/<id>/<float:price>", "/items/{id}/{price}"),
        ("/any/<any(a,b):kind>", "/any/{kind}"),
        ("items/<uuid:pk>/", "/items/{pk}/"),
        (r"^a/(?P<year>[0-9]{4})/(?P<slug>(?:x|(y))+)/$", "/a/{year}/{slug}/"),
        (r"^v1\.0/x\Z", "/v1.0/x"),
        ("", "/"),
    ],
)
def test_every_notation_becomes_one(template: str, plain: str) -> None:
    assert plain_template(template) == plain


def test_only_what_a_mount_took_from_its_parameters_is_named() -> None:
    params = {"tenant": "acme", "name": "users"}
    assert mounted("/users/{name}", "/tenants/acme/users", params) == "/tenants/{tenant}/users/users/{name}"
    assert mounted("/users", "", params) == "/users"
    assert mount_of({"root_path": "/proxy/part", "app_root_path": "/proxy"}) == "/part"
    assert mount_of({"root_path": "/proxy"}) == ""
