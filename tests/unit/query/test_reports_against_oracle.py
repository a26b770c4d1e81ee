"""Every report on random traffic, filters and windows, from a store in memory that is itself a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.reports.endpoints import ENDPOINT_ORDERS
from mockforge_analytics.query.reports.values import LISTED_DIMENSIONS
from tests.agreement import state
from tests.report_checks import (
    check_clients,
    check_dimension_values,
    check_endpoint_clients,
    check_endpoints,
    check_error_events_page_by_page,
    check_errors,
    check_every_granularity_gives_the_same_total,
    check_latency_distribution,
    check_latency_trends,
    check_overview,
    check_peaks,
    check_protocols_and_status_codes,
    check_requests_over_time,
    check_totals,
    check_traffic_patterns,
    check_windows_that_meet_add_up,
)
from tests.traffic import CLIENT_FILTERS, ENDPOINT_CLIENT_FILTERS, SERIES_FILTERS, TRAFFIC, ZONES, questions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.query.spec import QuerySpec
    from tests.fakes.memory import MemorySnapshot
    from tests.traffic import Row


def held(rows: list[Row]) -> tuple[MemorySnapshot, Sequence[Row]]:
    """Return a snapshot, and the rows that it still holds."""
    snapshot = state(rows)
    return snapshot, snapshot.rows


@given(TRAFFIC, questions())
def test_overview(rows: list[Row], spec: QuerySpec) -> None:
    check_overview(*held(rows), spec)


@given(TRAFFIC, questions())
def test_totals_are_those_of_the_overview_of_the_same_window(rows: list[Row], spec: QuerySpec) -> None:
    check_totals(*held(rows), spec)


@given(TRAFFIC, questions())
def test_peaks(rows: list[Row], spec: QuerySpec) -> None:
    check_peaks(*held(rows), spec)


@given(TRAFFIC, questions(), st.sampled_from([None, *Granularity]))
def test_requests_over_time(rows: list[Row], spec: QuerySpec, granularity: Granularity | None) -> None:
    check_requests_over_time(*held(rows), spec, granularity)


@given(TRAFFIC, questions())
def test_latency_trends(rows: list[Row], spec: QuerySpec) -> None:
    check_latency_trends(*held(rows), spec)


@given(TRAFFIC, questions())
def test_latency_distribution(rows: list[Row], spec: QuerySpec) -> None:
    check_latency_distribution(*held(rows), spec)


@given(TRAFFIC, questions(), st.booleans())
def test_errors(rows: list[Row], spec: QuerySpec, one_kind: bool) -> None:
    check_errors(*held(rows), spec, one_kind)


@given(TRAFFIC, questions(), st.integers(1, 5))
def test_error_events_page_by_page(rows: list[Row], spec: QuerySpec, size: int) -> None:
    check_error_events_page_by_page(*held(rows), spec, size)


@given(TRAFFIC, questions(), st.sampled_from(ENDPOINT_ORDERS), st.booleans(), st.integers(1, 12))
def test_endpoints(rows: list[Row], spec: QuerySpec, column: str, ascending: bool, limit: int) -> None:
    check_endpoints(*held(rows), spec, column, ascending, limit)


@given(TRAFFIC, questions())
def test_protocols_and_status_codes(rows: list[Row], spec: QuerySpec) -> None:
    check_protocols_and_status_codes(*held(rows), spec)


@given(TRAFFIC, questions(CLIENT_FILTERS))
def test_clients(rows: list[Row], spec: QuerySpec) -> None:
    check_clients(*held(rows), spec)


@given(TRAFFIC, questions(ENDPOINT_CLIENT_FILTERS))
def test_endpoint_clients(rows: list[Row], spec: QuerySpec) -> None:
    check_endpoint_clients(*held(rows), spec)


@given(TRAFFIC, questions(), st.sampled_from(ZONES))
def test_traffic_patterns(rows: list[Row], spec: QuerySpec, zone: str) -> None:
    check_traffic_patterns(*held(rows), spec, zone)


@given(TRAFFIC, questions(), st.sampled_from(LISTED_DIMENSIONS), st.sampled_from(["", "O", "4", ":id", "zzz"]))
def test_dimension_values(rows: list[Row], spec: QuerySpec, dimension: str, search: str) -> None:
    check_dimension_values(*held(rows), spec, dimension, search)


@given(TRAFFIC, SERIES_FILTERS, st.lists(st.integers(0, 29 * 24), min_size=3, max_size=3, unique=True))
def test_windows_that_meet_add_up(rows: list[Row], spec: QuerySpec, hours: list[int]) -> None:
    check_windows_that_meet_add_up(*held(rows), spec, hours)


@given(TRAFFIC, questions())
def test_every_granularity_gives_the_same_total(rows: list[Row], spec: QuerySpec) -> None:
    check_every_granularity_gives_the_same_total(*held(rows), spec)
