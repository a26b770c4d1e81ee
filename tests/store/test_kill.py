"""SIGKILL at every failpoint: whole before, whole after, and the same in the end.

S1, S2 and S3 of the fault plan: a real process kills itself; the database it leaves is opened, checked with every
invariant, the work is done again, and every table is compared with a run that was left alone.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.store.check import check, verify
from mockforge_analytics.store.findings import Level
from mockforge_analytics.store.migrate import latest_version
from tests.support.crash import PROGRAMS, RETAINED_AFTER, SIGKILLED, Trigger, points, run_killed
from tests.support.stores import CELL_TABLES, NOW, table_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

SAME = (
    *CELL_TABLES,
    *("endpoint_total", "error_events", "client_sketch", "series", "scope", "error_series", "gauge_series", "agent"),
    *("tier_floor", "hold", "island", "source_position", "dedup_token", "pending"),
)
NUMBERED_BY_FOLDS = ("error_events", "endpoint_total")  # in the order of the folds, which a kill may change


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    found = table_rows(path, *SAME)
    return found | {table: sorted((row[1:] for row in found[table]), key=repr) for table in NUMBERED_BY_FOLDS}


def faults(path: Path, now: int = NOW) -> list[str]:
    return [finding.what for finding in check(path, now) if finding.level is Level.ERROR]


def copied(source: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy2(source, folder / "live.db"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that the program `ingest` made, undisturbed."""
    path = tmp_path_factory.mktemp("filled") / "live.db"
    PROGRAMS["ingest"](path, Trigger())
    return path


def test_ingest_and_fold(tmp_path: Path, filled: Path) -> None:
    expected = rows(filled)
    assert faults(filled) == []
    wanted = points("ingest", tmp_path / "count.db", at_most=4)
    for number in wanted:
        path = tmp_path / f"{number}.db"
        assert run_killed("ingest", path, number) == SIGKILLED
        if path.stat().st_size:
            assert schema_or_whole(path) == []
        PROGRAMS["ingest"](path, Trigger())  # every batch again, with its token
        assert rows(path) == expected, f"killed at point {number}"


def schema_or_whole(path: Path) -> list[str]:
    """Return the faults of a database; one that was killed before its last migration has an older schema at most."""
    found, latest = faults(path), latest_version()
    older = [[f"the database has schema {version}, this program writes {latest}"] for version in range(latest)]
    return [] if found in older else found


def test_retention(tmp_path: Path, filled: Path) -> None:
    undisturbed = copied(filled, tmp_path / "undisturbed")
    wanted = points("retain", undisturbed, at_most=4)
    expected = rows(undisturbed)
    assert expected != rows(filled)
    for number in wanted:
        path = copied(filled, tmp_path / str(number))
        assert run_killed("retain", path, number) == SIGKILLED
        assert faults(path, NOW + RETAINED_AFTER) == [], f"killed at point {number}"
        PROGRAMS["retain"](path, Trigger())
        assert rows(path) == expected, f"killed at point {number}"


def test_backup(tmp_path: Path, filled: Path) -> None:
    expected = rows(filled)
    counted = copied(filled, tmp_path / "count")
    for number in points("save", counted, at_most=3):
        path = copied(filled, tmp_path / str(number))
        saved = path.with_name("saved.db")
        assert run_killed("save", path, number) == SIGKILLED
        if saved.exists():
            verify(saved, NOW)
        assert rows(path) == expected
        PROGRAMS["save"](path, Trigger())
        assert rows(saved) == expected
        assert {p.name for p in path.parent.iterdir()} <= {"live.db", "saved.db", "live.db-shm", "live.db-wal"}


def test_restore(tmp_path: Path, filled: Path) -> None:
    """The database is the old or the new one at every instant, and the old one is never lost."""
    new = rows(filled)
    aged = copied(filled, tmp_path / "aged")
    PROGRAMS["retain"](aged, Trigger())
    old = rows(aged)
    counted = copied(aged, tmp_path / "count")
    shutil.copy2(filled, counted.with_name("saved.db"))
    for number in points("bring_back", counted, at_most=3):
        path = copied(aged, tmp_path / str(number))
        shutil.copy2(filled, path.with_name("saved.db"))
        assert run_killed("bring_back", path, number) == SIGKILLED
        assert rows(path) in (old, new)
        PROGRAMS["bring_back"](path, Trigger())
        assert rows(path) == new
        assert any(rows(kept) == old for kept in path.parent.glob("live.db.replaced-*"))


def wal_cuts(wal: bytes) -> Iterator[int]:
    """Lengths to cut a WAL to: at frames, inside their headers and inside their pages."""
    frame = 24 + 4_096
    frames = (len(wal) - 32) // frame
    for number in range(0, frames, max(frames // 7, 1)):
        yield from (32 + number * frame, 32 + number * frame + 11, 32 + number * frame + 24 + 1_000)


def test_a_torn_write_ahead_log_is_a_prefix_of_the_commits(tmp_path: Path) -> None:
    """What a power cut leaves of the log: any first part of it. Resending ends in the same rows."""
    seen = Trigger()
    PROGRAMS["ingest"](tmp_path / "whole.db", seen)
    expected = rows(tmp_path / "whole.db")
    last = max(i for i, name in enumerate(seen.seen, start=1) if name == "checkpoint") - 1
    torn = tmp_path / "torn.db"
    assert run_killed("ingest", torn, last) == SIGKILLED
    wal = torn.with_name("torn.db-wal").read_bytes()
    for length in wal_cuts(wal):
        path = copied(torn, tmp_path / str(length))
        path.with_name("live.db-wal").write_bytes(wal[:length])
        assert faults(path) == []
        PROGRAMS["ingest"](path, Trigger())
        assert rows(path) == expected, f"cut at {length}"
