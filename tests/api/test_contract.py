"""A client that knows only the contract works unchanged, and gets the figures of the requests that were written."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.model.window import Window
from mockforge_analytics.query.spec import QuerySpec
from tests import oracle
from tests.api.traffic import ROWS
from tests.support.contract import CSV_HEADER, EXPORT_KEYS, FIELDS, ContractClient, check_fields
from tests.support.stores import DAY, HOUR, NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.server import Served
    from tests.traffic import Row

MICRO = 1_000_000
ONE_PERCENT_AND_A_HALF_BUCKET = 0.011


@pytest.fixture
def contract(served: Served) -> ContractClient:
    return ContractClient(served.client)


def within(rows: Sequence[Row], seconds: int) -> list[Row]:
    """Return the requests of the last `seconds`."""
    return oracle.selected(rows, Window(NOW - seconds, NOW), QuerySpec())


def average_ms(rows: Sequence[Row]) -> float:
    return float(oracle.latency(rows)["average"] or 0)


@pytest.mark.parametrize("route", FIELDS)
def test_every_field_has_its_name_and_type(contract: ContractClient, route: str) -> None:
    data = contract.get(route, duration=6 * HOUR)
    for name, fields in FIELDS[route].items():
        items = data[name] if name else [data]
        assert items
        for item in items:
            check_fields(item, fields)


def test_overview(contract: ContractClient) -> None:
    data = contract.get("overview", duration=HOUR)
    rows = within(ROWS, HOUR)
    exact = oracle.latency(rows)
    assert data["total_requests"] == len(rows)
    assert data["total_errors"] == sum(oracle.failed(entry) for entry in rows)
    assert data["error_rate"] == pytest.approx(100 * data["total_errors"] / len(rows))
    assert data["requests_per_second"] == pytest.approx(len(rows) / HOUR)
    assert data["avg_latency_ms"] == pytest.approx(exact["average"])
    assert data["p95_latency_ms"] == pytest.approx(exact["p95"], rel=ONE_PERCENT_AND_A_HALF_BUCKET)
    assert data["p99_latency_ms"] == pytest.approx(exact["p99"], rel=ONE_PERCENT_AND_A_HALF_BUCKET)
    assert data["total_bytes_sent"] == sum(entry["bytes_sent"] for entry in rows)
    assert data["total_bytes_received"] == sum(entry["bytes_received"] for entry in rows)
    protocols = Counter(entry["protocol"] for entry in rows)
    assert [(item["protocol"], item["request_count"]) for item in data["top_protocols"]] == protocols.most_common(5)
    counts = Counter((entry["endpoint"], entry["protocol"], entry["method"] or None) for entry in rows)
    got = [item["request_count"] for item in data["top_endpoints"]]
    assert got == [count for _, count in counts.most_common(10)]
    for item in data["top_endpoints"]:
        assert item["request_count"] == counts[item["endpoint"], item["protocol"], item["method"]]


def test_requests(contract: ContractClient) -> None:
    series = contract.get("requests", duration=HOUR)["series"]
    expected: dict[str, Counter[int]] = {}
    for entry in within(ROWS, HOUR):
        second = entry["timestamp"] // MICRO
        expected.setdefault(entry["protocol"], Counter())[second - second % 60] += 1
    assert {item["label"] for item in series} == set(expected)
    for item in series:
        points = {point["timestamp"]: point["value"] for point in item["data"]}
        assert list(points) == sorted(points)
        assert {start: value for start, value in points.items() if value} == expected[item["label"]]


@pytest.mark.parametrize(("name", "width"), [("minute", 60), ("hour", 3_600), ("day", 86_400)])
def test_every_granularity_has_the_same_total(contract: ContractClient, name: str, width: int) -> None:
    series = contract.get("requests", start_time=NOW - 6 * DAY, end_time=NOW, granularity=name)["series"]
    assert all(point["timestamp"] % width == 0 for item in series for point in item["data"])
    assert sum(point["value"] for item in series for point in item["data"]) == len(within(ROWS, 6 * DAY))


def test_latency(contract: ContractClient) -> None:
    trends = contract.get("latency", duration=HOUR)["trends"]
    assert all(later["timestamp"] - earlier["timestamp"] == 60 for earlier, later in pairwise(trends))
    buckets = oracle.by_bucket(within(ROWS, HOUR), 60)
    for item in trends:
        exact = oracle.latency(buckets.get(item["timestamp"], []))
        assert item["avg"] == pytest.approx(exact["average"] or 0)
        assert item["min"] == pytest.approx(exact["minimum"] or 0)
        assert item["max"] == pytest.approx(exact["maximum"] or 0)
        for part in ("p50", "p95", "p99"):
            assert item[part] == pytest.approx(exact[part] or 0, rel=ONE_PERCENT_AND_A_HALF_BUCKET)


def test_errors(contract: ContractClient) -> None:
    errors = contract.get("errors", duration=6 * HOUR)["errors"]
    expected = oracle.error_groups(within(ROWS, 6 * HOUR))
    names = ("error_type", "error_category", "count")
    assert [[item[name] for name in names] for item in errors] == [[item[name] for name in names] for item in expected]
    for item, group in zip(errors, expected, strict=True):
        assert set(item["endpoints"]) == set(group["endpoints"][:10])
        last = datetime.fromisoformat(item["last_occurrence"])
        assert last.timestamp() == pytest.approx(group["last_occurrence"], abs=1e-5)
    assert len(contract.get("errors", duration=6 * HOUR, limit=2)["errors"]) == 2


def test_endpoints(contract: ContractClient) -> None:
    endpoints = contract.get("endpoints", duration=6 * HOUR)["endpoints"]
    expected = oracle.breakdown(within(ROWS, 6 * HOUR), "protocol", "method", "endpoint")
    assert len(endpoints) == len(expected)
    counts = [item["total_requests"] for item in endpoints]
    assert counts == sorted(counts, reverse=True)
    by_key = dict(expected)
    for item in endpoints:
        figures = by_key[item["protocol"], item["method"] or "", item["endpoint"]]
        assert item["total_requests"] == figures["request_count"]
        assert item["total_errors"] == figures["error_count"]
        assert item["error_rate"] == pytest.approx(figures["error_rate"])
        assert item["avg_latency_ms"] == pytest.approx(figures["latency"]["average"] or 0)
        assert (item["bytes_sent"], item["bytes_received"]) == (figures["bytes_sent"], figures["bytes_received"])


def test_protocols(contract: ContractClient) -> None:
    protocols = contract.get("protocols", duration=6 * HOUR)["protocols"]
    expected = oracle.breakdown(within(ROWS, 6 * HOUR), "protocol")
    got = [(item["protocol"], item["request_count"], item["error_count"]) for item in protocols]
    assert got == [(key, figures["request_count"], figures["error_count"]) for (key,), figures in expected]


@pytest.mark.parametrize("name", ["days", "limit"])
def test_traffic_patterns(contract: ContractClient, name: str) -> None:
    patterns = contract.get("traffic-patterns", **{name: 3})["patterns"]
    midnight = NOW - NOW % DAY - 3 * DAY
    expected: dict[tuple[str, int], list[Row]] = {}
    for entry in oracle.selected(ROWS, Window(midnight, NOW), QuerySpec()):
        moment = datetime.fromtimestamp(entry["timestamp"] // MICRO, UTC)
        expected.setdefault((moment.date().isoformat(), moment.hour), []).append(entry)
    assert [(item["date"], item["hour"]) for item in patterns] == sorted(expected)
    for item in patterns:
        rows = expected[item["date"], item["hour"]]
        assert item["request_count"] == len(rows)
        assert item["error_count"] == sum(map(oracle.failed, rows))
        assert item["avg_latency_ms"] == pytest.approx(average_ms(rows))
        assert item["day_of_week"] == datetime.fromisoformat(item["date"]).isoweekday() % 7


def cells(rows: Sequence[Row]) -> dict[tuple[Any, ...], list[Row]]:
    """Return the requests of each minute and series that the CSV tells apart."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for entry in rows:
        second = entry["timestamp"] // MICRO
        names = ("protocol", "method", "endpoint", "status_code")
        found.setdefault((second - second % 60, *(entry[name] for name in names)), []).append(entry)
    return found


def test_csv_export(contract: ContractClient) -> None:
    text = contract.text("export/csv", duration=HOUR)
    assert text.startswith(f"{CSV_HEADER}\n")
    rows = list(csv.DictReader(io.StringIO(text)))
    times = [int(item["timestamp"]) for item in rows]
    assert times == sorted(times, reverse=True)
    expected = cells(within(ROWS, HOUR))
    got: Counter[tuple[Any, ...]] = Counter()
    sent: Counter[tuple[Any, ...]] = Counter()
    for item in rows:
        endpoint = item["endpoint"].removeprefix("'")
        key = (int(item["timestamp"]), item["protocol"], item["method"], endpoint, int(item["status_code"]))
        got[key] += int(item["request_count"])
        sent[key] += int(item["bytes_sent"])
        assert item["avg_latency_ms"].split(".")[1].isdigit()
        assert len(item["p95_latency_ms"].split(".")[1]) == 2
    assert got == {key: len(entries) for key, entries in expected.items()}
    assert +sent == +Counter({key: sum(entry["bytes_sent"] for entry in rows) for key, rows in expected.items()})


def test_json_export(contract: ContractClient) -> None:
    items = json.loads(contract.text("export/json", duration=HOUR))
    assert [list(item) for item in items] == [EXPORT_KEYS] * len(items)
    rows = within(ROWS, HOUR)
    assert sum(item["request_count"] for item in items) == len(rows)
    known = [entry["latency_us"] for entry in rows if entry["latency_us"] is not None]
    assert sum(item["latency_sum"] for item in items) == pytest.approx(sum(known) / 1_000)
    assert max(item["latency_max"] or 0 for item in items) == max(known) / 1_000
    assert {item["method"] for item in items} == {entry["method"] or None for entry in rows}
    assert {item["status_code"] for item in items} == {entry["status_code"] or None for entry in rows}


def test_both_bounds_give_the_window_and_a_lone_bound_is_completed(contract: ContractClient) -> None:
    whole = Window(NOW - 2 * HOUR, NOW - HOUR)
    expected = len(oracle.selected(ROWS, whole, QuerySpec()))
    for bounds in (
        {"start_time": whole.start, "end_time": whole.end},
        {"start_time": whole.start, "duration": HOUR},
        {"end_time": whole.end},
    ):
        assert contract.get("overview", **bounds)["total_requests"] == expected


def test_unknown_parameters_are_ignored(contract: ContractClient) -> None:
    assert contract.get("overview", colour="green")["total_requests"] == len(within(ROWS, HOUR))
