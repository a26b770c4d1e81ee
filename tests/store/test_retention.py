"""Retention: what goes, what stays, in slices, for every table, and by a clock that may lie."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import apsw
import numpy as np
import polars as pl
import pytest

from mockforge_analytics.config import RetentionConfig
from mockforge_analytics.errors import StoreError
from mockforge_analytics.model.batch import GAUGE_SCHEMA, Rejection
from mockforge_analytics.model.tiers import TIERS, Fact
from mockforge_analytics.model.window import Window
from mockforge_analytics.store import retention as module
from mockforge_analytics.store.check import check
from mockforge_analytics.store.findings import Level
from mockforge_analytics.store.holds import lift_hold, list_holds
from mockforge_analytics.store.keys import bucket_starts
from mockforge_analytics.store.retention import run_retention
from tests.support.naive import Req, batch
from tests.support.stores import CELL_TABLES, DAY, HOUR, MICROS, NOW, calls, opened_committer, scalar

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.committer import Committer
    from mockforge_analytics.store.retention import RetentionReport

SHORT = RetentionConfig(
    live_hours=1,
    minute_aggregates_days=1,
    hour_aggregates_days=3,
    day_aggregates_days=6,
    error_events_days=2,
    client_analytics_days=4,
    traffic_patterns_days=5,
    snapshots_days=1,
)
TODAY = NOW // DAY * DAY
DAYS = 5


def fill(committer: Committer, first_day: int = TODAY - DAYS * DAY, days: int = DAYS) -> None:
    """Write requests, errors and gauges of every second hour of some days."""
    for hour in range(first_day + HOUR, first_day + days * DAY, 2 * HOUR):
        requests = [
            Req(hour + 7 * i, endpoint=f"/{hour % 5}", status=500 if i % 2 else 200, agent=f"curl/{hour}")
            for i in range(4)
        ]
        gauges = pl.DataFrame([(hour * MICROS, "HTTP", "", "", "proxy", 3)], schema=GAUGE_SCHEMA, orient="row")
        part = batch(requests, received_at=hour + 60, gauges=gauges, token=f"token {hour}")
        assert not isinstance(committer.write([part])[0], Exception)
    committer.fold(NOW * MICROS)


def run(committer: Committer, at: int, config: RetentionConfig = SHORT, **options: Any) -> RetentionReport:
    return run_retention(calls(committer), config, at * MICROS, **options)


def counts(path: Path, *tables: str) -> dict[str, int]:
    return {table: scalar(path, f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608 - the tests' own names


def starts(path: Path, table: str, width: int) -> list[int]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    ids = np.array(connection.execute(f"SELECT id FROM {table}").fetchall(), np.int64).reshape(-1)  # noqa: S608 - the tests' own names
    connection.close()
    return [int(start) for start in bucket_starts(ids, width)]


def test_every_tier_keeps_what_its_setting_says_and_nothing_older(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_committer(path, now=TODAY - DAYS * DAY + 2 * HOUR) as committer:
        fill(committer)
        before = {tier.name: starts(path, tier.name, tier.width) for tier in TIERS if tier.fact is not Fact.CLIENT}
        report = run(committer, NOW, trust_clock=True)
        for tier in TIERS:
            if tier.fact is Fact.CLIENT:
                continue
            kept = getattr(SHORT, tier.setting) * (HOUR if tier.setting == "live_hours" else DAY)
            floor = max((NOW - kept) // tier.block * tier.block, report.floors[tier.name])
            assert report.floors[tier.name] == floor
            expected = [start for start in before[tier.name] if start >= floor]
            assert starts(path, tier.name, tier.width) == expected
            assert report.deleted[tier.name] == len(before[tier.name]) - len(expected)
        oldest_client = scalar(path, "SELECT min(id >> 43) * 3600 FROM client_hour")
        assert oldest_client >= (NOW - SHORT.client_analytics_days * DAY) // DAY * DAY
        assert report.finished


def test_side_tables_are_trimmed_and_the_ledger_keeps_its_sums(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    sums = "SELECT sum(received), sum(stored), sum(rejected), json_extract(reasons, '$.bad') FROM ledger"
    with opened_committer(path, now=TODAY - 3 * DAY) as committer:
        fill(committer, TODAY - 2 * DAY, 2)
        bad = batch([], received_at=TODAY)
        sample = (Rejection("bad", "line 1", "x"),)
        bad = type(bad)(bad.received_at, type(bad.intake)("test", 2, {"bad": 2}, sample), bad.deltas)
        committer.write([bad])
        committer.fold(NOW * MICROS)
        before = committer.connection.execute(sums).fetchall()
        tables = ("error_events", "dedup_token", "rejected_sample", "ledger")
        filled = counts(path, *tables)
        assert all(filled.values())
        late = TODAY + 40 * DAY
        report = run(committer, late, trust_clock=True)
        assert counts(path, *tables) == {"error_events": 0, "dedup_token": 0, "rejected_sample": 0, "ledger": 1}
        assert {table: report.deleted[table] for table in tables} == filled
        assert [row[:3] for row in committer.connection.execute(sums)] == [row[:3] for row in before]
        assert committer.connection.execute("SELECT minute, reasons FROM ledger").fetchall() == [(0, '{"bad":2}')]


def test_names_nothing_refers_to_go_and_come_back_under_new_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    names = ("series", "error_series", "gauge_series", "agent")
    with opened_committer(path, now=TODAY - 3 * DAY) as committer:
        fill(committer, TODAY - 2 * DAY, 2)
        highest = {table: scalar(path, f"SELECT max(id) FROM {table}") for table in names}  # noqa: S608 - the tests' own names
        pending = [Req(NOW + 300 * DAY - 5, endpoint="/waits", status=503, agent="waits")]
        committer.write([batch(pending, received_at=NOW)])
        report = run(committer, NOW + 300 * DAY, trust_clock=True)
        assert counts(path, *names) == {"series": 1, "error_series": 1, "gauge_series": 0, "agent": 1}
        assert all(report.deleted[table] > 0 for table in names)
        committer.fold(NOW * MICROS)
        committer.write([batch([Req(NOW + 300 * DAY)], received_at=NOW)])
        assert scalar(path, "SELECT max(id) FROM series") > highest["series"]
        assert scalar(path, "SELECT count(*) FROM metrics_aggregates_day WHERE endpoint = '/waits'") == 1


def test_pending_rows_are_never_touched(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db", now=TODAY) as committer:
        committer.write([batch([Req(NOW - HOUR)], received_at=NOW)])
        run(committer, NOW + 300 * DAY, trust_clock=True)
        assert committer.pending.requests == 1


def test_space_goes_back_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE_ROWS", 50)
    monkeypatch.setattr(module, "_VACUUM_PAGES", 4)
    path = tmp_path / "a.db"
    with opened_committer(path, now=TODAY - DAYS * DAY) as committer:
        requests = [Req(TODAY - DAY + i, endpoint=f"/{i % 97}", latency=i / 1e4) for i in range(0, 20_000, 9)]
        committer.write([batch(requests, received_at=NOW, bulk=True)])
        committer.checkpoint(everything=True)
        size = path.stat().st_size
        steps: list[str] = []
        report = run(committer, NOW + 300 * DAY, trust_clock=True, progress=lambda table, _rows: steps.append(table))
        committer.checkpoint(everything=True)
        assert path.stat().st_size == size - report.bytes_freed
        assert report.bytes_freed > size // 2
        assert scalar(path, "PRAGMA freelist_count") == 0
        assert steps.count("series_minute") == -(-report.deleted["series_minute"] // 50)
        assert steps[-1] == "agent"


def test_a_stopped_run_is_taken_up_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE_ROWS", 7)
    whole, parts = tmp_path / "whole.db", tmp_path / "parts.db"
    for path in (whole, parts):
        with opened_committer(path, now=TODAY - DAYS * DAY + 2 * HOUR) as committer:
            fill(committer)
    with opened_committer(whole) as committer:
        expected = run(committer, NOW, trust_clock=True)
    runs: list[RetentionReport] = []
    with opened_committer(parts) as committer:
        while not runs or not runs[-1].finished:
            left = iter([False] * 3 * (len(runs) + 1))
            runs.append(run(committer, NOW, trust_clock=True, stopped=lambda left=left: next(left, True)))
    assert not runs[0].finished
    total = {table: sum(part.deleted.get(table, 0) for part in runs) for table in expected.deleted}
    assert total == expected.deleted
    assert counts(parts, *CELL_TABLES) == counts(whole, *CELL_TABLES)


def test_the_first_request_follows_what_is_left(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db", now=TODAY - DAYS * DAY + 2 * HOUR) as committer:
        fill(committer)
        run(committer, NOW, trust_clock=True)
        first = scalar(tmp_path / "a.db", "SELECT value FROM meta WHERE key = 'first'")
        assert first == (TODAY - DAYS * DAY + HOUR) * MICROS
        run(committer, NOW + 2 * DAY, trust_clock=True)
        first = scalar(tmp_path / "a.db", "SELECT value FROM meta WHERE key = 'first'")
        assert first == (TODAY - 4 * DAY) * MICROS  # its hours are gone, so the day is all that is known
        run(committer, NOW + 300 * DAY, trust_clock=True)
        assert scalar(tmp_path / "a.db", "SELECT count(*) FROM meta WHERE key IN ('first', 'last')") == 0


def test_live_only_trims_the_ten_seconds_and_nothing_else(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db", now=TODAY - DAYS * DAY) as committer:
        fill(committer)
        report = run(committer, NOW, trust_clock=True, live_only=True)
        assert {table for table, rows in report.deleted.items() if rows} == {"series_10s", "scope_10s", "gauge_10s"}
        assert set(report.deleted) == {"series_10s", "scope_10s", "gauge_10s"}


@pytest.mark.parametrize("lifted", [False, True])
def test_held_data_stays_in_every_tier_until_the_hold_is_lifted(tmp_path: Path, lifted: bool) -> None:
    old, path = TODAY - 20 * DAY, tmp_path / "a.db"
    requests = [Req(old + HOUR * i, status=500) for i in range(5)]
    with opened_committer(path) as committer:
        committer.write([batch(requests, received_at=NOW, hold="archive", bulk=True)])
        held = counts(path, *CELL_TABLES, "error_events")
        (hold,) = list_holds(committer.connection)
        assert (hold.window, hold.reason) == (Window(old, old + DAY), "archive")
        if lifted:
            assert lift_hold(calls(committer), hold.id) == hold
            assert committer.reach.islands == {}
        run(committer, NOW + 500 * DAY, trust_clock=True)
        left = counts(path, *CELL_TABLES, "error_events")
        assert left == (dict.fromkeys(held, 0) if lifted else held)
        with pytest.raises(StoreError, match=r"there is no hold 99: holds are"):
            lift_hold(calls(committer), 99)


def test_lifting_one_hold_leaves_what_another_needs(tmp_path: Path) -> None:
    old = TODAY - 20 * DAY
    with opened_committer(tmp_path / "a.db") as committer:
        for day, reason in ((old, "a"), (old + DAY, "a"), (old + 2 * DAY, "a"), (old + DAY, "b")):
            committer.write([batch([Req(day)], received_at=NOW, hold=reason, bulk=True)])
        first, second = list_holds(committer.connection)
        lift_hold(calls(committer), first.id)
        assert committer.reach.islands["series_minute"] == (Window(old + DAY, old + 2 * DAY),)
        lift_hold(calls(committer), second.id)
        assert committer.reach.islands == {}


class TestClock:
    """T2: a clock that jumps forward must not wipe the history; an idle database still expires."""

    @pytest.fixture
    def committer(self, tmp_path: Path) -> Any:
        with opened_committer(tmp_path / "a.db", now=NOW) as committer:
            committer.write([batch([Req(NOW)], received_at=NOW)])
            committer.fold(NOW * MICROS)
            yield committer

    def test_a_jump_forward_and_back_moves_no_floor(self, committer: Committer) -> None:
        floors = run(committer, NOW).floors
        jumped = run(committer, NOW + 365 * DAY)
        assert jumped.clock.held_back
        assert jumped.floors == floors
        assert run(committer, NOW + 60).floors == run(committer, NOW).floors

    def test_neither_do_two_jumps_with_a_right_clock_between(self, committer: Committer) -> None:
        run(committer, NOW + 365 * DAY)
        run(committer, NOW + HOUR)
        assert run(committer, NOW + 365 * DAY + DAY).clock.held_back

    def test_a_clock_that_stays_is_believed_half_a_day_later(self, committer: Committer) -> None:
        assert run(committer, NOW + 90 * DAY).clock.held_back
        assert run(committer, NOW + 90 * DAY + HOUR).clock.held_back
        report = run(committer, NOW + 90 * DAY + DAY // 2)
        assert not report.clock.held_back
        assert report.deleted["series_minute"] == 1

    def test_batches_that_arrived_meanwhile_confirm_the_clock(self, committer: Committer) -> None:
        committer.write([batch([Req(NOW + 29 * DAY)], received_at=NOW + 29 * DAY)])
        committer.fold((NOW + 30 * DAY) * MICROS)
        assert not run(committer, NOW + 30 * DAY).clock.held_back

    def test_daily_runs_follow_the_clock(self, committer: Committer) -> None:
        reports = [run(committer, NOW + day * DAY) for day in range(1, 9)]
        assert [report.clock.held_back for report in reports] == [False] * 8
        assert sum(report.deleted["series_day"] for report in reports) == 1

    def test_a_person_may_vouch_for_the_clock(self, committer: Committer) -> None:
        assert run(committer, NOW + 90 * DAY, trust_clock=True).deleted["series_day"] == 1

    def test_floors_never_sink(self, committer: Committer) -> None:
        high = run(committer, NOW + DAY).floors
        assert run(committer, NOW - 30 * DAY).floors == high


def test_a_name_that_comes_back_between_the_look_and_the_deletion_stays(tmp_path: Path) -> None:
    path, late = tmp_path / "a.db", NOW + 300 * DAY
    with opened_committer(path, now=TODAY - 3 * DAY) as committer:
        fill(committer, TODAY - 2 * DAY, 2)
        unused = counts(path, "series")["series"]
        sweeps = 0

        def call(work: Any) -> Any:
            nonlocal sweeps
            if isinstance(work, partial) and "ids" in work.keywords:
                sweeps += 1
                if sweeps == 1:
                    committer.write([batch([Req(late, endpoint="/0", agent=f"curl/{TODAY - HOUR}")], received_at=late)])
                    committer.fold(late * MICROS)
            return work(committer)

        report = run_retention(call, SHORT, late * MICROS, trust_clock=True)
    assert report.deleted["series"] == unused - 1
    assert scalar(path, "SELECT count(*) FROM metrics_aggregates_day WHERE endpoint = '/0'") == 1
    assert scalar(path, "SELECT count(*) FROM client_analytics") == 1
    assert [f.what for f in check(path, late) if f.level is Level.ERROR] == []
