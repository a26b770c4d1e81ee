"""Every filter on every route: exactly the requests that match, or a refusal that says what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.window import Window
from mockforge_analytics.query.spec import QuerySpec
from tests import oracle
from tests.api.routes import ROUTES, Route
from tests.api.traffic import ROWS

if TYPE_CHECKING:
    from tests.support.server import Served
    from tests.traffic import Row

# What is asked, and what it means.
FILTERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("protocol", {"protocol": "http"}, {"protocol": ("HTTP",)}),
    ("protocol", {"protocol": ["grpc", "MQTT"]}, {"protocol": ("gRPC", "MQTT")}),
    ("endpoint", {"endpoint": "/a,b"}, {"endpoint": ("/a,b",)}),
    ("endpoint", {"endpoint": ["=1+1", "/größe", '/"quoted"']}, {"endpoint": ("=1+1", "/größe", '/"quoted"')}),
    ("endpoint", {"endpoint": "(none)"}, {"endpoint": ("",)}),
    ("method", {"method": "post"}, {"method": ("POST",)}),
    ("method", {"method": ["DELETE", "(none)"]}, {"method": ("DELETE", "")}),
    ("status_code", {"status_code": "404"}, {"status_code": (StatusRange(404, 404),)}),
    ("status_code", {"status_code": "4xx,500"}, {"status_code": (StatusRange(400, 499), StatusRange(500, 500))}),
    (
        "status_code",
        {"status_code": ["200-302", "(none)"]},
        {"status_code": (StatusRange(200, 302), StatusRange(0, 0))},
    ),
    ("workspace_id", {"workspace_id": "shop"}, {"workspace_id": ("shop",)}),
    ("workspace_id", {"workspace_id": ["blog", "(none)"]}, {"workspace_id": ("blog", "")}),
    ("environment", {"environment": ["dev", "prod"]}, {"environment": ("dev", "prod")}),
    ("error_type", {"error_type": "http_404"}, {"error_type": ("http_404",)}),
    ("error_category", {"error_category": "server_error"}, {"error_category": ("server_error",)}),
    ("client_ip", {"client_ip": ["192.0.2.1", "2001:db8::1"]}, {"client_ip": ("192.0.2.1", "2001:db8::1")}),
    ("user_agent_family", {"user_agent_family": "curl"}, {"user_agent_family": ("curl",)}),
    ("endpoint", {"endpoint": "/nothing/like/it"}, {"endpoint": ("/nothing/like/it",)}),
]


def expected(route: Route, window: tuple[int, int], spec: QuerySpec) -> list[Row]:
    found = oracle.selected(ROWS, Window(*window), spec)
    return [entry for entry in found if oracle.failed(entry)] if route.errors_only else found


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize(("field", "asked", "meant"), FILTERS, ids=lambda value: str(value)[:40])
def test_a_filter_holds_exactly_or_is_refused(
    served: Served, name: str, field: str, asked: dict[str, Any], meant: dict[str, Any]
) -> None:
    route = ROUTES[name]
    answer = route.ask(served, **asked)
    if field not in route.filters and not (name == "dimensions" and field == "status_code"):
        body = answer.json()
        assert answer.status_code == 422
        assert (body["success"], body["data"], body["field"]) == (False, None, field)
        assert field in body["error"]
        return
    rows = expected(route, route.window(answer), QuerySpec(**meant))
    if name == "dimensions" and field == "status_code":  # a filter on the listed dimension is left out
        rows = expected(route, route.window(answer), QuerySpec())
    assert route.count(route.answer(answer)) == len(rows)


@pytest.mark.parametrize("name", ROUTES)
def test_filters_together_must_all_match(served: Served, name: str) -> None:
    route = ROUTES[name]
    answer = route.ask(served, protocol="HTTP", workspace_id="shop", environment=["dev", "prod"])
    meant = QuerySpec(protocol=("HTTP",), workspace_id=("shop",), environment=("dev", "prod"))
    rows = expected(route, route.window(answer), meant)
    assert rows
    assert route.count(route.answer(answer)) == len(rows)


@pytest.mark.parametrize("name", ROUTES)
def test_the_window_holds_for_every_figure(served: Served, name: str) -> None:
    route = ROUTES[name]
    asked = {**route.parameters, "duration": None, "start_time": "now-3h", "end_time": "now-1h", "granularity": None}
    answer = served.get(route.name, **{name: value for name, value in asked.items() if value is not None})
    start, end = route.window(answer)
    assert end - start < 4 * 3_600
    assert route.count(route.answer(answer)) == len(expected(route, (start, end), QuerySpec()))


def test_the_busiest_bucket_is_that_of_the_matching_requests(served: Served) -> None:
    data = served.data("peaks", duration="1h", method="GET")
    found = oracle.selected(
        ROWS, Window(data["meta"]["start_time"], data["meta"]["end_time"]), QuerySpec(method=("GET",))
    )
    width = data["requests"]["seconds"]
    buckets = oracle.by_bucket(found, width)
    most = max(len(rows) for rows in buckets.values())
    first = min(start for start, rows in buckets.items() if len(rows) == most)
    assert data["requests"] == {"rate": most / width, "count": most, "start": first, "seconds": width}


def test_the_answer_says_which_filters_hold(served: Served) -> None:
    meta = served.data("overview", method="get", status_code="4xx", endpoint="(none)")["meta"]
    assert meta["filters"] == {"endpoint": ["(none)"], "method": ["get"], "status_code": ["400-499"]}
