"""The example shop answers as its routes promise."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, TypedDict

import httpx
import pytest

from mockforge_analytics.demo.shop.app import create_app
from mockforge_analytics.demo.shop.latency import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

API = "/api/v1"
AUTH = {"Authorization": "Bearer token-7"}


class Arguments(TypedDict, total=False):
    """What a request carries."""

    json: object
    content: bytes
    headers: Mapping[str, str]


class FakeTime:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def ask(*requests: tuple[str, str, Arguments]) -> list[httpx.Response]:
    """Return the answers of one fresh shop to (method, path, keyword arguments), in order."""

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=create_app(latency_scale=0))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            return [await client.request(method, path, **arguments) for method, path, arguments in requests]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status"),
    [
        ("GET", "/", {}, 302),
        ("GET", "/v0/products", {}, 301),
        ("GET", "/health", {}, 200),
        ("HEAD", f"{API}/products/17", {}, 200),
        ("GET", f"{API}/products/60", {}, 410),
        ("GET", f"{API}/products/999", {}, 404),
        ("GET", f"{API}/products?page=0", {}, 422),
        ("GET", f"{API}/products?category=cars", {}, 422),
        ("DELETE", f"{API}/products/1", {}, 405),
        ("OPTIONS", f"{API}/cart", {}, 204),
        ("GET", f"{API}/products/113/reviews", {}, 500),
        ("POST", f"{API}/products/5/reviews", {"json": {"stars": 7}, "headers": AUTH}, 422),
        ("GET", f"{API}/search?q=", {}, 422),
        ("GET", f"{API}/cart", {}, 401),
        ("POST", f"{API}/auth/login", {"json": {"user": 7, "password": "password-7"}}, 200),
        ("POST", f"{API}/auth/login", {"json": {"user": 7, "password": "guess"}}, 401),
        ("POST", f"{API}/auth/login", {"json": {"user": "admin"}}, 422),
        ("POST", f"{API}/auth/login", {"json": [1]}, 422),
        ("POST", f"{API}/auth/login", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", f"{API}/auth/login", {"content": b"{}"}, 415),
        ("POST", f"{API}/cart/items", {"json": {"product": 17}, "headers": AUTH}, 409),
        ("POST", f"{API}/checkout", {"json": {}, "headers": AUTH}, 409),
        ("GET", f"{API}/users/7", {"headers": AUTH}, 200),
        ("GET", f"{API}/users/8", {"headers": AUTH}, 403),
        ("PUT", f"{API}/users/me", {"json": {}, "headers": AUTH}, 422),
        ("POST", f"{API}/uploads", {"content": b"x", "headers": {**AUTH, "Content-Type": "image/png"}}, 201),
        ("POST", f"{API}/uploads", {"content": b"x", "headers": {**AUTH, "Content-Type": "image/heic"}}, 415),
        ("GET", f"{API}/reports/inventory", {}, 401),
        ("GET", f"{API}/reports/inventory", {"headers": {"Authorization": "Basic ???"}}, 401),
    ],
)
def test_status(method: str, path: str, arguments: Arguments, status: int) -> None:
    (answer,) = ask((method, path, arguments))
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("name", "report", "status"), [("finance", "inventory", 200), ("intern", "inventory", 403), ("finance", "x", 404)]
)
def test_reports_need_a_reader(name: str, report: str, status: int) -> None:
    credentials = base64.b64encode(f"{name}:{name}-password".encode()).decode()
    (answer,) = ask(("GET", f"{API}/reports/{report}", {"headers": {"Authorization": f"Basic {credentials}"}}))
    assert answer.status_code == status


def test_unchanged_product_is_304() -> None:
    (first,) = ask(("GET", f"{API}/products/3", {}))
    (again,) = ask(("GET", f"{API}/products/3", {"headers": {"If-None-Match": first.headers["etag"]}}))
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_cart_becomes_an_order_that_can_be_cancelled_once() -> None:
    answers = ask(
        ("POST", f"{API}/cart/items", {"json": {"product": 2}, "headers": AUTH}),
        ("PATCH", f"{API}/cart/items/2", {"json": {"quantity": 3}, "headers": AUTH}),
        ("POST", f"{API}/cart/items", {"json": {"product": 3}, "headers": AUTH}),
        ("DELETE", f"{API}/cart/items/3", {"headers": AUTH}),
        ("POST", f"{API}/checkout", {"json": {}, "headers": AUTH}),
        ("GET", f"{API}/cart", {"headers": AUTH}),
        ("POST", f"{API}/orders/1000/cancel", {"headers": AUTH}),
        ("POST", f"{API}/orders/1000/cancel", {"headers": AUTH}),
        ("GET", f"{API}/orders/1000", {"headers": {"Authorization": "Bearer token-8"}}),
    )
    assert [answer.status_code for answer in answers] == [201, 200, 201, 204, 201, 200, 202, 409, 404]
    assert answers[4].json()["items"] == {"2": 3}
    assert answers[5].json() == {"items": {}}


def statuses_at(seconds: Sequence[float], fault: Fault) -> list[int]:
    """Return the status of /health at each moment after the first request."""
    now = FakeTime()

    async def run() -> list[int]:
        now.seconds = 1_000.0
        transport = httpx.ASGITransport(app=create_app(faults=[fault], latency_scale=0, now=now))
        found = []
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            for moment in seconds:
                now.seconds = 1_000.0 + moment
                found.append((await client.get("/health")).status_code)
        return found

    return asyncio.run(run())


def test_fault_window_is_half_open_and_counts_from_the_first_request() -> None:
    fault = Fault("health", 10.0, 20.0, error_share=1.0, status=503)
    assert statuses_at([0.0, 9.9, 10.0, 19.9, 20.0], fault) == [200, 200, 503, 503, 200]


def test_fault_on_an_unknown_route_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown routes \\['basket'\\]"):
        create_app(faults=[Fault("basket", 0.0, 1.0)])
