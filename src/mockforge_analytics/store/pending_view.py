"""Pending rows as one set of arrays, grown as commits arrive and shared by the readers of a process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import ErrorCells
from mockforge_analytics.model.cells import Cells
from mockforge_analytics.store.fold_progress import left_of, load_progress
from mockforge_analytics.store.plain_rows import PlainRows
from mockforge_analytics.store.rows import as_bytes, as_int
from mockforge_analytics.store.staged import (
    STAGED_CLIENT_SCHEMA,
    GaugeCells,
    Staged,
    clients_of,
    decode_staged,
    endpoints_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import apsw

    from mockforge_analytics.store.pending_rows import PendingRows

__all__ = ["PendingCache", "PendingView"]


@dataclass(frozen=True, eq=False)
class PendingView:
    """Everything in the pending rows numbered up to `last` (0 where there is none), as fold number `fold` left them.

    `people` holds the clients of all of `staged`, joined as they come in: a minute of small batches is a thousand.
    """

    fold: int
    last: int
    cells: Cells
    errors: ErrorCells
    gauges: GaugeCells
    staged: tuple[Staged, ...]
    people: Staged

    @cached_property
    def client_endpoints(self) -> pl.DataFrame:
        """The endpoints of the client rows: their columns, ``endpoint`` and ``requests``."""
        clients = self.clients.with_row_index("client").with_columns(pl.col("client").cast(pl.Int64))
        endpoints = endpoints_of([self.people]).rename({"request_count": "requests"})
        return endpoints.join(clients, on="client").drop("client")

    @cached_property
    def clients(self) -> pl.DataFrame:
        """All client rows, unmerged: columns of `STAGED_CLIENT_SCHEMA`."""
        return PlainRows.frame([self.people.clients], STAGED_CLIENT_SCHEMA)


_EMPTY = PendingView(0, 0, Cells.empty(), ErrorCells.empty(), GaugeCells.empty(), (), Staged())


def _extended(view: PendingView, fold: int, last: int, staged: Sequence[Staged]) -> PendingView:
    errors = [view.errors, *(part.errors for part in staged)]
    gauges = [view.gauges, *(part.gauges for part in staged)]
    return PendingView(
        fold,
        last,
        Cells.concat([view.cells, *(part.cells for part in staged)]),
        ErrorCells(*(np.concatenate([getattr(e, n) for e in errors]) for n in ErrorCells.__slots__)),
        GaugeCells(*(np.concatenate([getattr(g, n) for g in gauges]) for n in GaugeCells.__slots__)),
        (*view.staged, *staged),
        clients_of([view.people, *staged]),
    )


class PendingCache:
    """The newest view; a snapshot with more commits extends it, one of another generation reads its own.

    `memory` gives the rows that the writer of the same process still has: decoding the twenty small batches of a second
    takes as long as a whole report. The others are read.
    """

    def __init__(self, memory: Callable[[], PendingRows | None] = lambda: None) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._view = _EMPTY

    def view(self, connection: apsw.Connection, fold: int) -> PendingView:
        """Return the pending rows of the connection's snapshot, which fold number `fold` was the last to change."""
        (last,) = connection.execute("SELECT max(id) FROM pending").fetchall()[0]
        if last is None:
            return _EMPTY
        last = as_int(last)
        with self._lock:
            known = self._view
        # Between two folds, or parts of one, rows are only added.
        base = known if known.fold == fold and known.last <= last else _EMPTY
        if base.last == last:
            return base
        view = _extended(base, fold, last, self._rows(connection, base.last))
        with self._lock:
            if view.last >= self._view.last:
                self._view = view
        return view

    def _rows(self, connection: apsw.Connection, after: int) -> list[Staged]:
        """Return what is in no tier yet of the rows of the connection's snapshot that are numbered above `after`."""
        memory = self._memory()
        progress = load_progress(connection)
        if progress is None or after >= progress.last:
            return _read(connection, memory, after)
        left = None if memory is None else memory.left(progress)
        if left is None:
            select = "SELECT payload FROM pending WHERE id > ? AND id <= ? ORDER BY id"
            rows = connection.execute(select, (after, progress.last)).fetchall()
            taken = [part for (payload,) in rows for part in decode_staged(as_bytes(payload))]
            left = left_of(taken, progress, connection)
        return [*left, *_read(connection, memory, progress.last)]


def _read(connection: apsw.Connection, memory: PendingRows | None, after: int) -> list[Staged]:
    """Return the batches in the rows of the connection's snapshot that are numbered above `after`."""
    known = {} if memory is None else dict(memory.rows())
    numbers = connection.execute("SELECT id FROM pending WHERE id > ? ORDER BY id", (after,)).fetchall()
    found = [known.get(as_int(number)) for (number,) in numbers]
    if None not in found:
        return [staged for parts in found if parts is not None for staged in parts]
    rows = connection.execute("SELECT payload FROM pending WHERE id > ? ORDER BY id", (after,))
    return [staged for (payload,) in rows for staged in decode_staged(as_bytes(payload))]
