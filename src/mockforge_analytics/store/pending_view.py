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

__all__ = ["PendingCache", "PendingView"]


@dataclass(frozen=True, eq=False)
class PendingView:
    """Everything in the pending rows numbered `first` to `last` (0 and 0 where there is none).

    `people` holds the clients of all of `staged`, joined as they come in: a minute of small batches is a thousand.
    """

    first: int
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


def _extended(view: PendingView, first: int, last: int, staged: Sequence[Staged]) -> PendingView:
    errors = [view.errors, *(part.errors for part in staged)]
    gauges = [view.gauges, *(part.gauges for part in staged)]
    return PendingView(
        first,
        last,
        Cells.concat([view.cells, *(part.cells for part in staged)]),
        ErrorCells(*(np.concatenate([getattr(e, n) for e in errors]) for n in ErrorCells.__slots__)),
        GaugeCells(*(np.concatenate([getattr(g, n) for g in gauges]) for n in GaugeCells.__slots__)),
        (*view.staged, *staged),
        clients_of([view.people, *staged]),
    )


class PendingCache:
    """The newest view; a snapshot with more commits extends it, one of another generation reads its own.

    `written` gives rows that the writer of the same process still has in memory: decoding the twenty small batches of a
    second takes as long as a whole report. The others are read.
    """

    def __init__(self, written: Callable[[], Sequence[tuple[int, tuple[Staged, ...]]]]) -> None:
        self._written = written
        self._lock = threading.Lock()
        self._view = _EMPTY

    def view(self, connection: apsw.Connection) -> PendingView:
        """Return the pending rows of the connection's snapshot."""
        first, last = connection.execute("SELECT min(id), max(id) FROM pending").fetchall()[0]
        if first is None:
            return _EMPTY
        first, last = as_int(first), as_int(last)
        with self._lock:
            known = self._view
        if known.first == first and known.last <= last:
            base, after = known, known.last
        else:
            base, after = _EMPTY, 0
        if base.last == last:
            return base
        view = _extended(base, first, last, self._rows(connection, after))
        with self._lock:
            if view.last >= self._view.last:
                self._view = view
        return view

    def _rows(self, connection: apsw.Connection, after: int) -> list[Staged]:
        """Return the batches in the rows of the connection's snapshot that are numbered above `after`."""
        known = dict(self._written())
        numbers = connection.execute("SELECT id FROM pending WHERE id > ? ORDER BY id", (after,)).fetchall()
        found = [known.get(as_int(number)) for (number,) in numbers]
        if None not in found:
            return [staged for parts in found if parts is not None for staged in parts]
        rows = connection.execute("SELECT payload FROM pending WHERE id > ? ORDER BY id", (after,))
        return [staged for (payload,) in rows for staged in decode_staged(as_bytes(payload))]
