"""Upkeep: what is due is done once, and what it writes is right."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.upkeep import Upkeep
from tests.support.stores import DAY, HOUR, MICROS, NOW, FixedClock

if TYPE_CHECKING:
    from pathlib import Path

OLD: Final = 10 * DAY


class SteppedClock(FixedClock):
    """Time that passes only when `now` is moved."""

    def monotonic(self) -> float:
        return self.now


def requests(start: float, count: int) -> pl.DataFrame:
    """`count` requests, one a second from `start` (seconds) on, every fourth an error."""
    columns = {
        "timestamp": [int(start + i) * MICROS for i in range(count)],
        "protocol": ["HTTP"] * count,
        "path": ["/a"] * count,
        "status_code": [500 if i % 4 == 0 else 200 for i in range(count)],
    }
    missing = {name: [None] * count for name in REQUEST_SCHEMA if name not in columns}
    return pl.DataFrame(columns | missing, schema_overrides=REQUEST_SCHEMA).select(list(REQUEST_SCHEMA))


def count(path: Path, select: str) -> int:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (found,) = connection.execute(select).fetchone()
    connection.close()
    return int(found)


def test_retention_and_snapshots_run_once_an_interval(tmp_path: Path) -> None:
    clock = SteppedClock(NOW - OLD)
    with AnalyticsDatabase.open(tmp_path / "a.db", clock=clock) as database:
        database.write_requests(requests(NOW - OLD - 2 * HOUR, 100))
        upkeep = Upkeep(database)
        assert upkeep.run_due() is None
        clock.now = NOW - OLD + DAY
        assert upkeep.run_due() is not None
        assert upkeep.run_due() is None
        hourly = "SELECT sum(total_requests) FROM analytics_snapshots WHERE snapshot_type = 'hourly'"
        assert count(tmp_path / "a.db", hourly) == 100
        assert count(tmp_path / "a.db", "SELECT count(*) FROM series_minute") > 0
        for day in range(2, 11):
            clock.now = NOW - OLD + day * DAY
            assert upkeep.run_due() is not None
        assert count(tmp_path / "a.db", "SELECT count(*) FROM series_minute") == 0
        assert database.overview().total_requests == 100
