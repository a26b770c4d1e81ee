"""The tables of the contract, read with the SQLite of the standard library: names, columns and figures."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from mockforge_analytics.model.batch import GAUGE_SCHEMA
from mockforge_analytics.model.histogram import RELATIVE_ERROR
from tests.support.exact import nearest_rank
from tests.support.naive import Req, batch
from tests.support.stores import DAY, HOUR, MICROS, NOW, opened_committer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DIMENSIONS = ["protocol", "method", "endpoint", "status_code", "workspace_id", "environment"]
MEASURES = [
    *("request_count", "error_count", "latency_sum", "latency_min", "latency_max"),
    *("latency_p50", "latency_p95", "latency_p99", "bytes_sent", "bytes_received"),
]
COLUMNS = {  # contract.md, section 6
    "metrics_aggregates_minute": ["id", "timestamp", *DIMENSIONS, *MEASURES, "active_connections", "created_at"],
    "metrics_aggregates_hour": [
        *("id", "timestamp", *DIMENSIONS, *MEASURES),
        *("active_connections_avg", "active_connections_max", "created_at"),
    ],
    "metrics_aggregates_day": [
        *("id", "date", "timestamp", *DIMENSIONS, *MEASURES),
        *("active_connections_avg", "active_connections_max", "unique_clients", "peak_hour", "created_at"),
    ],
    "endpoint_stats": [
        *("id", "endpoint", "protocol", "method", "workspace_id", "environment", "total_requests", "total_errors"),
        *("avg_latency_ms", "min_latency_ms", "max_latency_ms", "p95_latency_ms", "status_codes"),
        *("total_bytes_sent", "total_bytes_received", "first_seen", "last_seen", "updated_at"),
    ],
    "error_events": [
        *("id", "timestamp", "protocol", "method", "endpoint", "status_code", "error_type", "error_message"),
        *("error_category", "request_id", "trace_id", "span_id", "client_ip", "user_agent", "workspace_id"),
        *("environment", "metadata", "created_at"),
    ],
    "client_analytics": [
        *("id", "timestamp", "client_ip", "user_agent", "user_agent_family", "user_agent_version", "protocol"),
        *("workspace_id", "environment", "request_count", "error_count", "avg_latency_ms", "bytes_sent"),
        *("bytes_received", "top_endpoints", "created_at"),
    ],
    "traffic_patterns": [
        *("id", "date", "hour", "day_of_week", "protocol", "workspace_id", "environment", "request_count"),
        *("error_count", "avg_latency_ms", "unique_clients", "created_at"),
    ],
    "analytics_snapshots": [
        *("id", "timestamp", "snapshot_type", "total_requests", "total_errors", "avg_latency_ms"),
        *("active_connections", "protocol_stats", "top_endpoints", "memory_usage_bytes", "cpu_usage_percent"),
        *("thread_count", "uptime_seconds", "workspace_id", "environment", "created_at"),
    ],
}
OURS = {"latency_count", "timestamp_us"}  # columns we add at the end
REQUESTS = [
    Req(
        NOW - 2 * HOUR + i * 61,
        endpoint=f"/{i % 4}",
        status=(200, 404, 500, 0)[i % 4],
        method=("GET", "")[i % 5 == 0],
        latency=None if i % 3 == 0 else (i + 1) / 800,
        workspace=("", "shop")[i % 2],
        client=f"192.0.2.{i % 6}",
        agent=("curl/8.0", "")[i % 7 == 0],
    )
    for i in range(110)
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("views") / "a.db"
    gauges = pl.DataFrame(
        [((NOW - i) * MICROS, "HTTP", "", "", source, i) for source in ("a", "b") for i in range(100)],
        schema=GAUGE_SCHEMA,
        orient="row",
    )
    with opened_committer(path) as committer:
        for start in range(0, len(REQUESTS), 25):
            committer.write([batch(REQUESTS[start : start + 25], received_at=NOW)])
        committer.write([batch([], received_at=NOW, gauges=gauges)])
        committer.fold(NOW * MICROS)
    return path


@pytest.fixture
def rows(database: Path) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield lambda select: [dict(row) for row in connection.execute(select)]


def average_ms(requests: list[Req]) -> float | None:
    known = [round(r.latency * MICROS) for r in requests if r.latency is not None]
    return sum(known) / len(known) / 1000 if known else None


def grouped(width: int, *names: str) -> dict[tuple[Any, ...], list[Req]]:
    groups: dict[tuple[Any, ...], list[Req]] = defaultdict(list)
    for r in REQUESTS:
        groups[(int(r.at) // width * width, *(getattr(r, name) or None for name in names))].append(r)
    return groups


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_are_those_of_the_contract(rows: Callable[[str], list[dict[str, Any]]], table: str) -> None:
    names = [row["name"] for row in rows(f"PRAGMA table_info({table})")]
    assert [name for name in names if name not in OURS] == COLUMNS[table]


@pytest.mark.parametrize(("table", "width"), [("minute", 60), ("hour", HOUR), ("day", DAY)])
def test_aggregates_are_the_sums_of_their_requests(
    rows: Callable[[str], list[dict[str, Any]]], table: str, width: int
) -> None:
    wanted = grouped(width, "protocol", "method", "endpoint", "status", "workspace", "environment")
    found = rows(f"SELECT * FROM metrics_aggregates_{table}")  # noqa: S608 - a name of the test
    keys = [tuple(row[name] for name in ("timestamp", *DIMENSIONS)) for row in found]
    assert sorted(keys, key=repr) == sorted(wanted, key=repr)
    for key, row in zip(keys, found, strict=True):
        check_row(row, wanted[key])


def check_row(row: dict[str, Any], requests: list[Req]) -> None:
    known = [round(r.latency * MICROS) / 1000 for r in requests if r.latency is not None]
    assert row["request_count"] == len(requests)
    assert row["error_count"] == sum(r.is_error for r in requests)
    assert row["latency_count"] == len(known)
    assert row["latency_sum"] == pytest.approx(sum(known))
    assert (row["latency_min"], row["latency_max"]) == (min(known, default=None), max(known, default=None))
    assert (row["bytes_sent"], row["bytes_received"]) == (len(requests) * 100, len(requests) * 10)
    for quantile, name in ((0.5, "latency_p50"), (0.95, "latency_p95"), (0.99, "latency_p99")):
        if known:
            assert row[name] == pytest.approx(nearest_rank(known, quantile), rel=RELATIVE_ERROR * 1.01, abs=0.001)
        else:
            assert row[name] is None


def test_connections_peaks_and_dates(rows: Callable[[str], list[dict[str, Any]]]) -> None:
    day = NOW // DAY * DAY
    hours: dict[tuple[Any, ...], Counter[int]] = defaultdict(Counter)
    for r in REQUESTS:
        hours[r.method or None, r.endpoint, r.status or None, r.workspace or None][int(r.at) % DAY // HOUR] += 1
    for row in rows("SELECT * FROM metrics_aggregates_day"):
        assert (row["date"], row["timestamp"]) == (datetime.fromtimestamp(day, UTC).date().isoformat(), day)
        counts = hours[row["method"], row["endpoint"], row["status_code"], row["workspace_id"]]
        assert row["peak_hour"] == min(counts, key=lambda hour: (-counts[hour], hour))
        own = row["workspace_id"] is None
        assert row["active_connections_max"] == (2 * 99 if own else 0)
        assert row["active_connections_avg"] == (2 * sum(range(100)) / 100 if own else 0)


def test_endpoint_stats_are_all_time_totals(rows: Callable[[str], list[dict[str, Any]]]) -> None:
    groups: dict[tuple[Any, ...], list[Req]] = defaultdict(list)
    for r in REQUESTS:
        groups[r.endpoint, r.protocol, r.method or None, r.workspace or None].append(r)
    found = rows("SELECT * FROM endpoint_stats")
    assert len(found) == len(groups)
    for row in found:
        requests = groups[row["endpoint"], row["protocol"], row["method"], row["workspace_id"]]
        assert (row["total_requests"], row["total_errors"]) == (len(requests), sum(r.is_error for r in requests))
        assert row["avg_latency_ms"] == pytest.approx(average_ms(requests))
        assert json.loads(row["status_codes"]) == Counter(str(r.status) for r in requests if r.status)
        assert (row["first_seen"], row["last_seen"]) == (min(r.at for r in requests), max(r.at for r in requests))


def test_error_events(rows: Callable[[str], list[dict[str, Any]]]) -> None:
    found = rows("SELECT * FROM error_events ORDER BY timestamp")
    errors = sorted((r for r in REQUESTS if r.is_error), key=lambda r: r.at)
    assert [(row["timestamp"], row["endpoint"], row["status_code"], row["client_ip"]) for row in found] == [
        (r.at, r.endpoint, r.status, r.client) for r in errors
    ]


def test_clients_and_patterns(rows: Callable[[str], list[dict[str, Any]]]) -> None:
    clients = grouped(HOUR, "client", "agent", "protocol", "workspace")
    found = rows("SELECT * FROM client_analytics")
    assert len(found) == len(clients)
    for row in found:
        requests = clients[row["timestamp"], row["client_ip"], row["user_agent"], row["protocol"], row["workspace_id"]]
        assert (row["request_count"], row["error_count"]) == (len(requests), sum(r.is_error for r in requests))
        counted = Counter(r.endpoint for r in requests)
        assert json.loads(row["top_endpoints"]) == sorted(counted, key=lambda name: (-counted[name], name))
    patterns = grouped(HOUR, "protocol", "workspace")
    found = rows("SELECT * FROM traffic_patterns")
    assert len(found) == len(patterns)
    for row in found:
        start = datetime.fromisoformat(f"{row['date']}T{row['hour']:02}:00:00+00:00")
        requests = patterns[int(start.timestamp()), row["protocol"], row["workspace_id"]]
        assert row["day_of_week"] == start.isoweekday() % 7
        assert row["request_count"] == len(requests)
        assert row["avg_latency_ms"] == pytest.approx(average_ms(requests))
        assert row["unique_clients"] == len({r.client for r in requests})
