"""A database of the first schema is brought to the latest, whole, and by whoever opens it for writing."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import apsw
import pytest

from mockforge_analytics.errors import StoreError
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.store.backup import backup, restore
from mockforge_analytics.store.check import check, verify
from mockforge_analytics.store.findings import Level
from mockforge_analytics.store.migrate import latest_version
from tests.support.naive import Req, batch
from tests.support.stores import MICROS, NOW, FixedClock, opened_committer, table_rows

if TYPE_CHECKING:
    from pathlib import Path

FIRST = resources.files("mockforge_analytics.store") / "schema" / "001_initial.sql"
TABLES = ("series_day", "endpoint_total", "ledger")
REQUESTS = [Req(NOW - 60 * i, endpoint=f"/{i % 7}", latency=i / 100) for i in range(100)]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of the first schema, as it was left with requests in its tiers and some that wait for a fold."""
    current, path = tmp_path / "current.db", tmp_path / "old.db"
    with opened_committer(current) as committer:
        committer.write([batch(REQUESTS[:70], received_at=NOW)])
        committer.fold(NOW * MICROS)
        committer.write([batch(REQUESTS[70:], received_at=NOW)])
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA auto_vacuum = 2; PRAGMA journal_mode = WAL")
    connection.execute(FIRST.read_text("utf-8"))
    connection.pragma("application_id", 0x4D464141)
    connection.pragma("user_version", 1)
    connection.execute("ATTACH ? AS current", (str(current),))
    tables = connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (name,) in tables:
        columns = ", ".join(str(column) for _, column, *_ in connection.execute(f"PRAGMA main.table_info({name})"))
        connection.execute(f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM current.{name}")  # noqa: S608 - names of our schema
    connection.close()
    path.chmod(0o600)
    return path


def test_opening_it_for_writing_brings_it_up_and_keeps_everything(old: Path) -> None:
    before = table_rows(old, *TABLES)
    (fault,) = [found for found in check(old, NOW) if found.level is Level.ERROR]
    assert fault.advice == "run `mockforge-analytics migrate`"
    with pytest.raises(StoreError, match="migrate"):
        AnalyticsDatabase.open(old, writable=False)
    with AnalyticsDatabase.open(old, clock=FixedClock()) as database:
        assert database.overview().total_requests == len(REQUESTS)
        assert database.status().schema_version == latest_version()
    verify(old, NOW)
    assert before["series_day"]
    assert table_rows(old, *TABLES) != before  # what waited is folded
    assert table_rows(old, "vital_hour") == {"vital_hour": []}


def test_a_backup_of_it_is_restored_and_brought_up(old: Path, tmp_path: Path) -> None:
    backup(old, tmp_path / "kept.db", NOW * MICROS)
    target = tmp_path / "again.db"
    restore(tmp_path / "kept.db", target, NOW * MICROS)
    with AnalyticsDatabase.open(target, clock=FixedClock()) as database:
        assert database.overview().total_requests == len(REQUESTS)
    verify(target, NOW)
