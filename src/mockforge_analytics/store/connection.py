"""Opening SQLite connections, and the one place where SQLite's errors become ours."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import apsw

from mockforge_analytics.errors import (
    QueryTimeoutError,
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FIRST_SAFE_SQLITE", "atomic", "open_reader", "open_writer", "savepoint", "translated"]

FIRST_SAFE_SQLITE: Final = 3_051_003  # fixes the WAL-reset race (https://sqlite.org/wal.html, section 11)
_BUSY_MS: Final = 5_000
_PAGE_CACHE_KIB: Final = 16 * 1024
_WAL_BYTES_KEPT: Final = 64 * 1024 * 1024  # a WAL that a long report made grow shrinks to this when it starts over


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the database at `path` into `StoreError`s that say what to do."""
    try:
        yield
    except apsw.FullError as error:
        message = f"no space left for the database {path}: free some space and try again; nothing half-done was kept"
        raise StoreFullError(message) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        message = f"the database {path} is locked by another process: stop it or try again later"
        raise StoreBusyError(message) from error
    except apsw.NotADBError as error:
        message = f"{path} is not a mockforge-analytics database: choose another file with --database"
        raise StoreCorruptError(message) from error
    except apsw.CorruptError as error:
        message = f"the database {path} is damaged ({error}): run `doctor`, then `restore` a backup"
        raise StoreCorruptError(message) from error
    except apsw.InterruptError as error:
        message = "the report took longer than its deadline: ask for a shorter time range or a coarser granularity"
        raise QueryTimeoutError(message) from error
    except apsw.CantOpenError as error:
        message = f"the database {path} cannot be opened: check that the folder exists and that you may write there"
        raise StoreError(message) from error
    except (apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError) as error:
        message = f"the database {path} cannot be written: check the permissions of the file and its folder"
        raise StoreError(message) from error
    except apsw.IOError as error:
        message = f"reading or writing the database {path} failed ({error}): check the disk and its free space"
        raise StoreError(message) from error
    except apsw.Error as error:
        message = f"the database {path} refused an operation: {error}"
        raise StoreError(message) from error


def open_writer(path: Path, *, durable: bool) -> apsw.Connection:
    """Return the one connection that commits and checkpoints; the file is created where it is missing."""
    connection = apsw.Connection(str(path))
    try:
        _prepare(connection, durable=durable)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: apsw.Connection, *, durable: bool) -> None:
    connection.set_busy_timeout(_BUSY_MS)
    fresh = connection.pragma("page_count") == 0
    if fresh:
        connection.pragma("auto_vacuum", "INCREMENTAL")
    connection.pragma("journal_mode", "WAL")
    connection.pragma("synchronous", "FULL" if durable else "NORMAL")
    connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("journal_size_limit", _WAL_BYTES_KEPT)
    connection.pragma("cache_size", -_PAGE_CACHE_KIB)
    connection.pragma("temp_store", "MEMORY")


def open_reader(path: Path) -> apsw.Connection:
    """Return a connection that cannot write."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(_BUSY_MS)
    connection.pragma("query_only", 1)
    connection.pragma("cache_size", -_PAGE_CACHE_KIB)
    return connection


@contextmanager
def atomic(connection: apsw.Connection) -> Iterator[None]:
    """Commit everything inside together, or nothing where it raises.

    The transaction is IMMEDIATE: a read that turns into a write fails at once with SQLITE_BUSY_SNAPSHOT, whatever the
    busy timeout. Some errors (a full disk) make SQLite roll back by itself, so that is asked first.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    try:
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def savepoint(connection: apsw.Connection) -> Iterator[None]:
    """Undo what is inside where it raises, and leave the transaction around it open.

    Where SQLite has rolled the whole transaction back by itself (a full disk), the savepoint is gone with it; APSW's
    own context manager then hides the reason behind "no such savepoint".
    """
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")
