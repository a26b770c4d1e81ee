"""What a database holds, as figures: tiers, sizes, ledger, holds, and what is past the caps."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import apsw

from mockforge_analytics.model.dimensions import OVERFLOW
from mockforge_analytics.model.status import (
    OverflowStatus,
    PositionStatus,
    RejectedSample,
    SourceStatus,
    StorageStatus,
    TierStatus,
)
from mockforge_analytics.model.tiers import TIERS, Fact, Tier
from mockforge_analytics.model.vitals import CURRENT_SECONDS
from mockforge_analytics.model.window import MICROSECONDS, Granularity
from mockforge_analytics.store.connection import open_reader, translated
from mockforge_analytics.store.fold_progress import waiting_rows
from mockforge_analytics.store.holds import list_holds
from mockforge_analytics.store.keys import CLIENT_SHIFT
from mockforge_analytics.store.migrate import latest_version
from mockforge_analytics.store.reach import Reach, due_floors, load_reach
from mockforge_analytics.store.readable import check_file, check_schema
from mockforge_analytics.store.rows import as_int
from mockforge_analytics.store.sql import count_cells, edge_cells
from mockforge_analytics.store.vitals import read_vitals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mockforge_analytics.config import RetentionConfig
    from mockforge_analytics.store.staged import LedgerRow, Staged

__all__ = ["storage_status"]

_LISTED: Final = 100
_OVERFLOW_HOURS: Final = (
    "SELECT (c.id >> 34) * 3600, p.workspace_id, sum(c.request_count) FROM series_hour c JOIN series s "
    "ON s.id = c.id & 268435455 JOIN scope p ON p.id = s.scope_id WHERE s.endpoint = ? AND s.method = '' "
    "AND s.status_code = 0 GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC LIMIT ?"
)


def storage_status(path: Path, retention: RetentionConfig, now: int) -> StorageStatus:
    """Return the figures of the database at `path`, which a server may have open; `now` in seconds.

    Lists of samples and overflowed hours hold the newest 100.

    Raises:
        StoreError: there is no such database, it is damaged, or its schema is another one.
    """
    check_file(path)
    with _snapshot(path) as connection:
        check_schema(connection, path)
        pending = waiting_rows(connection)
        staged = [part for _, parts in pending for part in parts]
        page = as_int(connection.pragma("page_size"))
        commit, first, last = connection.execute(_META).fetchall()[0]
        return StorageStatus(
            path=path,
            sqlite_version=apsw.sqlite_lib_version(),
            schema_version=latest_version(),
            commit=as_int(commit),
            database_bytes=page * as_int(connection.pragma("page_count")),
            wal_bytes=_size(path.with_name(path.name + "-wal")),
            free_bytes=page * as_int(connection.pragma("freelist_count")),
            first=_optional(first),
            last=_optional(last),
            pending_rows=len(pending),
            pending_requests=sum(part.requests for part in staged),
            tiers=_tiers(connection, retention, now),
            tables=_table_sizes(connection),
            sources=_sources(connection, staged),
            samples=_samples(connection),
            positions=_positions(connection),
            holds=tuple(list_holds(connection)),
            overflowed=_overflowed(connection),
            vitals=tuple(read_vitals(connection, (now - CURRENT_SECONDS) * MICROSECONDS)),
        )


_META: Final = (
    "SELECT max(coalesce((SELECT value FROM meta WHERE key = 'commit'), 0), "
    "coalesce((SELECT max(id) FROM pending), 0)), "
    "(SELECT min(value) FROM "
    "(SELECT value FROM meta WHERE key = 'first' UNION ALL SELECT min(first_seen) FROM pending)), "
    "(SELECT max(value) FROM (SELECT value FROM meta WHERE key = 'last' UNION ALL SELECT max(last_seen) FROM pending))"
)


@contextmanager
def _snapshot(path: Path) -> Iterator[apsw.Connection]:
    with translated(path):
        connection = open_reader(path)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()


def _optional(value: Any) -> int | None:
    return None if value is None else as_int(value)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _tiers(connection: apsw.Connection, retention: RetentionConfig, now: int) -> tuple[TierStatus, ...]:
    reach, due = load_reach(connection), due_floors(retention, now)
    return tuple(_tier(connection, tier, retention, reach, due[tier.name]) for tier in TIERS)


def _tier(connection: apsw.Connection, tier: Tier, retention: RetentionConfig, reach: Reach, due: int) -> TierStatus:
    table, shift = ("client_hour", CLIENT_SHIFT) if tier.fact is Fact.CLIENT else (tier.name, 34)
    (rows,) = connection.execute(count_cells(table)).fetchall()[0]
    oldest, newest = connection.execute(edge_cells(table)).fetchall()[0]
    days = getattr(retention, tier.setting)
    floor = reach.floors[tier.name]
    return TierStatus(
        name=tier.name,
        width=int(tier.width),
        rows=as_int(rows),
        oldest=None if oldest is None else (as_int(oldest) >> shift) * int(tier.width),
        newest=None if newest is None else (as_int(newest) >> shift) * int(tier.width),
        floor=floor,
        islands=reach.islands.get(tier.name, ()),
        setting=tier.setting,
        kept=days * int(Granularity.HOUR if tier.setting.endswith("_hours") else Granularity.DAY),
        due=max(due, floor),
    )


def _table_sizes(connection: apsw.Connection) -> dict[str, int]:
    """Return the bytes of every table with its indexes, largest first; none where this SQLite cannot say."""
    try:
        pages = connection.execute("SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE").fetchall()
    except apsw.SQLError:
        return {}
    names = connection.execute("SELECT name, tbl_name FROM sqlite_schema")
    table_of = {str(name): str(table) for name, table in names}
    sizes: Counter[str] = Counter()
    for name, size in pages:
        sizes[table_of.get(str(name), str(name))] += as_int(size)
    return dict(sizes.most_common())


def _sources(connection: apsw.Connection, staged: list[Staged]) -> tuple[SourceStatus, ...]:
    select = "SELECT source, minute, received, stored, deduplicated, rejected, overflowed, reasons FROM ledger"
    rows = [(*row[:-1], json.loads(str(row[-1]))) for row in connection.execute(select)]
    rows += [_fields(row) for part in staged for row in part.ledger]
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(str(row[0]), []).append(row)
    return tuple(_source(source, rows) for source, rows in sorted(found.items()))


def _fields(row: LedgerRow) -> tuple[Any, ...]:
    sums = (row.received, row.stored, row.deduplicated, row.rejected, row.overflowed)
    return row.source, row.minute, *sums, row.reasons


def _source(source: str, rows: list[tuple[Any, ...]]) -> SourceStatus:
    received, stored, deduplicated, rejected, overflowed = (sum(as_int(row[i]) for row in rows) for i in range(2, 7))
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons.update(row[7])
    minutes = [as_int(row[1]) for row in rows if row[1]]  # minute 0 sums up what is too old to be kept by the minute
    return SourceStatus(
        source,
        received,
        stored,
        deduplicated,
        rejected,
        overflowed,
        dict(reasons.most_common()),
        min(minutes, default=None),
        max(minutes, default=None),
    )


def _samples(connection: apsw.Connection) -> tuple[RejectedSample, ...]:
    select = "SELECT source, received_at, reason, place, sample FROM rejected_sample ORDER BY id DESC LIMIT ?"
    return tuple(
        RejectedSample(str(source), as_int(at), str(reason), str(place), str(sample))
        for source, at, reason, place, sample in connection.execute(select, (_LISTED,))
    )


def _positions(connection: apsw.Connection) -> tuple[PositionStatus, ...]:
    rows = connection.execute("SELECT key, payload, updated_at FROM source_position ORDER BY key")
    return tuple(PositionStatus(str(key), str(payload), as_int(at)) for key, payload, at in rows)


def _overflowed(connection: apsw.Connection) -> tuple[OverflowStatus, ...]:
    rows = connection.execute(_OVERFLOW_HOURS, (OVERFLOW, _LISTED))
    return tuple(OverflowStatus(as_int(hour), str(workspace), as_int(n)) for hour, workspace, n in rows)
