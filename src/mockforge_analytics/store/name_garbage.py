"""Dictionary entries that no cell refers to any more; ids are never given again.

Which names are in use is read from a snapshot, beside the writer. What a fold has added since then shows in the fold
number, what waits for a fold is known to the writer; so entries go only while the fold number is the snapshot's.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import apsw
import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.store.connection import open_reader, translated
from mockforge_analytics.store.keys import MAX_DICTIONARY_ID
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mockforge_analytics.store.committer import Committer
    from mockforge_analytics.store.staged import Staged

__all__ = ["collect_names", "has_garbage"]

Int64s = NDArray[np.int64]

_SLICE: Final = 2_000
_ATTEMPTS: Final = 3
_TABLES: Final = {
    # in this order: an error series keeps its series
    "error_series": Fact.ERROR,
    "gauge_series": Fact.GAUGE,
    "series": Fact.SERIES,
    "agent": Fact.CLIENT,
}
_DELETE: Final = {
    "error_series": "DELETE FROM error_series WHERE id IN carray(?)",
    "gauge_series": "DELETE FROM gauge_series WHERE id IN carray(?)",
    "series": "DELETE FROM series WHERE id IN carray(?) "
    "AND NOT EXISTS (SELECT 1 FROM error_series WHERE series_id = series.id)",
    "agent": "DELETE FROM agent WHERE id IN carray(?)",
}
_ALL: Final = {
    "error_series": "SELECT id FROM error_series",
    "gauge_series": "SELECT id FROM gauge_series",
    "series": "SELECT id FROM series",
    "agent": "SELECT id FROM agent",
}


def collect_names(
    call: Callable[[Callable[[Committer], Any]], Any],
    path: Path,
    progress: Callable[[str, int], None],
    stopped: Callable[[], bool],
) -> dict[str, int]:
    """Delete the dictionary entries nothing refers to; return how many of each table.

    Where folds keep coming in between, or the run is stopped, the rest is left for the next call.
    """
    deleted = dict.fromkeys(_TABLES, 0)
    for _ in range(_ATTEMPTS):
        folds, unused = _unused(path)
        slices = [(table, ids[i : i + _SLICE]) for table, ids in unused.items() for i in range(0, len(ids), _SLICE)]
        for table, ids in slices:
            gone = None if stopped() else call(partial(_sweep, table=table, ids=ids, folds=folds))
            if gone is None:
                break
            deleted[table] += gone
            progress(table, deleted[table])
        else:
            call(_finish)
            break
    return deleted


def has_garbage(committer: Committer) -> bool:
    """Return whether cells went since the last complete collection."""
    select = "SELECT 1 FROM meta WHERE key = 'cells_removed'"
    with translated(committer.path):
        return committer.connection.execute(select).fetchone() is not None


def _finish(committer: Committer) -> None:
    committer.change(
        lambda connection: connection.execute("DELETE FROM meta WHERE key = 'cells_removed'"), reload=False
    )


def _unused(path: Path) -> tuple[int, dict[str, Int64s]]:
    """Return the fold number of a snapshot, and the ids by table that no stored cell of it refers to."""
    with translated(path):
        connection = open_reader(path)
        try:
            connection.execute("BEGIN")
            folds = connection.execute("SELECT coalesce(max(value), 0) FROM meta WHERE key = 'folds'").fetchall()[0][0]
            return as_int(folds), {table: _unreferenced(connection, table) for table in _TABLES}
        finally:
            connection.close()


def _unreferenced(connection: apsw.Connection, table: str) -> Int64s:
    known = _ids(connection.execute(_ALL[table]))
    fact = _TABLES[table]
    if fact is Fact.CLIENT:
        used = [_ids(connection.execute("SELECT DISTINCT agent_id FROM client_hour"))]
    else:
        used = [_ids(_members(connection, tier.name)) for tier in tiers_of(fact)]
    return np.setdiff1d(known, np.concatenate(used))


def _members(connection: apsw.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    return connection.execute(f"SELECT DISTINCT id & {MAX_DICTIONARY_ID} FROM {table}")  # noqa: S608 - a tier's own name


def _ids(rows: Iterator[tuple[Any, ...]]) -> Int64s:
    return np.fromiter(chain.from_iterable(rows), np.int64)


def _sweep(committer: Committer, table: str, ids: Int64s, folds: int) -> int | None:
    """Delete `ids` but those that wait for a fold; None where the tiers have changed since `folds`."""
    if committer.folds != folds:
        return None
    waiting = [_waiting(staged, table) for staged in committer.pending.staged()]
    doomed = np.setdiff1d(ids, np.concatenate(waiting)) if waiting else ids

    def delete(connection: apsw.Connection) -> int:
        connection.execute(_DELETE[table], (apsw.carray(doomed),))
        committer.fail_at("retention.names")
        return connection.changes()

    gone = committer.change(delete, reload=False) if len(doomed) else 0
    committer.forget()
    return gone


def _waiting(staged: Staged, table: str) -> Int64s:
    if table == "series":
        return staged.cells.series
    if table == "error_series":
        return staged.errors.series
    if table == "gauge_series":
        return staged.gauges.series
    return staged.clients.integers("agent_id")
