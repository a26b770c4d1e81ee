"""Snapshots: right figures of closed hours and days, once, whatever the order and however often."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from mockforge_analytics.config import RetentionConfig
from mockforge_analytics.model.batch import GAUGE_SCHEMA, VITAL_SCHEMA
from mockforge_analytics.store.retention import run_retention
from mockforge_analytics.store.snapshots import SnapshotReport, write_snapshots
from tests.support.naive import Req, batch
from tests.support.stores import DAY, HOUR, MICROS, NOW, calls, opened_committer, table_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.committer import Committer

TODAY = NOW // DAY * DAY
RETENTION = RetentionConfig()
REQUESTS = [
    Req(
        TODAY - DAY + 900 * i + i % 7,
        endpoint=f"/{i % 13}",
        status=(200, 404, 500)[i % 3],
        protocol=("HTTP", "gRPC")[i % 2],
        workspace=("", "shop")[i % 5 == 0],
        latency=None if i % 4 == 0 else i / 1000,
    )
    for i in range(150)
]


def write(committer: Committer, requests: list[Req]) -> None:
    for start in range(0, len(requests), 40):
        committer.write([batch(requests[start : start + 40], received_at=NOW)])
    committer.fold(NOW * MICROS)


def snap(committer: Committer, at: int = NOW) -> SnapshotReport:
    return write_snapshots(calls(committer), RETENTION, at * MICROS)


def rows(committer: Committer) -> list[tuple[Any, ...]]:
    return list(
        committer.connection.execute(
            "SELECT snapshot_type, timestamp, coalesce(workspace_id, ''), total_requests, total_errors, "
            "avg_latency_ms, active_connections, protocol_stats, top_endpoints FROM analytics_snapshots "
            "ORDER BY 1, 2, 3"
        )
    )


def average(requests: list[Req]) -> float | None:
    known = [round(r.latency * MICROS) for r in requests if r.latency is not None]
    return sum(known) / 1000 / len(known) if known else None


def expected(requests: list[Req], kind: str, width: int, workspace: str, bucket: int) -> tuple[Any, ...]:
    inside = [r for r in requests if r.workspace == workspace and int(r.at) // width * width == bucket]
    return kind, bucket, workspace, len(inside), sum(r.is_error for r in inside), average(inside)


def test_every_closed_hour_and_day_has_the_figures_of_its_requests(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        write(committer, REQUESTS)
        report = snap(committer)
        found = rows(committer)
        places = {
            (kind, width, r.workspace, int(r.at) // width * width)
            for r in REQUESTS
            for kind, width in (("hourly", HOUR), ("daily", DAY))
            if int(r.at) // width * width + width <= NOW
        }
        wanted = sorted(expected(REQUESTS, kind, width, workspace, bucket) for kind, width, workspace, bucket in places)
        assert [row[:6] for row in found] == wanted
        assert report == SnapshotReport(len(wanted), 0)


def test_protocols_and_top_endpoints_are_of_the_same_requests(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        write(committer, REQUESTS)
        snap(committer)
        day = [r for r in REQUESTS if r.workspace == "" and r.at < TODAY]
        row = next(row for row in rows(committer) if row[:3] == ("daily", TODAY - DAY, ""))
        protocols = json.loads(row[7])
        assert {name: stats["request_count"] for name, stats in protocols.items()} == Counter(r.protocol for r in day)
        assert protocols["gRPC"]["avg_latency_ms"] == average([r for r in day if r.protocol == "gRPC"])
        top = [(item["endpoint"], item["protocol"], item["request_count"]) for item in json.loads(row[8])]
        counted = Counter((r.endpoint, r.protocol) for r in day)
        ranked = sorted(
            ((endpoint, protocol, n) for (endpoint, protocol), n in counted.items()), key=lambda t: (-t[2], t)
        )
        assert top == ranked[:10]


def test_writing_again_changes_nothing_and_late_data_corrects(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_committer(path) as committer:
        write(committer, REQUESTS[:-1])
        snap(committer)
        before = table_rows(path, "analytics_snapshots")
        assert snap(committer, NOW + 60) == SnapshotReport(0, 0)
        assert table_rows(path, "analytics_snapshots") == before
        write(committer, [Req(TODAY - DAY + 5)])
        assert snap(committer) == SnapshotReport(0, 2)
    with opened_committer(tmp_path / "b.db") as other:
        write(other, [Req(TODAY - DAY + 5), *REQUESTS[:-1]])
        snap(other)
        with opened_committer(path) as committer:
            assert rows(other) == rows(committer)


def test_an_open_hour_has_no_snapshot_yet(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        write(committer, [Req(NOW)])
        assert snap(committer) == SnapshotReport(0, 0)
        assert snap(committer, NOW + HOUR) == SnapshotReport(1, 0)
        assert snap(committer, NOW + DAY) == SnapshotReport(1, 0)


def test_connections_are_the_sum_of_the_peaks_of_all_sources(tmp_path: Path) -> None:
    samples = [("a", 3), ("a", 9), ("b", 4)]
    gauges = pl.DataFrame(
        [((NOW - HOUR) * MICROS, "HTTP", "", "", source, value) for source, value in samples],
        schema=GAUGE_SCHEMA,
        orient="row",
    )
    with opened_committer(tmp_path / "a.db") as committer:
        committer.write([batch([Req(NOW - HOUR)], received_at=NOW, gauges=gauges)])
        committer.fold(NOW * MICROS)
        snap(committer)
        assert [row[6] for row in rows(committer)] == [9 + 4]


def test_rows_outlive_their_tiers_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_committer(path) as committer:
        write(committer, REQUESTS)
        snap(committer)
        before = table_rows(path, "analytics_snapshots")
        run_retention(calls(committer), RETENTION, (NOW + 60 * DAY) * MICROS, trust_clock=True)
        assert snap(committer, NOW + 60 * DAY).corrected == 0
        kept = {row[0] for row in table_rows(path, "analytics_snapshots")["analytics_snapshots"]}
        assert kept >= {row[0] for row in before["analytics_snapshots"]}


SIGNS = [  # seconds before NOW's hour, source, name, value
    (HOUR + 30, "a", "memory", 100.0),
    (HOUR + 20, "a", "memory", 300.0),
    (HOUR + 20, "b", "memory", 50.0),
    (HOUR + 30, "a", "cpu", 10.0),
    (HOUR + 20, "a", "cpu", 30.0),
    (HOUR + 20, "b", "cpu", 60.0),
    (HOUR + 20, "a", "threads", 7.0),
    (HOUR + 30, "a", "uptime", 5000.0),
    (HOUR + 20, "a", "uptime", 10.0),  # it has started anew
    (HOUR + 20, "b", "uptime", 99.0),
    (20, "a", "memory", 900.0),
    (20, "a", "sessions", 4.0),
]
THIS_HOUR = NOW // HOUR * HOUR


def vitals(signs: list[tuple[int, str, str, float]], workspace: str = "") -> pl.DataFrame:
    samples = [
        ((THIS_HOUR - age) * MICROS, "", workspace, "", source, name, value) for age, source, name, value in signs
    ]
    return pl.DataFrame(samples, schema=VITAL_SCHEMA, orient="row")


def system_rows(committer: Committer, kind: str) -> list[tuple[Any, ...]]:
    return list(
        committer.connection.execute(
            "SELECT timestamp, total_requests, memory_usage_bytes, cpu_usage_percent, thread_count, uptime_seconds "
            "FROM analytics_snapshots WHERE snapshot_type = ? AND workspace_id IS 'mocks' ORDER BY timestamp",
            (kind,),
        )
    )


def test_what_targets_say_of_themselves_stands_beside_the_traffic(tmp_path: Path) -> None:
    before, last = THIS_HOUR - 2 * HOUR, THIS_HOUR - HOUR
    assert before // DAY == last // DAY
    with opened_committer(tmp_path / "a.db") as committer:
        for signs in (SIGNS[3:], SIGNS[:3]):  # in any order
            committer.write([batch([], received_at=NOW, vitals=vitals(signs, "mocks"))])
        committer.write([batch([Req(last, workspace="mocks")], received_at=NOW)])
        committer.fold(NOW * MICROS)
        assert snap(committer).corrected == 0
        assert system_rows(committer, "hourly") == [
            (before, 0, (100 + 300) // 2 + 50, ((10 + 30) / 2 + 60) / 2, 7, 10),
            (last, 1, 900, None, None, None),
        ]
        assert snap(committer) == SnapshotReport(0, 0)
        # A sample that comes late corrects its hour.
        committer.write([batch([], received_at=NOW, vitals=vitals([(HOUR + 5, "b", "uptime", 3.0)], "mocks"))])
        assert snap(committer) == SnapshotReport(0, 1)
        assert system_rows(committer, "hourly")[0][-1] == 3
        assert snap(committer, NOW + DAY) == SnapshotReport(1, 0)  # the day, which is closed then
        day = system_rows(committer, "daily")
        assert day == [(last // DAY * DAY, 1, round((100 + 300 + 900) / 3) + 50, ((10 + 30) / 2 + 60) / 2, 7, 3)]


def test_vital_signs_are_kept_as_long_as_snapshots(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_committer(path) as committer:
        committer.write([batch([], received_at=NOW, vitals=vitals(SIGNS))])
        kept = RETENTION.snapshots_days * DAY
        run_retention(calls(committer), RETENTION, (THIS_HOUR - HOUR + kept) * MICROS, trust_clock=True)
        assert {row[0] for row in table_rows(path, "vital_hour")["vital_hour"]} == {THIS_HOUR - HOUR}
        report = run_retention(calls(committer), RETENTION, (THIS_HOUR + kept) * MICROS, trust_clock=True)
        assert report.deleted["vital_hour"] == 2
        assert table_rows(path, "vital_hour") == {"vital_hour": []}
