"""The check is silent on a sound database, and finds every fault that is planted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import apsw
import polars as pl
import pytest

from mockforge_analytics.model.batch import GAUGE_SCHEMA, VITAL_SCHEMA
from mockforge_analytics.store.check import check
from mockforge_analytics.store.findings import Finding, Level
from mockforge_analytics.store.migrate import latest_version
from mockforge_analytics.store.retention import run_retention
from tests.support.naive import Req, batch
from tests.support.stores import DAY, HOUR, MICROS, NOW, calls, opened_committer, opened_store, settings

if TYPE_CHECKING:
    from pathlib import Path


def faults(path: Path, now: int = NOW) -> list[Finding]:
    return [finding for finding in check(path, now) if finding.level is Level.ERROR]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Requests of some days, late, held, overflowed, with errors and gauges, folded in several goes."""
    path = tmp_path / "a.db"
    with opened_committer(path, caps={"series_per_hour": 7}) as committer:
        for part in range(6):
            requests = [
                Req(
                    NOW - part * 11 * HOUR - i * 37,
                    endpoint=f"/{i % 11}",
                    status=(200, 404, 500)[i % 3],
                    workspace=("", "a", "b")[i % 3],
                    latency=None if i % 5 == 0 else i / 700,
                )
                for i in range(60)
            ]
            gauges = pl.DataFrame(
                [((NOW - part * HOUR - i) * MICROS, "HTTP", "", "", f"s{i % 2}", i) for i in range(90)],
                schema=GAUGE_SCHEMA,
                orient="row",
            )
            vitals = pl.DataFrame(
                [((NOW - part * HOUR) * MICROS, "", "", "", "s", "memory", 7.5)], schema=VITAL_SCHEMA, orient="row"
            )
            committer.write([batch(requests, received_at=NOW, gauges=gauges, vitals=vitals, bulk=part % 2 == 0)])
            if part % 3 == 1:
                committer.fold(NOW * MICROS)
        old = [Req(NOW - 500 * DAY + i * HOUR, status=500) for i in range(9)]
        committer.write([batch(old, received_at=NOW, hold="archive", bulk=True)])
    return path


def test_a_sound_database_has_no_faults_whatever_happened_to_it(database: Path) -> None:
    assert faults(database) == []
    with opened_committer(database) as committer:
        for days in (1, 8, 40, 400):
            run_retention(calls(committer), settings().retention, (NOW + days * DAY) * MICROS, trust_clock=True)
            assert faults(database, NOW + days * DAY) == []


def test_a_running_server_may_have_it_open(database: Path) -> None:
    with opened_store(database) as store:
        store.write(batch([Req(NOW)], received_at=NOW))
        found = check(database, NOW)
        assert [f for f in found if f.level is Level.ERROR] == []
        assert any(f"pid {os.getpid()}" in f.what for f in found)


@pytest.mark.parametrize(
    ("sabotage", "what"),
    [
        ("UPDATE series_hour SET bytes_sent = bytes_sent + 1", "sums of series_minute"),
        ("UPDATE series_day SET latency_max = latency_max + 1 WHERE latency_count > 0", "sums of series_6h"),
        ("DELETE FROM series_minute WHERE id = (SELECT max(id) FROM series_minute)", "sums of series_minute"),
        ("DELETE FROM scope_15m WHERE id = (SELECT max(id) FROM scope_15m)", "sums of scope_minute"),
        ("UPDATE scope_day SET error_count = error_count + 1", "sums of the series"),
        ("UPDATE series_minute SET latency_p95 = latency_p95 + 1", "percentiles that are not those"),
        ("UPDATE series_minute SET histogram = x'' WHERE latency_count > 0", "histograms that do not hold"),
        ("UPDATE series_hour SET histogram = (SELECT histogram FROM series_hour WHERE latency_count > 1)", "histogram"),
        ("UPDATE series_minute SET histogram = x'09ffff'", "histogram in the database is damaged"),
        ("UPDATE error_hour SET error_count = error_count + 1", "sums of error_minute"),
        ("DELETE FROM error_minute WHERE id = (SELECT max(id) FROM error_minute)", "not those of series_minute"),
        ("UPDATE gauge_hour SET maximum = maximum + 1", "sums of gauge_minute"),
        ("UPDATE endpoint_total SET request_count = request_count + 1", "endpoint totals"),
        ("UPDATE ledger SET stored = stored + 1", "ledger rows do not add up"),
        ("UPDATE ledger SET stored = stored + 1, received = received + 1", "ledger says"),
        ("DELETE FROM series WHERE id = (SELECT min(id) FROM series)", "refer to rows that do not exist"),
        ("UPDATE vital_hour SET samples = samples - 1", "rows of vital_hour contradict"),
        ("DELETE FROM agent", "refer to rows that do not exist"),
        ("DELETE FROM gauge_series", "names used in gauge"),
        ("UPDATE client_hour SET request_count = request_count + 100000", "client rows count more"),
        ("UPDATE scope SET slot = (slot + 1) % 64", "wrong workspace"),
        ("UPDATE pending SET requests = requests + 1", "pending row"),
        ("UPDATE pending SET payload = x'00'", "pending row of the database is damaged"),
        ("UPDATE tier_floor SET floor = 1 << 33 WHERE tier = 'series_day'", "in the future"),
        ("DELETE FROM tier_floor", "has no floor"),
        (f"PRAGMA user_version = {latest_version() + 1}", "newer version"),
        ("PRAGMA application_id = 7", "another program"),
    ],
)
def test_every_planted_fault_is_found_and_comes_with_advice(database: Path, sabotage: str, what: str) -> None:
    connection = apsw.Connection(str(database))
    connection.execute(sabotage)
    connection.close()
    found = faults(database)
    assert any(what in finding.what for finding in found), found
    assert all(finding.advice or "update" in finding.what or "choose" in finding.what for finding in found)


def test_islands_without_a_hold_are_told(database: Path) -> None:
    connection = apsw.Connection(str(database))
    connection.execute("DELETE FROM hold")
    connection.close()
    assert any("no hold covers it" in finding.what for finding in check(database, NOW))


def test_damaged_bytes_are_found(database: Path) -> None:
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 8192)
    (fault,) = faults(database)
    assert "damaged" in fault.what
    assert "restore" in fault.advice


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    assert "there is no database" in faults(tmp_path / "absent.db")[0].what
    (tmp_path / "text.db").write_text("hello " * 1000)
    assert "is not a mockforge-analytics database" in faults(tmp_path / "text.db")[0].what


def test_open_permissions_are_told_with_the_cure(database: Path) -> None:
    assert not any("other users" in finding.what for finding in check(database, NOW))
    database.chmod(0o644)
    (finding,) = (finding for finding in check(database, NOW) if "other users" in finding.what)
    assert finding.advice == f"chmod 600 {database}"


def test_worst_findings_come_first(database: Path) -> None:
    database.chmod(0o644)
    connection = apsw.Connection(str(database))
    connection.execute("UPDATE ledger SET stored = stored + 1")
    connection.close()
    order = [list(Level).index(finding.level) for finding in check(database, NOW)]
    assert order == sorted(order, reverse=True)
