"""Checking a database file: the program's SQLite, the file and its surroundings, and every invariant of the rows.

Everything is read from one read-only snapshot, so a server may have the database open. Nothing is ever repaired here:
a finding says in words what to do.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import apsw

from mockforge_analytics.errors import SchemaError, StoreBusyError, StoreCorruptError, StoreError
from mockforge_analytics.store.connection import FIRST_SAFE_SQLITE, open_reader, translated
from mockforge_analytics.store.disk import room_of
from mockforge_analytics.store.fact_invariants import check_facts, check_reach
from mockforge_analytics.store.findings import Finding, Level
from mockforge_analytics.store.invariants import check_cells
from mockforge_analytics.store.lock import WriterLock
from mockforge_analytics.store.migrate import latest_version, schema_version
from mockforge_analytics.store.reach import load_reach
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check", "verify"]

Probe = Callable[[apsw.Connection, int], Iterator[Finding]]

_DAMAGED: Final = (
    "stop the server, keep a copy of the file with its -wal, then `restore` the newest backup; without one, import the "
    "data again into a new database (`sqlite3 damaged.db .recover` may save rows)"
)
_WAL_WARNING_BYTES: Final = 256 * 1024 * 1024
_FREE_PAGES_SHARE: Final = 0.25
_FAULTS_LISTED: Final = 5
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "glusterfs", "ceph"})
_MOUNTS: Final = Path("/proc/self/mounts")


def check(path: Path, now: int) -> list[Finding]:
    """Return everything worth knowing about the database at `path`, worst first; `now` in seconds."""
    findings = list(_check_sqlite())
    if not path.is_file():
        what = f"{path} is a folder, not a database file" if path.is_dir() else f"there is no database {path}"
        return [*findings, Finding(Level.ERROR, what, "import a log first, or choose another file with --database")]
    for look in (_check_permissions, _check_place, _check_wal, _check_lock):
        findings += look(path)
    probes = (_check_schema, _check_structure, _check_free_pages, check_reach, _check_invariants)
    findings += _check_rows(path, now, probes)
    order = list(Level)
    return sorted(findings, key=lambda finding: -order.index(finding.level))


def verify(path: Path, now: int, *, thorough: bool = True) -> None:
    """Return if the database at `path` is whole and every invariant holds; of an older schema only that it is whole.

    Comparing every cell takes about 10 s of a core for each million of them; without `thorough` that part is left out,
    and pages, references, names, totals, ledger and pending rows are checked.

    Raises:
        StoreCorruptError: it is not, or it is empty; the message says what is wrong.
        SchemaError: it belongs to another program, or to a newer version of this one.
    """
    with translated(path):
        connection = open_reader(path)
        try:
            version = schema_version(connection)
        finally:
            connection.close()
    if version == 0:
        message = f"{path} is empty: it holds no database"
        raise StoreCorruptError(message)
    probes: tuple[Probe, ...] = (_check_structure,)
    if version == latest_version():
        probes = (*probes, check_reach, _check_invariants if thorough else _check_facts)
    wrong = [finding.what for finding in _check_rows(path, now, probes) if finding.level is Level.ERROR]
    if wrong:
        message = f"{path} is damaged: {'; '.join(wrong[:_FAULTS_LISTED])}"
        raise StoreCorruptError(message)


def _check_sqlite() -> Iterator[Finding]:
    version = apsw.sqlite_lib_version()
    if apsw.SQLITE_VERSION_NUMBER < FIRST_SAFE_SQLITE:
        what = f"SQLite {version} may lose pages when a checkpoint meets a commit (fixed in 3.51.3)"
        yield Finding(Level.WARNING, what, "install a newer `apsw`: pip install --upgrade apsw")
    else:
        yield Finding(Level.INFO, f"SQLite {version}, APSW {apsw.apsw_version()}")


def _check_permissions(path: Path) -> Iterator[Finding]:
    for file in (path, *_companions(path)):
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            what = f"{file} can be read by other users of this machine (mode {mode:04o})"
            yield Finding(Level.WARNING, what, f"chmod 600 {file}")
    if not os.access(path, os.W_OK) or not os.access(path.resolve().parent, os.W_OK):
        what = f"{path} or its folder cannot be written by this user"
        yield Finding(Level.WARNING, what, "reports work; to write, give this user the file and its folder")


def _companions(path: Path) -> list[Path]:
    files = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    return [file for file in files if file.exists()]


def _check_place(path: Path) -> Iterator[Finding]:
    folder = path.resolve().parent
    room = room_of(path)
    if room.is_low:
        what = f"only {room.free:,} bytes are free on the disk of {path} (of {room.total:,})"
        yield Finding(Level.WARNING, what, "free some space, or keep less history (retention settings)")
    kind = _file_system(folder)
    if kind in _REMOTE:
        what = f"{path} lies on a network file system ({kind}), where locks and memory maps of SQLite are not safe"
        yield Finding(Level.WARNING, what, "move the database to a local disk")


def _file_system(folder: Path) -> str:
    """Return the type of the file system that holds `folder`, empty where the system does not say."""
    if not _MOUNTS.exists():
        return ""
    mounts = [line.split() for line in _MOUNTS.read_text("utf-8", "replace").splitlines()]
    above = {str(part) for part in (folder, *folder.parents)}
    found = max((mount for mount in mounts if mount[1] in above), key=lambda mount: len(mount[1]), default=None)
    return "" if found is None else found[2]


def _check_wal(path: Path) -> Iterator[Finding]:
    wal = path.with_name(path.name + "-wal")
    size = wal.stat().st_size if wal.exists() else 0
    if size > _WAL_WARNING_BYTES:
        what = f"the write-ahead log {wal} has {size:,} bytes: something reads the database for very long"
        yield Finding(Level.WARNING, what, "end long reports and other programs that have the file open")


def _check_lock(path: Path) -> Iterator[Finding]:
    lock = WriterLock(path)
    try:
        lock.acquire()
    except StoreBusyError as error:
        yield Finding(Level.INFO, str(error))
    except StoreError:
        return  # a folder that cannot be written is a finding of its own
    finally:
        lock.release()


@contextmanager
def _snapshot(path: Path) -> Iterator[apsw.Connection]:
    with translated(path):
        connection = open_reader(path)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()


def _check_rows(path: Path, now: int, probes: Iterable[Probe]) -> list[Finding]:
    """Check what is inside the file; stop where it is too damaged to go on."""
    findings: list[Finding] = []
    try:
        with _snapshot(path) as connection:
            for probe in probes:
                findings += probe(connection, now)
                if any(finding.level is Level.ERROR for finding in findings):
                    break
    except SchemaError as error:
        findings.append(Finding(Level.ERROR, str(error)))
    except StoreError as error:
        findings.append(Finding(Level.ERROR, str(error), _DAMAGED))
    return findings


def _check_schema(connection: apsw.Connection, _now: int) -> Iterator[Finding]:
    version = schema_version(connection)
    if version < latest_version():
        what = f"the database has schema {version}, this program writes {latest_version()}"
        yield Finding(Level.ERROR, what, "run `mockforge-analytics migrate`")
    else:
        yield Finding(Level.INFO, f"schema {version}")


def _check_structure(connection: apsw.Connection, _now: int) -> Iterator[Finding]:
    faults = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_FAULTS_LISTED})")]
    if faults != ["ok"]:
        yield Finding(Level.ERROR, f"the file is damaged: {'; '.join(faults)}", _DAMAGED)
        return
    foreign = connection.execute("PRAGMA foreign_key_check").fetchall()
    if foreign:
        table, row, parent, _ = foreign[0]
        what = f"{len(foreign)} rows refer to rows that do not exist, the first: row {row} of {table} to {parent}"
        yield Finding(Level.ERROR, what, _DAMAGED)


def _check_free_pages(connection: apsw.Connection, _now: int) -> Iterator[Finding]:
    pages, free = as_int(connection.pragma("page_count")), as_int(connection.pragma("freelist_count"))
    if free > pages * _FREE_PAGES_SHARE:
        what = f"{free:,} of {pages:,} pages of the file are empty"
        yield Finding(Level.INFO, what, "new data fills them; `retention run` gives them back to the disk")


def _check_facts(connection: apsw.Connection, _now: int) -> Iterator[Finding]:
    yield from check_facts(connection, load_reach(connection))


def _check_invariants(connection: apsw.Connection, _now: int) -> Iterator[Finding]:
    reach = load_reach(connection)
    yield from check_facts(connection, reach)
    yield from check_cells(connection, reach)
