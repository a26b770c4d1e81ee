"""Every failure of every documented route is an envelope that names what is wrong."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.api.app import BASE_PATH
from tests.api.routes import ROUTES
from tests.support.documents import Operation, operations

if TYPE_CHECKING:
    import httpx

    from tests.support.server import Served

GETS = [operation for operation in operations() if operation.method == "get" and operation.path.startswith(BASE_PATH)]

# For each parameter of any route: values that are wrong.
WRONG: dict[str, list[str]] = {
    "start_time": ["abc", "-5", "1e99", "2026-13-01", "99999999999999"],
    "end_time": ["abc", "-5", "1e99"],
    "duration": ["abc", "0", "-1", "1.5", "9" * 20, "1y"],
    "limit": ["abc", "0", "-1", "10001", "1.5", "9" * 30],
    "granularity": ["second", "7", "minutes"],
    "status_code": ["abc", "1000", "6x", "500-400", "-1"],
    "group_by": ["colour", "client_ip"],
    "series_limit": ["0", "51", "x", "-3"],
    "order": ["colour", "request_count:up", "'; DROP TABLE meta; --"],
    "offset": ["-1", "x", "1000001"],
    "trend": ["maybe", "2"],
    "cursor": ["abc", "!!!", "AAAA", "é"],
    "days": ["0", "x", "3661"],
    "zone": ["Mars/Olympus", "../../etc/passwd", "UTC\x00"],
    "dimension": ["colour", "request_count"],
    "search": ["a\x00b", "x" * 5_000],
    "protocol": ["a\x00", "x" * 5_000],
    "endpoint": ["a\x00", "x" * 5_000],
    "method": ["a\x00", "x" * 5_000],
    "workspace_id": ["a\x00", "x" * 5_000],
    "environment": ["a\x00", "x" * 5_000],
    "error_type": ["a\x00", "x" * 5_000],
    "error_category": ["a\x00", "x" * 5_000, "server", "Server_Error", "other,server"],
    "client_ip": ["a\x00", "x" * 5_000],
    "user_agent_family": ["a\x00", "x" * 5_000],
}
SINGLE = ("start_time", "end_time", "duration", "limit", "granularity", "group_by", "order", "days", "zone", "cursor")


@cache
def required(operation: Operation) -> dict[str, str]:
    return {p["name"]: p["example"] for p in operation.parameters if p["required"] and p["in"] == "query"}


def check(answer: httpx.Response, status: int, field: str | None = None) -> None:
    """Return if `answer` is a failure as the contract's clients read it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-ID"]
    body = answer.json()
    assert set(body) == {"success", "data", "error", "field", "timestamp"}
    assert (body["success"], body["data"], body["field"]) == (False, None, field)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", body["timestamp"])
    assert len(body["error"].split()) > 2


def test_every_route_is_there() -> None:
    routes = {operation.path.removeprefix(f"{BASE_PATH}/") for operation in GETS}
    assert routes >= {route.name for route in ROUTES.values()} | {"peaks", "status"}
    names = {p["name"] for operation in GETS for p in operation.parameters if p["in"] == "query"}
    assert names == set(WRONG)


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_a_wrong_method_is_refused(served: Served, operation: Operation) -> None:
    taken = {other.method.upper() for other in operations() if other.path == operation.path}
    for method in {"POST", "DELETE", "PATCH"} - taken:
        answer = served.client.request(method, operation.path)
        check(answer, 405)
        allowed = answer.headers["Allow"].split(", ")
        assert len(allowed) == len(set(allowed))
        assert set(allowed) == taken | {"HEAD"}
        assert answer.json()["error"].startswith("this address takes GET")
        assert answer.json()["error"].endswith(f", and not {method}")


@pytest.mark.parametrize("path", [*(operation.path for operation in GETS), "/health", "/ready", "/metrics"])
def test_head_is_answered_like_get(served: Served, path: str) -> None:
    params = next((required(operation) for operation in GETS if operation.path == path), {})
    plain = {"Accept-Encoding": "identity"}
    head = served.client.head(path, params=params, headers=plain)
    get = served.client.get(path, params=params, headers=plain)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("Content-Type", "Cache-Control", "Content-Security-Policy", "Vary"):
        assert head.headers.get(name) == get.headers.get(name)
    assert head.headers["X-Request-ID"]


def test_head_is_refused_where_there_is_no_get(served: Served) -> None:
    answer = served.client.head(f"{BASE_PATH}/events")
    assert (answer.status_code, answer.content, answer.headers["Allow"]) == (405, b"", "POST")


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_an_address_below_a_route_is_unknown(served: Served, operation: Operation) -> None:
    check(served.client.get(f"{operation.path}/nothing"), 404)


CASES = [
    (operation, parameter["name"], value)
    for operation in GETS
    for parameter in operation.parameters
    if parameter["in"] == "query"
    for value in WRONG[parameter["name"]]
]


@pytest.mark.parametrize(("operation", "name", "value"), CASES, ids=lambda value: repr(value)[:30])
def test_a_wrong_value_names_its_parameter(served: Served, operation: Operation, name: str, value: str) -> None:
    if name == "limit" and operation.name == "traffic_patterns" and value == "10001":
        value = "3661"
    check(served.client.get(operation.path, params={**required(operation), name: value}), 422, name)


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_what_takes_one_value_does_not_take_two(served: Served, operation: Operation) -> None:
    for parameter in operation.parameters:
        if parameter["name"] in SINGLE:
            values: list[Any] = [parameter["example"]] * 2
            params = {**required(operation), parameter["name"]: values}
            check(served.client.get(operation.path, params=params), 422, parameter["name"])


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_a_window_that_ends_before_it_starts_is_refused(served: Served, operation: Operation) -> None:
    if any(parameter["name"] == "end_time" for parameter in operation.parameters):
        params = {**required(operation), "start_time": "1700000000", "end_time": "1600000000"}
        check(served.client.get(operation.path, params=params), 422, "end_time")


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_a_blank_value_is_none(served: Served, operation: Operation) -> None:
    blank = {p["name"]: " " for p in operation.parameters if p["in"] == "query"} | required(operation)
    assert served.client.get(operation.path, params=blank).status_code == 200


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_examples_are_accepted(served: Served, operation: Operation) -> None:
    """Times apart, every documented example alone is a good question."""
    for parameter in operation.parameters:
        if parameter["name"] not in ("start_time", "end_time", "cursor"):
            params = {**required(operation), parameter["name"]: parameter["example"]}
            answer = served.client.get(operation.path, params=params)
            assert answer.status_code == 200, (parameter["name"], answer.text)


@pytest.mark.parametrize(
    "name", ["duration", "start_time", "limit", "granularity", "status_code", "group_by", "endpoint"]
)
def test_a_long_value_is_told_to_be_longer_than_what_is_shown(served: Served, name: str) -> None:
    said = served.get("requests", **{name: "9" * 200 + "\0"}).json()["error"]
    assert f"{name} '{'9' * 80}…'" in said


def test_an_error_category_that_there_is_not_is_told_which_there_are(served: Served) -> None:
    answer = served.get("errors", error_category="server")
    for name in ("'server'", "client_error, server_error, network_error, timeout_error, other", "(none)"):
        assert name in answer.json()["error"]


def test_a_stream_that_is_asked_for_like_a_page_says_what_it_is(served: Served) -> None:
    """As of a client that does not know, and of a proxy that does not pass `Upgrade` on."""
    answer = served.get("stream")
    check(answer, 426)
    assert answer.headers["Upgrade"] == "websocket"
    assert "WebSocket" in answer.json()["error"]
    assert "proxy" in answer.json()["error"]


def test_too_many_values_are_refused(served: Served) -> None:
    check(served.get("overview", endpoint=[f"/{number}" for number in range(201)]), 422, "endpoint")


def test_a_body_that_is_no_json_is_refused_like_everything_else(served: Served) -> None:
    answer = served.client.post(f"{BASE_PATH}/session", content=b"\xff{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    body = answer.json()
    assert (body["success"], body["data"]) == (False, None)
