"""What reports do at their edges: zones, connections, held imports, orders and refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.window import Granularity, Window
from mockforge_analytics.query.reports.clients import clients
from mockforge_analytics.query.reports.endpoints import endpoints
from mockforge_analytics.query.reports.errors import error_events, errors
from mockforge_analytics.query.reports.overview import overview, totals
from mockforge_analytics.query.reports.patterns import traffic_patterns
from mockforge_analytics.query.reports.peaks import peaks
from mockforge_analytics.query.reports.protocols import protocols
from mockforge_analytics.query.reports.requests import requests
from mockforge_analytics.query.reports.values import dimension_values
from mockforge_analytics.query.results import Moment, Peak
from mockforge_analytics.query.spec import Order, QuerySpec
from tests import oracle
from tests.fakes.memory import MemoryReader, MemorySnapshot
from tests.traffic import DAY, HOUR, NOW, NOW_US, Row, coverage_of, row

if TYPE_CHECKING:
    from mockforge_analytics.model.plan import ReadPlan, ReadResult

QUARTER: Final = 900
BERLIN_SPRING: Final = int(datetime(2025, 3, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
BERLIN_AUTUMN: Final = int(datetime(2024, 10, 27, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
HOURS_OF_DAY: Final = 24


def state(rows: list[Row], samples: list[Row] | None = None, held: tuple[Window, ...] = ()) -> MemorySnapshot:
    """Return a database of these rows with the default retention."""
    return MemorySnapshot(rows, coverage_of(rows, held), samples or [])


def sample(second: int, value: int, source: str = "a", protocol: str = "HTTP") -> Row:
    """Return one count of active connections."""
    return {
        "timestamp": second * 1_000_000,
        "protocol": protocol,
        "workspace_id": "",
        "environment": "",
        "source": source,
        "value": value,
    }


# --- traffic patterns ---------------------------------------------------------------------------------------------


def day_of(start: int, hours: int, zone: str) -> dict[int, tuple[int, int]]:
    """Return requests and seconds of each hour of a local day with one request every quarter of an hour."""
    rows = [row(start + QUARTER * number) for number in range(4 * hours)]
    window = Window(start, start + hours * HOUR)
    got = traffic_patterns(state(rows), QuerySpec(start=window.start, end=window.end), NOW_US, zone=zone)
    assert got.window == window
    assert len({cell.day for cell in got.cells}) == 1
    return {cell.hour: (cell.request_count, cell.seconds) for cell in got.cells}


def test_the_day_clocks_go_forward_has_23_hours() -> None:
    found = day_of(BERLIN_SPRING, 23, "Europe/Berlin")
    assert found == {hour: (4, HOUR) for hour in range(HOURS_OF_DAY) if hour != 2}


def test_the_hour_that_comes_twice_is_counted_in_one_cell_and_marked() -> None:
    # Fifteen-minute totals are kept for 90 days only, but an import is held: the autumn before is there.
    rows = [row(BERLIN_AUTUMN + QUARTER * number) for number in range(100)]
    window = Window(BERLIN_AUTUMN, BERLIN_AUTUMN + 25 * HOUR)
    spec = QuerySpec(start=window.start, end=window.end)
    got = traffic_patterns(state(rows, held=(window,)), spec, NOW_US, zone="Europe/Berlin")
    assert {cell.hour: cell.seconds for cell in got.cells if cell.seconds != HOUR} == {2: 2 * HOUR}
    assert {cell.hour: cell.request_count for cell in got.cells if cell.request_count != 4} == {2: 8}
    assert {cell.day_of_week for cell in got.cells} == {0}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_zones_off_by_parts_of_an_hour_are_exact(zone: str) -> None:
    start = int(datetime(2025, 4, 4, tzinfo=UTC).timestamp())  # Lord Howe changes by half an hour on 04-06
    rows = [row(start + 600 * number + 17 * number) for number in range(500)]
    got = traffic_patterns(state(rows), QuerySpec(start=start, end=start + 4 * DAY), NOW_US, zone=zone)
    expected: dict[tuple[str, int, int], int] = {}
    for entry in oracle.selected(rows, got.window, QuerySpec()):
        key = oracle.local_hour(entry, zone)
        expected[key] = expected.get(key, 0) + 1
    assert {(cell.day.isoformat(), cell.hour, cell.day_of_week): cell.request_count for cell in got.cells} == expected
    seconds = oracle.local_seconds(got.window, zone)
    assert {(cell.day.isoformat(), cell.hour): cell.seconds for cell in got.cells} == {
        key: seconds[key] for key in ((day, hour) for day, hour, _ in expected)
    }


def test_a_zone_whose_hours_cannot_be_told_apart_is_refused_with_a_way_out() -> None:
    snapshot = state([row(NOW - 20 * DAY), row(NOW)])
    by_endpoint = QuerySpec(duration=20 * DAY, endpoint=("/",))
    with pytest.raises(QueryError, match=r"Asia/Kathmandu need buckets of 15m .* only hour is kept .* UTC") as caught:
        traffic_patterns(snapshot, by_endpoint, NOW_US, zone="Asia/Kathmandu")
    assert caught.value.field == "zone"
    assert traffic_patterns(snapshot, by_endpoint, NOW_US, zone="Europe/Berlin").cells
    assert traffic_patterns(snapshot, replace(by_endpoint, endpoint=()), NOW_US, zone="Asia/Kathmandu").cells


def test_hours_that_are_gone_are_refused_where_asked_for_and_left_out_otherwise() -> None:
    snapshot = state([row(NOW - 200 * DAY), row(NOW)])
    with pytest.raises(QueryError, match=r"need buckets of hour .* but only day is kept") as caught:
        traffic_patterns(snapshot, QuerySpec(duration=200 * DAY), NOW_US)
    assert caught.value.field == "start_time"
    got = traffic_patterns(snapshot, QuerySpec(), NOW_US)
    assert sum(cell.request_count for cell in got.cells) == 1
    assert got.warnings == ("hours are only kept from 2025-03-20 00:00:00Z on; older history is left out",)


def test_days_count_back_from_local_midnight() -> None:
    got = traffic_patterns(state([row(NOW)]), QuerySpec(), NOW_US, zone="Asia/Tokyo", days=7)
    assert got.window.start == datetime(2025, 6, 11, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
    assert len(got.week) == 7 * HOURS_OF_DAY
    assert sum(cell.seconds for cell in got.week) == got.window.seconds


@pytest.mark.parametrize(
    ("options", "spec", "field"),
    [
        ({"zone": "Mars/Olympus"}, QuerySpec(), "zone"),
        ({"zone": "../../etc/passwd"}, QuerySpec(), "zone"),
        ({"zone": ""}, QuerySpec(), "zone"),
        ({"zone": "\0"}, QuerySpec(), "zone"),
        ({"days": 0}, QuerySpec(), "days"),
        ({"days": 10**9}, QuerySpec(), "days"),
        ({"days": 7}, QuerySpec(duration=60), "days"),
    ],
)
def test_wrong_zones_and_days(options: dict[str, Any], spec: QuerySpec, field: str) -> None:
    with pytest.raises(QueryError) as caught:
        traffic_patterns(state([row(NOW)]), spec, NOW_US, **options)
    assert caught.value.field == field


# --- overview and peaks -------------------------------------------------------------------------------------------


def test_connections_add_up_the_sources_of_a_moment() -> None:
    samples = [
        sample(NOW - 100, 5),
        sample(NOW - 100, 7, "b"),
        sample(NOW - 1000, 9),
        sample(NOW - 1000, 2, protocol="gRPC"),
        sample(NOW - 5000, 99),
    ]
    snapshot = state([row(NOW - 10)], samples)
    assert overview(snapshot, QuerySpec(duration=HOUR), NOW_US).active_connections == 12
    assert totals(snapshot, QuerySpec(duration=HOUR, protocol=("grpc",)), NOW_US).active_connections == 2
    assert peaks(snapshot, QuerySpec(duration=2 * HOUR), NOW_US).active_connections == 99
    assert peaks(state([row(NOW)]), QuerySpec(duration=HOUR), NOW_US).active_connections is None


def test_connections_are_unknown_to_filters_they_cannot_answer() -> None:
    got = overview(state([row(NOW - 10)], [sample(NOW, 3)]), QuerySpec(duration=HOUR, method=("get",)), NOW_US)
    assert (got.total_requests, got.active_connections) == (1, None)
    assert "active connections are left out" in got.warnings[0]


def test_a_peak_states_its_resolution() -> None:
    burst = [row(NOW - 30) for _ in range(50)] + [row(NOW - 5 * DAY - 600 + 5 * second) for second in range(60)]
    rows = [*burst, row(NOW - 20 * DAY)]
    recent = peaks(state(rows), QuerySpec(duration=HOUR), NOW_US)
    assert recent.requests == Peak(5.0, 50, NOW - 30 - (NOW - 30) % 10, 10)
    week = peaks(state(rows), QuerySpec(duration=6 * DAY), NOW_US)
    assert (week.requests and week.requests.seconds, week.requests and week.requests.count) == (60, 50)
    month = peaks(state(rows), QuerySpec(duration=25 * DAY), NOW_US)
    assert (month.requests and month.requests.seconds, month.requests and month.requests.count) == (QUARTER, 60)
    assert month.errors is None
    # Where every series is told apart, more than 25 hours of minutes are too many: an hour may hold several bursts.
    for duration, width in ((24 * HOUR, 60), (6 * DAY, HOUR), (29 * DAY, HOUR)):
        filtered = peaks(state(rows), QuerySpec(duration=duration, method=("get",)), NOW_US).requests
        assert filtered
        assert (filtered.seconds, filtered.count) == (width, 60 if duration > 5 * DAY else 50)


def test_first_and_last_request_are_exact_where_the_database_knows_them() -> None:
    rows = [row(NOW - 3000.25), row(NOW - 2000), row(NOW - 17.5)]
    whole = overview(state(rows), QuerySpec(), NOW_US)
    assert (whole.first_request, whole.last_request) == (Moment(NOW - 3000.25, 0), Moment(NOW - 17.5, 0))
    part = overview(state(rows), QuerySpec(start=NOW - 2500), NOW_US)
    assert (part.first_request, part.last_request) == (
        Moment(NOW - 2000 - (NOW - 2000) % 10, 10),
        Moment(NOW - 17.5, 0),
    )
    # The newest request lies in the last bucket of the window, but after its end.
    older = overview(state([row(NOW - 100 * DAY), *rows]), QuerySpec(start=NOW - 100 * DAY, end=NOW - 1000), NOW_US)
    assert older.last_request == Moment(float(NOW - NOW % DAY), DAY)
    filtered = overview(state(rows), QuerySpec(protocol=("HTTP",)), NOW_US)
    assert filtered.last_request == Moment(float(NOW - 17.5 - (NOW - 17.5) % 10), 10)


def test_the_limit_of_a_question_caps_the_top_lists_only() -> None:
    rows = [row(NOW - 1, endpoint=f"/{number}", protocol=f"P{number}") for number in range(20)]
    got = overview(state(rows), QuerySpec(), NOW_US)
    assert (len(got.top_protocols), len(got.top_endpoints), got.total_requests) == (5, 10, 20)
    got = overview(state(rows), QuerySpec(limit=2), NOW_US)
    assert (len(got.top_protocols), len(got.top_endpoints), got.total_requests) == (2, 2, 20)


def test_all_of_an_old_import_is_answered() -> None:
    start = int(datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC).timestamp())
    rows = [row(start + 3000 * number, latency_us=None) for number in range(100)]
    held = Window(start, start + 3000 * 99 + 1)
    got = overview(state(rows, held=(held,)), QuerySpec(), NOW_US)
    assert (got.total_requests, got.warnings) == (100, ())
    assert got.window == Window(start - 3, start + 3000 * 99 + 57)
    assert (got.latency.count, got.latency.p95) == (0, None)
    series = requests(state(rows, held=(held,)), QuerySpec(granularity=Granularity.MINUTE), NOW_US)
    assert series.frame.get_column("request_count").sum() == len(rows)


def test_protocols_past_the_limit_are_left_out_of_a_series_and_said() -> None:
    rows = [row(NOW - 60 * number, protocol=f"P{number % 3}") for number in range(10)]
    got = requests(state(rows), QuerySpec(limit=1, duration=HOUR), NOW_US)
    assert (got.protocols, got.warnings) == (("P0",), ("2 protocols with 6 requests are left out",))
    assert got.frame.get_column("request_count").sum() == 4  # numbers 0, 3, 6 and 9


def test_one_plan_for_each_need() -> None:
    snapshot = state([row(NOW - 10)], [sample(NOW, 3)])
    overview(snapshot, QuerySpec(duration=7 * DAY), NOW_US)
    assert len(snapshot.plans) == 5
    snapshot.plans.clear()
    requests(snapshot, QuerySpec(duration=7 * DAY), NOW_US)
    assert len(snapshot.plans) == 1


def test_answers_carry_the_commit_and_the_filters() -> None:
    with MemoryReader(state([row(NOW)])).snapshot() as snapshot:
        got = protocols(snapshot, QuerySpec(protocol=("http",)), NOW_US)
    assert (got.commit, got.filters) == (7, {Dimension.PROTOCOL: ("http",)})
    assert [part.protocol for part in got.rows] == ["HTTP"]


# --- lists --------------------------------------------------------------------------------------------------------


def test_endpoints_in_an_unknown_order() -> None:
    with pytest.raises(
        QueryError, match="order 'colour' is not known; endpoints can be ordered by request_count"
    ) as caught:
        endpoints(state([]), QuerySpec(order=Order("colour")), NOW_US)
    assert caught.value.field == "order"


def test_equal_endpoints_are_ordered_by_name_both_ways() -> None:
    rows = [row(NOW - 1, endpoint=path, latency_us=None) for path in ("/c", "/a", "/b")]
    for order in (None, Order("avg_latency_ms"), Order("error_rate", ascending=True)):
        assert [part.endpoint for part in endpoints(state(rows), QuerySpec(order=order), NOW_US).rows] == [
            "/a",
            "/b",
            "/c",
        ]


def test_filters_that_need_other_facts_are_refused() -> None:
    snapshot = state([row(NOW, status_code=500)])
    with pytest.raises(QueryError, match="endpoint cannot filter this report: client rows"):
        clients(snapshot, QuerySpec(endpoint=("/",)), NOW_US)
    with pytest.raises(QueryError, match="client_ip cannot filter this report: error counts"):
        errors(snapshot, QuerySpec(client_ip=("127.0.0.1",)), NOW_US)
    with pytest.raises(QueryError, match="user_agent_family cannot filter this report: error events"):
        error_events(snapshot, QuerySpec(user_agent_family=("curl",)), NOW_US)
    assert len(error_events(snapshot, QuerySpec(client_ip=("127.0.0.1",)), NOW_US).frame) == 1


def test_affected_endpoints_are_bounded_and_counted() -> None:
    rows = [row(NOW - 1, endpoint=f"/{number:02}", status_code=500) for number in range(25)]
    (group,) = errors(state([*rows, row(NOW - 1, endpoint="/24", status_code=500)]), QuerySpec(), NOW_US).groups
    assert group.endpoints == ("/24", *(f"/{number:02}" for number in range(9)))
    assert group.endpoint_count == len(rows)


def test_details_of_many_clients_are_asked_in_blocks() -> None:
    rows = [
        row(NOW - 1, client_ip=f"10.0.{number // 250}.{number % 250}", user_agent_family="curl")
        for number in range(1100)
    ]
    snapshot = state(rows)
    got = clients(snapshot, QuerySpec(limit=2000), NOW_US)
    assert {part.agent_families for part in got.rows} == {("curl",)}
    assert {part.top_endpoints for part in got.rows} == {("/",)}
    blocks = [len(plan.filters[Dimension.CLIENT]) for plan in snapshot.plans if Dimension.CLIENT in plan.filters]
    assert blocks == [500, 500, 100]


class ApproximateSnapshot(MemorySnapshot):
    """A database that had to estimate how many clients there were."""

    def read(self, plan: ReadPlan) -> ReadResult:
        """Answer as ever, and say so."""
        return replace(super().read(plan), approximate="unique_clients" in plan.measures)


def test_an_estimate_is_said_to_be_one() -> None:
    rows = [row(NOW - 1)]
    got = clients(ApproximateSnapshot(rows, coverage_of(rows)), QuerySpec(), NOW_US)
    assert got.approximate
    assert "unique_clients is an estimate" in got.warnings[0]


def test_values_are_searched_without_their_own_filter() -> None:
    rows = [
        row(NOW - 1, endpoint=path, method=method)
        for path in ("/Users", "/users/:id", "/b")
        for method in ("GET", "PUT")
    ]
    spec = QuerySpec(endpoint=("/b",), method=("PUT",))
    got = dimension_values(state(rows), spec, NOW_US, "endpoint", search="USER")
    assert [(part.value, part.count) for part in got.values] == [("/Users", 1), ("/users/:id", 1)]
    assert got.filters == {Dimension.METHOD: ("PUT",)}
    rare = dimension_values(
        state([*rows, row(NOW, endpoint="/often")]), QuerySpec(limit=1), NOW_US, "endpoint", search="of"
    )
    assert [part.value for part in rare.values] == ["/often"]
    assert dimension_values(state(rows), replace(spec, limit=1), NOW_US, "endpoint").value_count == len(
        {"/Users", "/users/:id", "/b"}
    )


@pytest.mark.parametrize(
    ("dimension", "search", "field"),
    [("colour", "", "dimension"), ("source", "", "dimension"), ("method", "\ud800", "search")],
)
def test_wrong_dimensions_and_searches(dimension: str, search: str, field: str) -> None:
    with pytest.raises(QueryError) as caught:
        dimension_values(state([]), QuerySpec(), NOW_US, dimension, search=search)
    assert caught.value.field == field
