"""Checks of every report: what a snapshot answers for `rows` against loops over them.

`rows` are the requests that the snapshot still holds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.window import MICROSECONDS, Granularity, Window
from mockforge_analytics.query.reports.clients import clients
from mockforge_analytics.query.reports.endpoint_clients import endpoint_clients
from mockforge_analytics.query.reports.endpoints import endpoints
from mockforge_analytics.query.reports.errors import error_events, errors
from mockforge_analytics.query.reports.latency import latency_distribution, latency_trends
from mockforge_analytics.query.reports.overview import overview, totals
from mockforge_analytics.query.reports.patterns import traffic_patterns
from mockforge_analytics.query.reports.peaks import peaks
from mockforge_analytics.query.reports.protocols import protocols
from mockforge_analytics.query.reports.requests import requests
from mockforge_analytics.query.reports.statuses import status_codes
from mockforge_analytics.query.reports.values import dimension_values
from mockforge_analytics.query.spec import Order, QuerySpec
from tests import oracle
from tests.agreement import HALF_A_BUCKET, PERCENTILES, refused_because, same_figures, same_latency, same_peak
from tests.traffic import HOUR, NOW, NOW_US, coverage_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.ports import Snapshot
    from tests.traffic import Row


def covers(window: Window, spec: QuerySpec) -> bool:
    """Return whether the window has every second that was asked for and is still kept."""
    start = spec.start if spec.start is not None else NOW + 1 - (spec.duration or 0)
    end = NOW + 1 if spec.end is None else spec.end
    kept = coverage_of([]).floors["series_day"]
    return window.start <= max(start, kept) and (window.end >= end or end <= kept)


def check_overview(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    got = overview(snapshot, spec, NOW_US)
    if spec.start is not None or spec.duration is not None:
        assert covers(got.window, spec)
    found = oracle.selected(rows, got.window, spec)
    expected = oracle.figures(found, len(found))
    assert (got.total_requests, got.total_errors) == (expected["request_count"], expected["error_count"])
    assert got.error_rate == pytest.approx(expected["error_rate"])
    assert (got.total_bytes_sent, got.total_bytes_received) == (expected["bytes_sent"], expected["bytes_received"])
    assert got.requests_per_second == pytest.approx(len(found) / got.window.seconds)
    same_latency(got.latency, expected["latency"])
    classes: dict[str, int] = {}
    for entry in found:
        name = oracle.status_class(entry["status_code"])
        classes[name] = classes.get(name, 0) + 1
    assert {part.status_class: part.request_count for part in got.status_classes} == classes
    by_protocol = oracle.breakdown(found, "protocol")
    assert [(row.protocol,) for row in got.top_protocols] == [key for key, _ in by_protocol]
    by_endpoint = oracle.breakdown(found, "protocol", "method", "endpoint")[: len(got.top_endpoints)]
    for row, (key, figures) in zip(got.top_endpoints, by_endpoint, strict=True):
        assert (row.protocol, row.method or "", row.endpoint or "") == key
        same_figures(row, figures)
    times = [entry["timestamp"] / MICROSECONDS for entry in found]
    for moment, exact in ((got.first_request, min(times, default=None)), (got.last_request, max(times, default=None))):
        assert (moment is None) is (exact is None)
        if moment is not None and exact is not None:
            assert moment.at <= exact <= moment.at + moment.resolution
    same_peak(got.peak, found, "request_count")


def check_totals(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    got = totals(snapshot, spec, NOW_US)
    found = oracle.selected(rows, got.window, spec)
    assert got.total_requests == len(found)
    same_latency(got.latency, oracle.latency(found))


def check_peaks(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    got = peaks(snapshot, spec, NOW_US)
    found = oracle.selected(rows, got.window, spec)
    same_peak(got.requests, found, "request_count")
    same_peak(got.errors, found, "error_count")
    same_peak(got.bytes_sent, found, "bytes_sent")
    same_peak(got.bytes_received, found, "bytes_received")


def check_requests_over_time(
    snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec, granularity: Granularity | None
) -> None:
    spec = replace(spec, granularity=granularity)
    try:
        got = requests(snapshot, spec, NOW_US)
    except QueryError as error:
        refused_because(error, "granularity")
        return
    assert got.granularity is not None
    found = oracle.selected(rows, got.window, spec)
    assert list(got.protocols) == [key for (key,), _ in oracle.breakdown(found, "protocol")]
    starts = oracle.bucket_starts(got.window, got.granularity)
    for protocol in got.protocols:
        series = got.frame.filter(protocol=protocol)
        assert series.get_column("timestamp").to_list() == starts
        buckets = oracle.by_bucket([entry for entry in found if entry["protocol"] == protocol], got.granularity)
        groups = [buckets.get(start, []) for start in starts]
        assert series.get_column("request_count").to_list() == [len(group) for group in groups]
        assert series.get_column("error_count").to_list() == [sum(map(oracle.failed, group)) for group in groups]
        for start, group, rate in zip(starts, groups, series.get_column("requests_per_second"), strict=True):
            inside = Window(start, start + got.granularity).intersection(got.window)
            assert inside is not None
            assert rate == pytest.approx(len(group) / inside.seconds)


def check_latency_trends(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    got = latency_trends(snapshot, spec, NOW_US)
    assert got.granularity is not None
    buckets = oracle.by_bucket(oracle.selected(rows, got.window, spec), got.granularity)
    assert got.frame.get_column("timestamp").to_list() == oracle.bucket_starts(got.window, got.granularity)
    for point in got.frame.iter_rows(named=True):
        group = buckets.get(point["timestamp"], [])
        expected = oracle.latency(group)
        assert (point["request_count"], point["latency_count"]) == (len(group), expected["count"])
        for column, name in (("avg", "average"), ("min", "minimum"), ("max", "maximum")):
            exact = expected[name]
            assert point[f"{column}_latency_ms"] == (None if exact is None else pytest.approx(exact))
        for name in PERCENTILES:
            exact = expected[name]
            assert point[f"{name}_latency_ms"] == (None if exact is None else pytest.approx(exact, rel=HALF_A_BUCKET))


def check_latency_distribution(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    got = latency_distribution(snapshot, spec, NOW_US)
    found = oracle.selected(rows, got.window, spec)
    known = [entry["latency_us"] / oracle.MILLI for entry in found if entry["latency_us"] is not None]
    assert got.total_requests == len(found)
    same_latency(got.latency, oracle.latency(found))
    below = 0
    for bucket in got.frame.iter_rows(named=True):
        lower, upper = bucket["lower_ms"], bucket["upper_ms"]
        assert lower < upper or lower == upper == 0
        inside = sum(1 for value in known if (lower < value <= upper) or (value == upper == 0))
        below += inside
        assert bucket["count"] == inside > 0
        assert bucket["share"] == pytest.approx(100 * inside / len(known))
        assert bucket["cumulative_share"] == pytest.approx(100 * below / len(known))
    assert below == len(known)


def check_errors(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec, one_kind: bool) -> None:
    spec = replace(spec, error_type=("status_404",), error_category=("client_error",)) if one_kind else spec
    got = errors(snapshot, spec, NOW_US)
    expected = oracle.error_groups(oracle.selected(rows, got.window, spec))
    assert got.total_errors == sum(group["count"] for group in expected)
    assert got.group_count == len(expected)
    for group, exact in zip(got.groups, expected, strict=True):
        names = ("error_type", "error_category", "count", "last_occurrence")
        assert {name: getattr(group, name) for name in names} == {name: exact[name] for name in names}
        assert group.share == pytest.approx(exact["share"])
        assert list(group.endpoints) == exact["endpoints"]
        assert group.endpoint_count == len(exact["endpoints"])


def check_error_events_page_by_page(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec, size: int) -> None:
    spec = replace(spec, limit=size)
    page = error_events(snapshot, spec, NOW_US)
    seen = page.frame.get_column("timestamp").to_list()
    while page.next_page is not None:
        assert len(page.frame) == size
        page = error_events(snapshot, spec, NOW_US, before=page.next_page)
        seen += page.frame.get_column("timestamp").to_list()
    expected = [entry for entry in oracle.selected(rows, page.window, spec) if oracle.failed(entry)]
    assert seen == sorted((entry["timestamp"] for entry in expected), reverse=True)


def check_endpoints(
    snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec, column: str, ascending: bool, limit: int
) -> None:
    got = endpoints(snapshot, replace(spec, order=Order(column, ascending), limit=limit), NOW_US)
    found = oracle.selected(rows, got.window, spec)
    expected = dict(oracle.breakdown(found, "protocol", "method", "endpoint"))
    assert (got.total_requests, got.endpoint_count) == (len(found), len(expected))
    assert len(got.rows) == min(limit, len(expected))
    for row in got.rows:
        same_figures(row, expected[row.protocol, row.method or "", row.endpoint or ""])
    whole = endpoints(snapshot, spec, NOW_US)
    keys = [sort_key(row, column) for row in whole.rows]
    known = sorted((key for key in keys if key is not None), reverse=not ascending)
    shown = [sort_key(row, column) for row in got.rows]
    assert shown == [*known, *([None] * (len(keys) - len(known)))][:limit]


def sort_key(row: Any, column: str) -> Any:
    """Return the figure of a row that `column` orders by."""
    in_latency = {
        "avg_latency_ms": "average",
        "min_latency_ms": "minimum",
        "max_latency_ms": "maximum",
        "p50_latency_ms": "p50",
        "p95_latency_ms": "p95",
        "p99_latency_ms": "p99",
    }
    if column in in_latency:
        return getattr(row.latency, in_latency[column])
    value = getattr(row, column)
    return "" if value is None else value


def check_protocols_and_status_codes(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    by_protocol = protocols(snapshot, spec, NOW_US)
    expected = oracle.breakdown(oracle.selected(rows, by_protocol.window, spec), "protocol")
    for row, (key, figures) in zip(by_protocol.rows, expected, strict=True):
        assert (row.protocol,) == key
        same_figures(row, figures)
    by_status = status_codes(snapshot, spec, NOW_US)
    expected = oracle.breakdown(oracle.selected(rows, by_status.window, spec), "status_code")
    for status, (key, figures) in zip(by_status.rows, expected, strict=True):
        assert (status.status_code or 0,) == key
        same_figures(status, figures)
    assert sum(part.request_count for part in by_status.classes) == by_status.total_requests


def check_clients(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    got = clients(snapshot, spec, NOW_US)
    found = oracle.selected(rows, got.window, spec)
    if any("no history" in warning for warning in got.warnings):
        floor = snapshot.coverage.floors["client_hour"]
        found = [entry for entry in found if entry["timestamp"] >= floor * MICROSECONDS]
    expected = oracle.breakdown(found, "client_ip")
    assert (got.total_requests, got.unique_clients) == (len(found), len(expected))
    for row, ((address,), figures) in zip(got.rows, expected, strict=True):
        mine = [entry for entry in found if entry["client_ip"] == address]
        assert row.client_ip == address
        for name in ("request_count", "error_count", "bytes_sent", "bytes_received"):
            assert getattr(row, name) == figures[name]
        assert row.latency_count == figures["latency"]["count"]
        assert row.average_latency == (
            None if figures["latency"]["average"] is None else pytest.approx(figures["latency"]["average"])
        )
        assert list(row.agent_families) == oracle.top(mine, "user_agent_family")
        assert list(row.top_endpoints) == oracle.top(mine, "endpoint")[: len(row.top_endpoints)]


def check_endpoint_clients(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    """Check the clients of endpoints where nothing is past a cap: every count is exact."""
    got = endpoint_clients(snapshot, spec, NOW_US)
    found = oracle.selected(rows, got.window, spec)
    if any("no history" in warning for warning in got.warnings):
        floor = snapshot.coverage.floors["client_hour"]
        found = [entry for entry in found if entry["timestamp"] >= floor * MICROSECONDS]
    is_of_clients = bool(spec.client_ip or spec.user_agent_family)
    assert (got.total_requests, got.unattributed_requests) == ((None, None) if is_of_clients else (len(found), 0))
    expected = oracle.breakdown(found, "client_ip")
    assert (got.attributed_requests, got.overflow_requests, got.unique_clients) == (len(found), 0, len(expected))
    assert [row.client_ip for row in got.rows] == [address for (address,), _ in expected]
    for row, ((address,), figures) in zip(got.rows, expected, strict=True):
        mine = [entry for entry in found if entry["client_ip"] == address]
        hours = {entry["timestamp"] // MICROSECONDS // HOUR * HOUR for entry in mine}
        assert (row.request_count, row.requests_at_most) == (len(mine), len(mine))
        assert row.share == (None if is_of_clients else pytest.approx(figures["share"]))
        assert (row.first_hour, row.last_hour) == (min(hours), max(hours))
        assert list(row.agent_families) == oracle.top(mine, "user_agent_family")


def check_traffic_patterns(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec, zone: str) -> None:
    try:
        got = traffic_patterns(snapshot, spec, NOW_US, zone=zone)
    except QueryError as error:
        refused_because(error, "zone", "start_time")
        return
    found = oracle.selected(rows, got.window, spec)
    expected: dict[tuple[str, int, int], list[Row]] = {}
    for entry in found:
        expected.setdefault(oracle.local_hour(entry, zone), []).append(entry)
    cells = {(cell.day.isoformat(), cell.hour, cell.day_of_week): cell for cell in got.cells}
    assert list(cells) == sorted(expected)
    for key, group in expected.items():
        figures, cell = oracle.figures(group, len(found)), cells[key]
        assert (cell.request_count, cell.error_count) == (len(group), figures["error_count"])
        assert cell.latency_count == figures["latency"]["count"]
    week = {(cell.day_of_week, cell.hour): cell.request_count for cell in got.week}
    for (_, hour, day), group in expected.items():
        week[day, hour] -= len(group)
    assert set(week.values()) == {0}
    assert sum(cell.seconds for cell in got.week) == got.window.seconds


def unfiltered(spec: QuerySpec, dimension: str) -> QuerySpec:
    """Return the question without its filter on `dimension`."""
    kept: dict[str, Any] = {name: () for name in spec.filters if name == dimension}
    return replace(spec, **kept)


def check_dimension_values(
    snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec, dimension: str, search: str
) -> None:
    try:
        got = dimension_values(snapshot, spec, NOW_US, dimension, search=search)
    except QueryError as error:
        refused_because(error, *spec.filters)
        return
    if any("no history" in warning for warning in got.warnings):
        return
    others = unfiltered(spec, dimension)
    found = oracle.selected(rows, got.window, others)
    if dimension in ("error_type", "error_category"):
        found = [entry for entry in found if oracle.failed(entry)]
    expected = [
        (key[0], figures["request_count"])
        for key, figures in oracle.breakdown(found, dimension)
        if search.lower() in str(key[0]).lower()
    ]
    empty = 0 if dimension == "status_code" else ""
    assert [(empty if value.value is None else value.value, value.count) for value in got.values] == expected
    assert got.value_count == len(expected)


def check_windows_that_meet_add_up(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec, hours: list[int]) -> None:
    newest = NOW - NOW % HOUR
    a, b, c = sorted(newest - hour * HOUR for hour in hours)
    parts = [overview(snapshot, replace(spec, start=x, end=y), NOW_US) for x, y in ((a, b), (b, c), (a, c))]
    assert [part.window for part in parts] == [Window(a, b), Window(b, c), Window(a, c)]
    assert parts[0].total_requests + parts[1].total_requests == parts[2].total_requests
    assert parts[0].latency.count + parts[1].latency.count == parts[2].latency.count


def check_every_granularity_gives_the_same_total(snapshot: Snapshot, rows: Sequence[Row], spec: QuerySpec) -> None:
    answers = {}
    for granularity in Granularity:
        try:
            answer = requests(snapshot, replace(spec, granularity=granularity), NOW_US)
        except QueryError as error:
            refused_because(error, "granularity")
            continue
        answers[granularity] = (answer.window, answer.frame.get_column("request_count").sum())
    assert Granularity.DAY in answers
    assert len(set(answers.values())) == 1
