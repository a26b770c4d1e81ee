"""Every report on random traffic, filters and windows, from the SQLite store: pending, half folded, and folded.

The caches of the store stay warm from one state to the next, as in a server.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from mockforge_analytics.model.window import MICROSECONDS, Granularity
from mockforge_analytics.query.reports.endpoints import ENDPOINT_ORDERS
from mockforge_analytics.query.reports.values import LISTED_DIMENSIONS
from tests import report_checks as checks
from tests.support.naive import Req, batch
from tests.support.stores import FixedClock, fold, opened_store
from tests.traffic import (
    CLIENT_FILTERS,
    ENDPOINT_CLIENT_FILTERS,
    NOW,
    SERIES_FILTERS,
    TRAFFIC,
    ZONES,
    coverage_of,
    is_kept,
    questions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec
    from mockforge_analytics.store.sqlite import SqliteStore
    from tests.traffic import Row

EVERY_EVENT = {"error_events_per_minute": 10_000, "error_events_per_minute_total": 100_000}


def request(entry: Row) -> Req:
    """Return a row of the traffic as the naive rollup takes it."""
    latency = entry["latency_us"]
    return Req(
        at=entry["timestamp"] / MICROSECONDS,
        endpoint=entry["endpoint"],
        status=entry["status_code"],
        method=entry["method"],
        latency=None if latency is None else latency / MICROSECONDS,
        protocol=entry["protocol"],
        workspace=entry["workspace_id"],
        environment=entry["environment"],
        sent=entry["bytes_sent"],
        received=entry["bytes_received"],
        client=entry["client_ip"],
        agent=entry["user_agent"],
    )


def written(store: SqliteStore, rows: Sequence[Row]) -> None:
    if rows:
        store.write(batch([request(entry) for entry in rows], received_at=NOW))


@st.composite
def quizzes(draw: st.DrawFn) -> Quiz:
    """Draw one question of each kind."""
    return Quiz(
        spec=draw(questions()),
        of_clients=draw(questions(CLIENT_FILTERS)),
        of_endpoint=draw(questions(ENDPOINT_CLIENT_FILTERS)),
        granularity=draw(st.sampled_from([None, *Granularity])),
        order=(draw(st.sampled_from(ENDPOINT_ORDERS)), draw(st.booleans()), draw(st.integers(1, 12))),
        values=(draw(st.sampled_from(LISTED_DIMENSIONS)), draw(st.sampled_from(["", "O", "4", ":id", "zzz"]))),
        zone=draw(st.sampled_from(ZONES)),
        size=draw(st.integers(1, 5)),
        meeting=(draw(SERIES_FILTERS), draw(st.lists(st.integers(0, 29 * 24), min_size=3, max_size=3, unique=True))),
    )


@dataclass(frozen=True)
class Quiz:
    """Questions of every kind, and what their checks take beside them."""

    spec: QuerySpec
    of_clients: QuerySpec
    of_endpoint: QuerySpec
    granularity: Granularity | None
    order: tuple[str, bool, int]
    values: tuple[str, str]
    zone: str
    size: int
    meeting: tuple[QuerySpec, list[int]]

    def check(self, snapshot: Snapshot, rows: Sequence[Row]) -> None:
        spec = self.spec
        checks.check_overview(snapshot, rows, spec)
        checks.check_totals(snapshot, rows, spec)
        checks.check_peaks(snapshot, rows, spec)
        checks.check_requests_over_time(snapshot, rows, spec, self.granularity)
        checks.check_latency_trends(snapshot, rows, spec)
        checks.check_latency_distribution(snapshot, rows, spec)
        checks.check_errors(snapshot, rows, spec, one_kind=self.size > 3)
        checks.check_error_events_page_by_page(snapshot, rows, spec, self.size)
        checks.check_endpoints(snapshot, rows, spec, *self.order)
        checks.check_protocols_and_status_codes(snapshot, rows, spec)
        checks.check_clients(snapshot, rows, self.of_clients)
        checks.check_endpoint_clients(snapshot, rows, self.of_endpoint)
        checks.check_traffic_patterns(snapshot, rows, spec, self.zone)
        checks.check_dimension_values(snapshot, rows, spec, *self.values)
        checks.check_windows_that_meet_add_up(snapshot, rows, *self.meeting)
        checks.check_every_granularity_gives_the_same_total(snapshot, rows, spec)


def check(store: SqliteStore, quizzes: Sequence[Quiz], rows: Sequence[Row]) -> None:
    with store.snapshot() as snapshot:
        for quiz in quizzes:
            quiz.check(snapshot, rows)


@settings(max_examples=12)
@given(TRAFFIC, TRAFFIC, quizzes(), quizzes())
def test_every_report(early: list[Row], late: list[Row], one: Quiz, other: Quiz) -> None:
    coverage = coverage_of([])
    kept = [[entry for entry in rows if is_kept(entry["timestamp"], coverage)] for rows in (early, late)]
    with (
        tempfile.TemporaryDirectory() as folder,
        opened_store(Path(folder) / "a.db", FixedClock(NOW), caps=EVERY_EVENT) as store,
    ):
        written(store, early)
        check(store, (one, other), kept[0])
        fold(store, NOW)
        check(store, (one, other), kept[0])
        written(store, late)
        check(store, (one, other), [*kept[0], *kept[1]])
        fold(store, NOW)
        check(store, (one, other), [*kept[0], *kept[1]])
