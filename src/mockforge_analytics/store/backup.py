"""Backups of a database in use, and the way back.

A backup is made through SQLite's backup API from one read transaction: it holds exactly what was committed when it
began, whatever is written meanwhile, and never starts over. It is verified before it gets its name. Copying the file
with other tools while it is in use is not safe: what the write-ahead log holds is missing in the copy.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import apsw

from mockforge_analytics.errors import StoreBusyError, StoreCorruptError, StoreError, StoreFullError
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.store.check import verify
from mockforge_analytics.store.connection import open_reader, translated
from mockforge_analytics.store.disk import make_folder
from mockforge_analytics.store.lock import WriterLock
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BackupReport", "RestoreReport", "backup", "restore"]

_OWNER_ONLY: Final = 0o600
_PAGES_A_STEP: Final = 2_048  # 8 MiB
_SIDE_FILES: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A verified backup: its file, its size in bytes, and the number of the newest commit in it."""

    path: Path
    bytes: int
    commit: int


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """A restored database: its file, and where the one it replaced lies now (None where there was none)."""

    path: Path
    set_aside: Path | None


def _nothing(_name: str) -> None:
    """Nothing fails in production; tests pass a function that kills the process at a named point."""


def backup(
    source: Path,
    target: Path,
    now_us: int,
    *,
    overwrite: bool = False,
    thorough: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    pages_a_step: int = _PAGES_A_STEP,
    fail_at: Callable[[str], None] = _nothing,
) -> BackupReport:
    """Copy the database at `source` to `target`, while it is written; `progress` hears of the pages done and in all.

    The copy is one ordinary file for its owner only. `target` appears at once and whole, or not at all. It is verified
    first (`check.verify`), `thorough` or in a few seconds.

    Raises:
        StoreError: `target` exists and `overwrite` is not set, is `source` itself, or cannot be written.
        StoreBusyError: another backup to `target` is under way.
        StoreFullError: there is no room for it.
        StoreCorruptError: the copy is damaged, because the source is; it is not kept.
    """
    _refuse(source, target, overwrite=overwrite)
    with _partial(target) as part:
        commit = _copy(source, part, progress, pages_a_step, fail_at)
        verify(part, now_us // MICROSECONDS, thorough=thorough)
        fail_at("backup.verified")
        _refuse(source, target, overwrite=overwrite)
        size = part.stat().st_size
        _place(part, target)
        fail_at("backup.placed")
    return BackupReport(target, size, commit)


def _refuse(source: Path, target: Path, *, overwrite: bool) -> None:
    if not source.is_file():
        message = f"there is no database {source} to back up"
        raise StoreError(message)
    if not target.exists():
        return
    if target.samefile(source):
        message = f"{target} is the database itself: choose another file for the backup"
        raise StoreError(message)
    if target.is_dir() or not overwrite:
        hint = "choose a file name" if target.is_dir() else "choose another name, or say --overwrite"
        message = f"{target} exists already: {hint}"
        raise StoreError(message)


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """Give a locked, empty file beside `target` to work in; it is gone afterwards, unless it was given another name."""
    part = target.with_name(target.name + ".partial")
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _OWNER_ONLY)
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror} ({part})"
        raise StoreError(message) from error
    try:
        _lock(handle, part, target)
        os.ftruncate(handle, 0)  # what a killed run left behind, and its journal, must not come back
        try:
            _remove_side_files(part)
            with _disk_errors(target):
                yield part
        finally:
            part.unlink(missing_ok=True)
            _remove_side_files(part)
    finally:
        os.close(handle)


def _lock(handle: int, part: Path, target: Path) -> None:
    """Lock the open file `handle`, which must still be the one named `part`: another run may just have placed it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours = os.path.samestat(os.fstat(handle), part.stat())
    except OSError:
        ours = False
    if not ours:
        message = f"{target} is being written by another process: wait for it"
        raise StoreBusyError(message)


def _remove_side_files(part: Path) -> None:
    for suffix in ("-journal", *_SIDE_FILES):
        part.with_name(part.name + suffix).unlink(missing_ok=True)


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Turn what the operating system says about files into a `StoreError`."""
    try:
        yield
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror or error}"
        raise (StoreFullError if error.errno == errno.ENOSPC else StoreError)(message) from error


def _copy(
    source: Path,
    part: Path,
    progress: Callable[[int, int], None],
    pages_a_step: int,
    fail_at: Callable[[str], None],
) -> int:
    """Copy one snapshot of `source` into the empty file `part`; return the number of its newest commit."""
    with translated(source):
        reader = open_reader(source)
    try:
        with translated(source):
            reader.execute("BEGIN")
            commit = _newest_commit(reader)
            _check_room(reader, part)
        with translated(part):
            writer = apsw.Connection(str(part), flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                writer.pragma("journal_mode", "OFF")
                writer.pragma("synchronous", "OFF")
                with writer.backup("main", reader, "main") as copy:
                    while not copy.done:
                        copy.step(pages_a_step)
                        progress(copy.page_count - copy.remaining, copy.page_count)
                        fail_at("backup.step")
                writer.pragma("journal_mode", "DELETE")
            finally:
                writer.close()
        fail_at("backup.copied")
    finally:
        reader.close()
    _sync(part)
    return commit


def _newest_commit(connection: apsw.Connection) -> int:
    select = (
        "SELECT max(coalesce((SELECT value FROM meta WHERE key = 'commit'), 0), "
        "coalesce((SELECT max(id) FROM pending), 0))"
    )
    try:
        return as_int(connection.execute(select).fetchall()[0][0])
    except apsw.SQLError:
        return 0  # not ours; the verification says so


def _check_room(connection: apsw.Connection, part: Path) -> None:
    size = as_int(connection.pragma("page_count")) * as_int(connection.pragma("page_size"))
    free = shutil.disk_usage(part.parent).free
    if free < size:
        message = (
            f"no room for {part}: it takes {size:,} bytes, {free:,} are free; free some space or choose another disk"
        )
        raise StoreFullError(message)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _place(part: Path, target: Path) -> None:
    """Give `part` the name `target`, whatever has it, and make that last."""
    os.replace(part, target)
    _sync(target.parent)


def restore(
    source: Path,
    target: Path,
    now_us: int,
    *,
    thorough: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    fail_at: Callable[[str], None] = _nothing,
) -> RestoreReport:
    """Put a verified copy of the backup `source` in the place of the database `target`.

    What was at `target` is set aside under a name of its own beside it, never deleted. Killed at any point, `target` is
    either the old database or the new one, whole.

    Raises:
        SchemaError: `source` belongs to another program, or to a newer version of this one.
        StoreCorruptError: `source` is damaged.
        StoreBusyError: a server or an import has `target` open, or a report keeps it from being closed cleanly.
        StoreError: `source` is not there, or `target` cannot be written.
    """
    if not source.is_file():
        message = f"there is no backup {source}"
        raise StoreError(message)
    if target.exists() and target.samefile(source):
        message = f"{source} is the database itself: choose a backup"
        raise StoreError(message)
    make_folder(target)
    lock = WriterLock(target)
    lock.acquire()
    try:
        with _partial(target) as part:
            _copy(source, part, progress, _PAGES_A_STEP, fail_at)
            verify(part, now_us // MICROSECONDS, thorough=thorough)
            fail_at("restore.verified")
            aside = _set_aside(target, now_us // MICROSECONDS, fail_at)
            _place(part, target)
            fail_at("restore.placed")
    finally:
        lock.release()
    return RestoreReport(target, aside)


def _set_aside(target: Path, now: int, fail_at: Callable[[str], None]) -> Path | None:
    """Give the database at `target` a second name, with everything that its write-ahead log held.

    A log of the old database beside the new one would be replayed into it, so the log is emptied first and gone before
    the new file takes the name.
    """
    side_files = [target.with_name(target.name + suffix) for suffix in _SIDE_FILES]
    whole = target.exists() and _empty_log(target)
    kept = [file for file in (target, *([] if whole else side_files)) if file.exists()]
    aside = _free_name(target, now)
    for file in kept:
        _name_again(file, aside.with_name(aside.name + file.name.removeprefix(target.name)))
    fail_at("restore.aside")
    for file in side_files:
        file.unlink(missing_ok=True)
    fail_at("restore.cleared")
    return aside if kept else None


def _name_again(file: Path, name: Path) -> None:
    """Let `name` stand for `file` as well; a copy where the file system has no second names."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copy2(file, name)


def _empty_log(target: Path) -> bool:
    """Copy the write-ahead log into the database; return whether that was possible, which damage prevents."""
    try:
        with translated(target):
            reader = open_reader(target)
            try:
                reader.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            finally:
                reader.close()  # a writer would throw the log of a damaged file away, so it opens only a readable one
            connection = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
            finally:
                connection.close()
    except StoreCorruptError:
        return False
    if busy:
        message = f"the database {target} is being read: wait for the report to end, or stop it"
        raise StoreBusyError(message)
    return True


def _free_name(target: Path, now: int) -> Path:
    names = (target.with_name(f"{target.name}.replaced-{now + more}") for more in range(1_000_000))
    return next(name for name in names if not name.exists())
