"""Backups of a database in use, and the way back."""

from __future__ import annotations

import fcntl
import os
import stat
from typing import TYPE_CHECKING

import apsw
import pytest

from mockforge_analytics.errors import SchemaError, StoreBusyError, StoreCorruptError, StoreError
from mockforge_analytics.store.backup import backup, restore
from mockforge_analytics.store.check import verify
from mockforge_analytics.store.migrate import latest_version
from tests.support.naive import Req, batch
from tests.support.stores import CELL_TABLES, MICROS, NOW, opened_committer, opened_store, scalar, table_rows

if TYPE_CHECKING:
    from pathlib import Path

TABLES = (*CELL_TABLES, "pending", "ledger", "endpoint_total", "meta", "series", "dedup_token", "source_position")
NOW_US = NOW * MICROS


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A database with folded and pending requests."""
    path = tmp_path / "source.db"
    with opened_committer(path) as committer:
        requests = [Req(NOW - i, endpoint=f"/{i % 50}", latency=i / 900) for i in range(600)]
        committer.write([batch(requests[:500], received_at=NOW, token="a", bulk=True)])
        committer.write([batch(requests[500:], received_at=NOW, token="b")])
    return path


def stored(path: Path) -> int:
    total: int = scalar(
        path,
        "SELECT sum(requests) FROM (SELECT sum(request_count) AS requests FROM series_day "
        "UNION ALL SELECT sum(requests) FROM pending)",
    )
    return total


def test_a_backup_holds_the_same_rows_in_one_private_file(source: Path, tmp_path: Path) -> None:
    report = backup(source, tmp_path / "b.db", NOW_US)
    assert table_rows(report.path, *TABLES) == table_rows(source, *TABLES)
    assert report.bytes == report.path.stat().st_size
    assert stat.S_IMODE(report.path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("b.db")) == ["b.db"]


def test_a_backup_made_while_writes_go_on_is_what_was_there_when_it_began(source: Path, tmp_path: Path) -> None:
    before = table_rows(source, *TABLES)
    seen: list[tuple[int, int]] = []
    with opened_store(source) as store:

        def progress(done: int, total: int) -> None:
            seen.append((done, total))
            store.write(batch([Req(NOW, endpoint=f"/new/{done}")], received_at=NOW))
            store.call(lambda committer: committer.fold(NOW_US))
            store.call(lambda committer: committer.checkpoint(everything=False))

        backup(source, tmp_path / "b.db", NOW_US, progress=progress, pages_a_step=16)
    assert len(seen) > 1
    assert seen[-1][0] == seen[-1][1]
    assert table_rows(tmp_path / "b.db", *TABLES) == before
    assert stored(source) == stored(tmp_path / "b.db") + len(seen)


def test_nothing_is_overwritten_unless_asked_for(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="exists already: choose another name"):
        backup(source, target, NOW_US)
    assert target.read_text() == "precious"
    backup(source, target, NOW_US, overwrite=True)
    verify(target, NOW)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("source.db", "is the database itself"),
        (".", "choose a file name"),
        ("missing/b.db", "cannot be written: No such"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(source: Path, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        backup(source, tmp_path / name, NOW_US, overwrite=True)
    with pytest.raises(StoreError, match="there is no database"):
        backup(tmp_path / "absent.db", tmp_path / "b.db", NOW_US)


def test_two_backups_to_one_file_do_not_mix(source: Path, tmp_path: Path) -> None:
    handle = os.open(tmp_path / "b.db.partial", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(StoreBusyError, match="being written by another process"):
        backup(source, tmp_path / "b.db", NOW_US)
    os.close(handle)
    backup(source, tmp_path / "b.db", NOW_US)


def test_a_damaged_source_gives_no_backup(source: Path, tmp_path: Path) -> None:
    connection = apsw.Connection(str(source))
    connection.execute(
        "UPDATE series_hour SET request_count = request_count + 1 WHERE id = (SELECT min(id) FROM series_hour)"
    )
    connection.close()
    with pytest.raises(StoreCorruptError, match="not the sums of series_minute"):
        backup(source, tmp_path / "b.db", NOW_US)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("b.db")] == []


def test_a_restored_database_is_the_backup_and_the_old_one_is_kept(source: Path, tmp_path: Path) -> None:
    saved, target = tmp_path / "b.db", tmp_path / "live.db"
    backup(source, saved, NOW_US)
    with opened_committer(target) as committer:
        committer.write([batch([Req(NOW, endpoint="/old")], received_at=NOW)])
        old = table_rows(target, *TABLES)
        copy_of_wal = target.with_name("live.db-wal").stat().st_size
    assert copy_of_wal > 0
    report = restore(saved, target, NOW_US)
    assert table_rows(target, *TABLES) == table_rows(source, *TABLES)
    assert report.set_aside is not None
    assert table_rows(report.set_aside, *TABLES) == old
    with opened_committer(target) as committer:
        results = committer.write([batch([Req(NOW)], received_at=NOW, token=token) for token in "ab"])
        assert [r.deduplicated for r in results if not isinstance(r, Exception)] == [1, 1]


def test_restore_into_nothing(source: Path, tmp_path: Path) -> None:
    backup(source, tmp_path / "b.db", NOW_US)
    report = restore(tmp_path / "b.db", tmp_path / "new.db", NOW_US)
    assert report.set_aside is None
    assert table_rows(report.path, *TABLES) == table_rows(source, *TABLES)


def test_restore_replaces_a_damaged_database_and_keeps_all_its_files(source: Path, tmp_path: Path) -> None:
    backup(source, tmp_path / "b.db", NOW_US)
    target = tmp_path / "live.db"
    target.write_bytes(b"rubbish" * 1000)
    target.with_name("live.db-wal").write_bytes(b"log")
    report = restore(tmp_path / "b.db", target, NOW_US)
    assert report.set_aside is not None
    assert report.set_aside.read_bytes() == b"rubbish" * 1000
    assert report.set_aside.with_name(report.set_aside.name + "-wal").read_bytes() == b"log"
    assert not target.with_name("live.db-wal").exists()
    verify(target, NOW)


def newer(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", latest_version() + 1)
    connection.close()


def foreign(path: Path) -> None:
    path.unlink()
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE recipe (name TEXT)")
    connection.close()


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def text(path: Path) -> None:
    path.write_text("not a database " * 100)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (newer, SchemaError, "newer version"),
        (foreign, SchemaError, "another program"),
        (truncated, StoreCorruptError, "damaged"),
        (text, StoreCorruptError, "not a mockforge-analytics database"),
        (empty, StoreCorruptError, "is empty"),
    ],
)
def test_a_bad_backup_is_refused_and_nothing_changes(
    source: Path, tmp_path: Path, spoil: object, error: type[StoreError], message: str
) -> None:
    saved, target = tmp_path / "b.db", tmp_path / "live.db"
    backup(source, saved, NOW_US)
    assert callable(spoil)
    spoil(saved)
    target.write_bytes(source.read_bytes())
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(error, match=message):
        restore(saved, target, NOW_US)
    assert target.read_bytes() == source.read_bytes()
    assert sorted(set(before) ^ {p.name for p in tmp_path.iterdir()}) == ["live.db-lock"]


def test_a_database_in_use_is_not_replaced(source: Path, tmp_path: Path) -> None:
    saved = tmp_path / "b.db"
    backup(source, saved, NOW_US)
    with opened_store(source), pytest.raises(StoreBusyError, match="being written by another process"):
        restore(saved, source, NOW_US)
    with opened_committer(source) as committer:
        committer.write([batch([Req(NOW)], received_at=NOW)])
        reader = apsw.Connection(str(source))
        reader.execute("BEGIN; SELECT count(*) FROM meta").fetchall()
        committer.write([batch([Req(NOW)], received_at=NOW)])
    with pytest.raises(StoreBusyError, match="is being read"):
        restore(saved, source, NOW_US)
    reader.close()
    restore(saved, source, NOW_US)


def test_restore_of_a_file_that_is_not_there_or_is_the_target(source: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no backup"):
        restore(tmp_path / "absent.db", source, NOW_US)
    with pytest.raises(StoreError, match="is the database itself"):
        restore(source, source, NOW_US)
