"""How far a fold in parts has come, and what of the pending rows it has taken up is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import apsw
import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.batch import ErrorCells
from mockforge_analytics.store.client_keys import client_keys
from mockforge_analytics.store.plain_rows import PlainRows
from mockforge_analytics.store.rows import as_bytes, as_int, integer_columns
from mockforge_analytics.store.staged import GaugeCells, Staged, decode_staged

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ALL",
    "Progress",
    "error_owners",
    "keys_of",
    "left_of",
    "load_progress",
    "save_progress",
    "small_alone",
    "waiting_rows",
    "without_small",
]

Int64s = NDArray[np.int64]

ALL: Final = int(np.iinfo(np.int64).max)  # above every id
_SELECT: Final = "SELECT last, series, clients, requests FROM fold_progress"
_OWNERS: Final = "SELECT id, series_id FROM error_series WHERE id IN carray(?)"


@dataclass(frozen=True, slots=True)
class Progress:
    """What of the pending rows numbered up to `last` is in the tiers.

    That is everything but cells, errors and clients; cells and errors of series below `series`; clients with keys below
    `clients`. `requests` are in no tier yet.
    """

    last: int
    series: int
    clients: int
    requests: int


def load_progress(connection: apsw.Connection) -> Progress | None:
    """Return how far the fold has come in whose midst the connection's snapshot is, None where it is in none."""
    row = connection.execute(_SELECT).fetchone()
    return None if row is None else Progress(*map(as_int, row))


def save_progress(connection: apsw.Connection, progress: Progress | None) -> None:
    """Write `progress`, inside the caller's transaction; None says that no fold is in its midst."""
    if progress is None:
        connection.execute("DELETE FROM fold_progress")
        return
    values = (progress.last, progress.series, progress.clients, progress.requests)
    connection.execute("REPLACE INTO fold_progress VALUES (?, ?, ?, ?)", values)


def waiting_rows(connection: apsw.Connection) -> list[tuple[int, list[Staged]]]:
    """Return for every pending row of the snapshot its number, and of its batches what is in no tier yet.

    Raises:
        StoreCorruptError: a row is damaged.
    """
    progress = load_progress(connection)
    found = []
    for number, payload in connection.execute("SELECT id, payload FROM pending ORDER BY id").fetchall():
        parts = decode_staged(as_bytes(payload))
        is_begun = progress is not None and as_int(number) <= progress.last
        found.append((as_int(number), left_of(parts, progress, connection) if progress and is_begun else list(parts)))
    return found


def left_of(parts: Sequence[Staged], progress: Progress, connection: apsw.Connection) -> list[Staged]:
    """Return what of `parts`, which a fold has taken up, is in no tier yet."""
    return [_left(part, progress, connection) for part in parts]


def _left(part: Staged, progress: Progress, connection: apsw.Connection) -> Staged:
    errors = part.errors
    of_error = np.flatnonzero(error_owners(connection, errors.series) >= progress.series)
    waits = keys_of(part.clients) >= progress.clients
    owner = part.client_endpoints.integers("client")
    endpoints = part.client_endpoints.take(np.flatnonzero(waits[owner]))
    number = np.cumsum(waits) - 1
    return replace(
        without_small(part),
        cells=part.cells.take(np.flatnonzero(part.cells.series >= progress.series)),
        seen=part.seen[:, part.seen[0] >= progress.series],
        errors=ErrorCells(*(getattr(errors, name)[of_error] for name in ErrorCells.__slots__)),
        clients=part.clients.take(np.flatnonzero(waits)),
        client_endpoints=PlainRows({**endpoints.columns, "client": number[endpoints.integers("client")]}),
    )


def without_small(part: Staged) -> Staged:
    """Return `part` with its cells, errors and clients alone, which a fold may take up bit by bit."""
    return replace(part, gauges=GaugeCells.empty(), events=(), ledger=(), samples=(), tokens={})


def small_alone(part: Staged) -> Staged:
    """Return `part` without what `without_small` leaves."""
    return Staged(
        gauges=part.gauges,
        events=part.events,
        ledger=part.ledger,
        samples=part.samples,
        tokens=part.tokens,
        received_at=part.received_at,
    )


def error_owners(connection: apsw.Connection, ids: Int64s) -> Int64s:
    """Return the series of each error series; -1 of one that is gone: nothing waits that has no name."""
    distinct, of_row = np.unique(ids, return_inverse=True)
    rows = connection.execute(_OWNERS, (apsw.carray(distinct),)).fetchall() if len(ids) else []
    known = integer_columns(rows, 2)
    owners = np.full(len(distinct), -1, np.int64)
    owners[np.searchsorted(distinct, known[0])] = known[1]
    return owners[of_row]


def keys_of(clients: PlainRows) -> Int64s:
    """Return the key of each row of staged clients."""
    ids = (clients.integers("hour"), clients.integers("scope_id"), clients.integers("agent_id"))
    return client_keys(ids, clients.texts("client_ip"))
