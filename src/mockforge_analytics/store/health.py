"""What can be asked of a database every few seconds: sizes and the ledger, without counting cells."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.health import LedgerTotals, StorageHealth
from mockforge_analytics.store.connection import open_reader, translated
from mockforge_analytics.store.fold_progress import load_progress
from mockforge_analytics.store.rows import as_bytes, as_int
from mockforge_analytics.store.staged import decode_ledger

if TYPE_CHECKING:
    from pathlib import Path

    import apsw

    from mockforge_analytics.store.staged import LedgerRow

__all__ = ["storage_health"]

_LEDGER: Final = (
    "SELECT source, sum(received), sum(stored), sum(deduplicated), sum(rejected), sum(overflowed), max(minute) "
    "FROM ledger GROUP BY source"
)
_LAST: Final = (
    "SELECT max(value) FROM (SELECT value FROM meta WHERE key = 'last' UNION ALL SELECT max(last_seen) FROM pending)"
)
_MINUTE: Final = 5  # where the minute stands among the figures of a source


def storage_health(path: Path) -> StorageHealth:
    """Return the figures of the database at `path`, a few milliseconds whatever its size.

    Raises:
        StoreError: it cannot be read.
    """
    with translated(path), closing(open_reader(path)) as connection:
        connection.execute("BEGIN")
        progress = load_progress(connection)
        begun, left = (0, 0) if progress is None else (progress.last, progress.requests)
        pending = connection.execute("SELECT requests, payload FROM pending WHERE id > ?", (begun,)).fetchall()
        page = as_int(connection.pragma("page_size"))
        (last,) = connection.execute(_LAST).fetchall()[0]
        wal = path.with_name(f"{path.name}-wal")
        return StorageHealth(
            database_bytes=page * as_int(connection.pragma("page_count")),
            wal_bytes=wal.stat().st_size if wal.exists() else 0,
            free_bytes=page * as_int(connection.pragma("freelist_count")),
            disk_free_bytes=shutil.disk_usage(path.parent).free,
            pending_requests=left + sum(as_int(requests) for requests, _ in pending),
            last=None if last is None else as_int(last),
            ledger=_ledger(connection, [row for _, payload in pending for row in decode_ledger(as_bytes(payload))]),
            positions=_positions(connection),
        )


def _ledger(connection: apsw.Connection, pending: list[LedgerRow]) -> dict[str, LedgerTotals]:
    """Return the sums of every source, folded and pending rows together."""
    found = {str(source): list(map(as_int, figures)) for source, *figures in connection.execute(_LEDGER)}
    for row in pending:
        figures = found.setdefault(row.source, [0] * (_MINUTE + 1))
        added = (row.received, row.stored, row.deduplicated, row.rejected, row.overflowed)
        figures[:_MINUTE] = [have + more for have, more in zip(figures[:_MINUTE], added, strict=True)]
        figures[_MINUTE] = max(figures[_MINUTE], row.minute)
    # Minute 0 sums up what is too old to be kept by the minute.
    return {source: _totals(figures) for source, figures in sorted(found.items())}


def _totals(figures: list[int]) -> LedgerTotals:
    received, stored, deduplicated, rejected, overflowed, minute = figures
    return LedgerTotals(received, stored, deduplicated, rejected, overflowed, minute or None)


def _positions(connection: apsw.Connection) -> dict[str, int]:
    """Return when each kind of position was committed last; a key begins with its kind, up to the first colon."""
    newest: Counter[str] = Counter()
    for key, updated_at in connection.execute("SELECT key, updated_at FROM source_position"):
        kind = str(key).partition(":")[0]
        newest[kind] = max(newest[kind], as_int(updated_at))
    return dict(sorted(newest.items()))
