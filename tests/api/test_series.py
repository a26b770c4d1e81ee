"""Counts over time by any group, page after page of endpoints, and what beside the contract the answers hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.model.window import Window
from mockforge_analytics.query.spec import QuerySpec
from tests import oracle
from tests.api.traffic import ROWS
from tests.support.stores import HOUR, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.server import Served
    from tests.traffic import Row

GROUPS: dict[str, Callable[[Row], str]] = {
    "protocol": lambda entry: entry["protocol"],
    "status_class": lambda entry: f"{entry['status_code'] // 100}xx" if entry["status_code"] else "(none)",
    "status_code": lambda entry: str(entry["status_code"] or "(none)"),
    "method": lambda entry: entry["method"] or "(none)",
    "endpoint": lambda entry: entry["endpoint"] or "(none)",
    "environment": lambda entry: entry["environment"] or "(none)",
    "workspace_id": lambda entry: entry["workspace_id"] or "(none)",
    "none": lambda _entry: "(all)",
}


def found(start: int, end: int) -> list[Row]:
    return oracle.selected(ROWS, Window(start, end), QuerySpec())


def check_series(
    data: Any, rows: list[Row], label_of: Callable[[Row], str], limit: int, *, errors: bool = False
) -> None:
    """Compare every point of every line with the requests of its label and bucket."""
    width = data["meta"]["bucket_seconds"]
    starts = oracle.bucket_starts(Window(data["meta"]["start_time"], data["meta"]["end_time"]), width)
    totals = Counter(label_of(entry) for entry in rows)
    named = [line["label"] for line in data["series"] if line["label"] != "(other)"]
    assert [totals[label] for label in named] == sorted(totals.values(), reverse=True)[:limit]
    assert ("(other)" in {line["label"] for line in data["series"]}) is (len(totals) > limit)
    for line in data["series"]:
        mine = [e for e in rows if (label_of(e) if label_of(e) in named else "(other)") == line["label"]]
        buckets = oracle.by_bucket(mine, width)
        assert [point["timestamp"] for point in line["data"]] == starts
        assert line["total"] == len(mine)
        for point in line["data"]:
            here = buckets.get(point["timestamp"], [])
            assert point["value"] == len(here)
            assert point["error_count"] == sum(map(oracle.failed, here))
            inside = min(point["timestamp"] + width, starts[-1] + width, data["meta"]["end_time"])
            seconds = inside - max(point["timestamp"], data["meta"]["start_time"])
            assert point["requests_per_second"] == pytest.approx(len(here) / seconds)


@pytest.mark.parametrize("group_by", GROUPS)
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_requests_by_any_group(served: Served, group_by: str, limit: int) -> None:
    data = served.data("requests", group_by=group_by, series_limit=limit, duration="3h", granularity="15m")
    rows = found(data["meta"]["start_time"], data["meta"]["end_time"])
    check_series(data, rows, GROUPS[group_by], limit)


@pytest.mark.parametrize("group_by", ["error_category", "error_type"])
@pytest.mark.parametrize("limit", [1, 8])
def test_errors_over_time(served: Served, group_by: str, limit: int) -> None:
    data = served.data("errors/trend", group_by=group_by, series_limit=limit, duration="3h", granularity="5m")
    rows = [e for e in found(data["meta"]["start_time"], data["meta"]["end_time"]) if oracle.failed(e)]
    check_series(data, rows, lambda entry: str(entry[group_by]), limit)


def test_a_window_without_traffic_has_no_series_but_a_line_of_zeros_for_all(served: Served) -> None:
    empty = {"start_time": NOW - 2, "end_time": NOW - 1, "endpoint": "/nothing"}
    assert served.data("requests", **empty)["series"] == []
    assert served.data("errors/trend", **empty)["series"] == []
    (line,) = served.data("requests", group_by="none", **empty)["series"]
    assert (line["label"], line["total"]) == ("(all)", 0)
    assert [point["value"] for point in line["data"]] == [0]


def test_without_a_granularity_it_is_minutes_or_the_finest_that_is_kept(served: Served) -> None:
    assert served.data("requests", duration="6h")["meta"]["granularity"] == "minute"
    assert served.data("latency", duration="20d")["meta"]["granularity"] == "15m"
    assert served.data("latency", duration="20d", method="GET")["meta"]["granularity"] == "hour"
    assert served.data("requests", duration="1h", granularity="auto")["meta"]["granularity"] == "30s"


def test_many_points_become_fewer_with_a_warning(served: Served) -> None:
    data = served.data("requests", duration="6d", granularity="minute", group_by="endpoint", series_limit=50)
    assert data["meta"]["granularity"] == "5m"
    assert "more than" in data["meta"]["warnings"][0]


ORDERS = {
    "p95_latency_ms:desc": lambda item: (-item["p95_latency_ms"],),
    "error_rate:asc": lambda item: (item["error_rate"],),
    "total_requests": lambda item: (-item["total_requests"],),
    "bytes_sent:asc": lambda item: (item["bytes_sent"],),
    "endpoint:asc": lambda item: (item["endpoint"],),
}


@pytest.mark.parametrize("order", ORDERS)
def test_pages_of_endpoints_are_the_whole_list_in_order(served: Served, order: str) -> None:
    whole = served.data("endpoints", duration="3h", order=order)
    items = [item for item in whole["endpoints"] if item["latency_count"]]  # unknown figures come last
    assert items == sorted(items, key=ORDERS[order])
    pages: list[Any] = []
    for offset in range(0, whole["endpoint_count"] + 7, 7):
        page = served.data("endpoints", duration="3h", order=order, offset=offset, limit=7)
        assert page["endpoint_count"] == whole["endpoint_count"]
        pages += page["endpoints"]
    assert pages == whole["endpoints"]


@pytest.mark.parametrize("search", ["USERS", "/", "größe", '"', "nothing", "%", "_"])
def test_search_finds_what_contains_the_text(served: Served, search: str) -> None:
    data = served.data("endpoints", duration="3h", search=search)
    rows = found(data["meta"]["start_time"], data["meta"]["end_time"])
    keys = {(e["protocol"], e["method"], e["endpoint"]) for e in rows if search.lower() in e["endpoint"].lower()}
    assert {(i["protocol"], i["method"] or "", i["endpoint"]) for i in data["endpoints"]} == keys
    assert data["endpoint_count"] == len(keys)
    assert data["total_requests"] == len(rows)
    for item in data["endpoints"]:
        assert item["share"] == pytest.approx(100 * item["total_requests"] / len(rows))


@pytest.mark.parametrize("duration", ["10m", "1h", "3h", "24h", "6d", "30d", "300d"])
def test_trends_of_endpoints(served: Served, duration: str) -> None:
    data = served.data("endpoints", duration=duration, trend="true")
    width, first = data["trend_bucket_seconds"], data["trend_start"]
    rows = found(data["meta"]["start_time"], data["meta"]["end_time"])
    for item in data["endpoints"]:
        key = (item["protocol"], item["method"] or "", item["endpoint"])
        mine = [e for e in rows if (e["protocol"], e["method"], e["endpoint"]) == key]
        counts = Counter((e["timestamp"] // 1_000_000 - first) // width for e in mine)
        assert len(item["trend"]) <= 30
        assert item["trend"] == [counts[number] for number in range(len(item["trend"]))]
        assert sum(item["trend"]) == item["total_requests"]
    assert served.data("endpoints", duration=duration)["trend_start"] is None


def test_hours_of_the_week_have_latencies(served: Served) -> None:
    data = served.data("traffic-patterns", days=6, zone="Asia/Kolkata")
    rows = found(data["meta"]["start_time"], data["meta"]["end_time"])
    slots: dict[tuple[int, int], list[Row]] = {}
    for entry in rows:
        _, hour, day = oracle.local_hour(entry, "Asia/Kolkata")
        slots.setdefault((day, hour), []).append(entry)
    assert [(item["day_of_week"], item["hour"]) for item in data["week"]] == [divmod(n, 24) for n in range(168)]
    for item in data["week"]:
        here = slots.get((item["day_of_week"], item["hour"]), [])
        exact = oracle.latency(here)
        assert (item["request_count"], item["latency_count"]) == (len(here), exact["count"])
        assert item["avg_latency_ms"] == pytest.approx(exact["average"] or 0)


def test_values_of_a_dimension(served: Served) -> None:
    data = served.data("dimensions", dimension="endpoint", search="/", duration="3h")
    rows = found(data["meta"]["start_time"], data["meta"]["end_time"])
    counts = Counter(e["endpoint"] for e in rows if "/" in e["endpoint"])
    assert {item["value"]: item["count"] for item in data["values"]} == counts
    absent = served.data("dimensions", dimension="status_code", duration="3h")
    assert None in {item["value"] for item in absent["values"]}


def test_the_distribution_adds_up(served: Served) -> None:
    data = served.data("latency/distribution", duration="3h")
    rows = found(data["meta"]["start_time"], data["meta"]["end_time"])
    known = [entry["latency_us"] / 1_000 for entry in rows if entry["latency_us"] is not None]
    assert (data["total_requests"], data["latency_count"]) == (len(rows), len(known))
    for bucket in data["buckets"]:
        inside = sum(bucket["lower_ms"] < value <= bucket["upper_ms"] for value in known)
        assert bucket["count"] == inside
    assert data["buckets"][-1]["cumulative_share"] == pytest.approx(100)


def test_endpoint_clients(served: Served) -> None:
    data = served.data("endpoints/clients", duration=3 * HOUR, endpoint=["/orders", "(none)"], workspace_id="shop")
    rows = [
        entry
        for entry in found(data["meta"]["start_time"], data["meta"]["end_time"])
        if entry["endpoint"] in ("/orders", "") and entry["workspace_id"] == "shop"
    ]
    expected = oracle.breakdown(rows, "client_ip")
    totals = ("total_requests", "attributed_requests", "unattributed_requests", "overflow_requests", "unique_clients")
    assert [data[name] for name in totals] == [len(rows), len(rows), 0, 0, len(expected)]
    assert data["meta"]["filters"] == {"endpoint": ["/orders", "(none)"], "workspace_id": ["shop"]}
    for item, ((address,), figures) in zip(data["clients"], expected, strict=True):
        mine = [entry for entry in rows if entry["client_ip"] == address]
        hours = {entry["timestamp"] // 1_000_000 // HOUR * HOUR for entry in mine}
        assert item == {
            "client_ip": address,
            "request_count": len(mine),
            "requests_at_most": len(mine),
            "share": pytest.approx(figures["share"]),
            "first_hour": min(hours),
            "last_hour": max(hours),
            "agent_families": oracle.top(mine, "user_agent_family"),
        }


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "endpoint"),
        ({"endpoint": " "}, "endpoint"),
        ({"endpoint": "__overflow__"}, "endpoint"),
        ({"endpoint": "/orders", "user_agent": "x" * 5_000}, "user_agent"),
    ],
)
def test_whose_clients_are_asked_for_must_be_said(served: Served, asked: dict[str, str], field: str) -> None:
    answer = served.get("endpoints/clients", **asked)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_clients(served: Served) -> None:
    data = served.data("clients", duration=3 * HOUR)
    rows = found(data["meta"]["start_time"], data["meta"]["end_time"])
    expected = oracle.breakdown(rows, "client_ip")
    assert data["unique_clients"] == len(expected)
    for item, ((address,), figures) in zip(data["clients"], expected, strict=True):
        mine = [entry for entry in rows if entry["client_ip"] == address]
        assert (item["client_ip"], item["request_count"]) == (address, figures["request_count"])
        assert item["latency_count"] == figures["latency"]["count"]
        assert item["agent_families"] == oracle.top(mine, "user_agent_family")
        assert item["top_endpoints"] == oracle.top(mine, "endpoint")[:5]
