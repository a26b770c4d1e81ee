"""Disks that are full, files that are damaged, foreign or locked: one clear error, nothing lost, nothing half-done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from mockforge_analytics.errors import (
    QueryTimeoutError,
    SchemaError,
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
)
from mockforge_analytics.model.batch import WriteResult
from mockforge_analytics.store.check import check
from mockforge_analytics.store.connection import open_reader
from mockforge_analytics.store.findings import Level
from mockforge_analytics.store.lock import WriterLock
from mockforge_analytics.store.migrate import latest_version
from mockforge_analytics.store.sqlite import SqliteStore
from tests.support.naive import Req, batch
from tests.support.stores import MICROS, NOW, FixedClock, opened_committer, opened_store, scalar, settings

PAGE = 4_096


def many(count: int, start: int = 0) -> list[Req]:
    return [Req(NOW - i % 50, endpoint=f"/{start + i}/{'x' * 200}", latency=i / 977) for i in range(count)]


def faults(path: Path) -> list[str]:
    return [finding.what for finding in check(path, NOW) if finding.level is Level.ERROR]


def stored(path: Path) -> int:
    with opened_committer(path) as committer:
        committer.fold(NOW * MICROS)
    total: int = scalar(path, "SELECT coalesce(sum(request_count), 0) FROM scope_day")
    return total


@pytest.mark.parametrize("bulk", [False, True])
def test_a_full_disk_keeps_what_was_acknowledged_and_takes_the_rest_later(tmp_path: Path, bulk: bool) -> None:
    """S4: `max_page_count` gives SQLITE_FULL, which rolls the transaction back by itself."""
    path, taken, refused = tmp_path / "a.db", 0, 0
    with opened_store(path) as store:
        limit = scalar(path, "PRAGMA page_count") + (150 if bulk else 40)
        store.call(lambda committer: committer.connection.pragma("max_page_count", limit))
        for part in range(12):
            try:
                taken += store.write(batch(many(150, part * 150), received_at=NOW, token=str(part), bulk=bulk)).stored
            except StoreFullError as error:
                refused += 1
                assert "free some space" in str(error)  # noqa: PT017 - some writes succeed, and their sum is wanted
        with store.snapshot() as snapshot:
            assert snapshot.coverage.last is not None
        assert refused > 0
        store.call(lambda committer: committer.connection.pragma("max_page_count", 1_000_000))
        for part in range(12):
            taken += store.write(batch(many(150, part * 150), received_at=NOW, token=str(part), bulk=bulk)).stored
    assert taken == 12 * 150
    assert stored(path) == taken
    assert faults(path) == []


def test_a_full_disk_during_a_fold_leaves_everything_pending(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_committer(path) as committer:
        committer.write([batch(many(300), received_at=NOW)])
        committer.connection.pragma("max_page_count", scalar(path, "PRAGMA page_count") + 5)
        with pytest.raises(StoreFullError):
            committer.fold(NOW * MICROS)
        assert committer.pending.requests == len(many(300))
        assert not committer.connection.in_transaction
        committer.connection.pragma("max_page_count", 1_000_000)
        assert committer.fold(NOW * MICROS) == len(many(300))
    assert faults(path) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from mockforge_analytics.errors import StoreError
from tests.store.test_faults import many
from tests.support.naive import batch
from tests.support.stores import NOW, opened_store

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
taken = 0
with opened_store(Path(sys.argv[1])) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    for part in range(40):
        try:
            taken += store.write(batch(many(60, part * 60), received_at=NOW, token=str(part))).stored
        except StoreError as error:
            print("refused", type(error).__name__)
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("taken", taken)
    print("after", store.write(batch(many(60, 10**6), received_at=NOW)).stored)
"""


def in_a_process(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_write_ahead_log_that_cannot_grow(tmp_path: Path) -> None:
    """The WAL hits a file size limit in the middle of a write: refused, and taken again once there is room."""
    path = tmp_path / "a.db"
    lines = dict(line.split() for line in in_a_process(LIMITED, str(path), str(400 * 1024)).splitlines())
    assert lines["refused"] in ("StoreError", "StoreFullError")
    assert stored(path) == int(lines["taken"]) + int(lines["after"])
    assert faults(path) == []


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    link = tmp_path / "link.db"
    with opened_store(path) as store:
        store.write(batch(many(3), received_at=NOW))
        link.symlink_to(path)
        for name in (path, link):
            with pytest.raises(StoreBusyError, match=rf"pid {os.getpid()}\): stop it, send the data to it"):
                SqliteStore(name, settings(), FixedClock(), writable=True)
        reader = SqliteStore(path, settings(), FixedClock(), writable=False)
        with reader.snapshot() as snapshot:
            assert snapshot.coverage.last is not None
        reader.close()
    with opened_store(path):
        pass


def test_a_lock_left_by_a_dead_process_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "a.db-lock").write_text("1\n")
    with opened_store(tmp_path / "a.db") as store:
        assert store.write(batch(many(3), received_at=NOW)).stored == len(many(3))
    lock = WriterLock(tmp_path / "a.db")
    lock.acquire()
    lock.release()
    lock.release()


def test_another_program_that_locks_the_file_makes_us_busy_not_stuck(tmp_path: Path) -> None:
    """S6: bounded wait, then a clear error, then business as usual."""
    path = tmp_path / "a.db"
    with opened_store(path) as store:
        store.write(batch(many(3), received_at=NOW))
        store.call(lambda committer: committer.connection.set_busy_timeout(10))
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="locked by another process"):
            store.write(batch(many(3), received_at=NOW))
        other.execute("ROLLBACK")
        other.close()
        assert store.write(batch(many(3), received_at=NOW)).stored == len(many(3))


@pytest.mark.parametrize("place", ["/proc/self/a.db", "/proc/self/new/a.db", "/dev/null/a.db"])
def test_a_folder_that_cannot_be_written(place: str) -> None:
    with pytest.raises(StoreError, match=r"cannot be (written|made)"):
        SqliteStore(Path(place), settings(), FixedClock(), writable=True)


def test_a_folder_instead_of_a_file_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder, not a database file"):
        SqliteStore(tmp_path, settings(), FixedClock(), writable=True)
    with pytest.raises(StoreError, match="there is no database"):
        SqliteStore(tmp_path / "a.db", settings(), FixedClock(), writable=False)
    assert list(tmp_path.iterdir()) == []


def filled(path: Path) -> None:
    with opened_committer(path) as committer:
        committer.write([batch(many(400), received_at=NOW, bulk=True)])
        committer.checkpoint(everything=True)


def header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\x00" * 100)


def pages(path: Path) -> None:
    with path.open("r+b") as file:
        for number in range(1, path.stat().st_size // PAGE):
            file.seek(number * PAGE)
            file.write(b"\xa5" * 64)


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


def newer(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", latest_version() + 1)
    connection.close()


def foreign(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.pragma("application_id", 1)
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (header, StoreCorruptError, "is not a mockforge-analytics database"),
        (pages, StoreCorruptError, "is damaged"),
        (half, StoreCorruptError, "is damaged"),
        (newer, SchemaError, "written by a newer version"),
        (foreign, SchemaError, "a database of another program"),
    ],
)
@pytest.mark.parametrize("writable", [True, False])
def test_a_file_that_is_no_sound_database_is_refused_and_left_as_it_is(
    tmp_path: Path, spoil: object, error: type[StoreError], message: str, writable: bool
) -> None:
    path = tmp_path / "a.db"
    filled(path)
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(error, match=message):
        SqliteStore(path, settings(), FixedClock(), writable=writable)
    assert path.read_bytes() == before
    with pytest.raises(error, match=message):  # and the lock is free again
        SqliteStore(path, settings(), FixedClock(), writable=writable)


def test_damage_found_by_a_report_is_an_error_of_that_report(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    filled(path)
    with opened_store(path) as store, store.snapshot() as snapshot:
        connection = apsw.Connection(str(path))
        connection.execute("UPDATE series_minute SET histogram = x'0912'")
        connection.close()
        assert snapshot.coverage.last is not None
    assert any("histogram in the database is damaged" in fault for fault in faults(path))


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    filled(path)
    connection = open_reader(path)
    for statement in ("DELETE FROM series_day", "CREATE TABLE x (y)", "PRAGMA user_version = 9", "VACUUM"):
        with pytest.raises(apsw.ReadOnlyError):
            connection.execute(statement)
    connection.close()
    store = SqliteStore(path, settings(), FixedClock(), writable=False)
    with pytest.raises(StoreError, match="open for reading only"):
        store.write(batch(many(1), received_at=NOW))
    store.close()


def test_a_report_past_its_deadline_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    filled(path)
    with opened_store(path) as store:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        with pytest.raises(QueryTimeoutError, match="took longer than its deadline"), store.snapshot(0.05) as snapshot:
            snapshot.connection.execute(endless).fetchall()
        with store.snapshot() as snapshot:  # the connection is fit for the next one
            assert snapshot.coverage.last is not None


def test_a_long_report_makes_the_log_grow_and_its_end_lets_it_start_over(tmp_path: Path) -> None:
    """S9: the log is bounded again as soon as nobody reads the old state."""
    path = tmp_path / "a.db"
    wal = tmp_path / "a.db-wal"

    def write() -> tuple[int, int]:
        """Return the pages in use in the log, and its size, after a write and a checkpoint."""
        store.write(batch(many(300), received_at=NOW, bulk=True))
        used = store.call(lambda committer: committer.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())
        return int(used[0][1]), wal.stat().st_size

    with opened_store(path) as store:
        write()
        usual, _ = write()
        with store.snapshot():
            pinned = [write() for _ in range(4)]
        assert pinned[-1][0] > 3 * usual
        after = [write() for _ in range(4)]
    assert after[-1][0] < 2 * usual
    assert after[-1][1] == after[0][1]  # the first write after the report still found the log in use


@pytest.mark.parametrize("bulk", [False, True])
def test_a_batch_that_contradicts_itself_does_not_harm_its_neighbours(tmp_path: Path, bulk: bool) -> None:
    path = tmp_path / "a.db"
    with opened_committer(path) as committer:
        good, bad = (batch(many(2), received_at=NOW, token=token, bulk=bulk) for token in "ab")
        bad.deltas.cells.series[:] = 99
        first, wrong, again = committer.write([good, bad, good])
        assert isinstance(first, WriteResult)
        assert isinstance(wrong, StoreError)
        assert "cannot be stored, it contradicts itself" in str(wrong)
        assert isinstance(again, WriteResult)
        assert (first.stored, again.deduplicated) == (len(many(2)), len(many(2)))
        retried = committer.write([batch(many(2), received_at=NOW, token="b")])[0]
        assert isinstance(retried, WriteResult)
        assert retried.stored == len(many(2))
    assert stored(path) == 2 * len(many(2))
    assert faults(path) == []
