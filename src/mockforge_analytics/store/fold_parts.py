"""What waits for a fold, divided: a large fold in one transaction would hold up whoever waits for a commit.

First comes what is small, then cells with errors by series, then clients by key, as no client row may count more
requests than its hour. The pending rows stay as they are until the last part; `Progress` says what of them is in the
tiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.batch import ErrorCells
from mockforge_analytics.model.cells import Cells
from mockforge_analytics.store.fold_progress import ALL, Progress, keys_of, without_small
from mockforge_analytics.store.plain_rows import PlainRows
from mockforge_analytics.store.staged import Staged, clients_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["PART_SIZES", "Division", "Part", "PartSizes", "is_small"]

Int64s = NDArray[np.int64]

_ROWS_A_SERIES: Final = 5  # beside those of 10 seconds: the ones of the other tiers, and its endpoint
_ENTRIES_A_ROW: Final = 50  # entries of histograms that take as long to merge as a row to write


@dataclass(frozen=True, slots=True)
class PartSizes:
    """How much one transaction takes up: about so many `rows` of cells to write, or `clients` as they came."""

    rows: int
    clients: int


PART_SIZES: Final = PartSizes(rows=3_500, clients=24_000)  # 50 ms each; a third of the clients are rows of their own


@dataclass(frozen=True, slots=True)
class Part:
    """What to fold in one transaction, and how far the fold is then: None at its end."""

    staged: Sequence[Staged]
    progress: Progress | None


def is_small(parts: Sequence[Staged], sizes: PartSizes) -> bool:
    """Return whether `parts` are to be folded in one transaction."""
    share = sum(len(part.clients) for part in parts) / sizes.clients
    rows = sum(len(part.cells) for part in parts)
    if share <= 1 and share + rows / sizes.rows > 1:  # as far as they are not the same
        rows = int(_row_counts(Cells.concat([part.cells for part in parts]))[1].sum())
    return share + rows / sizes.rows <= 1


def _row_counts(cells: Cells) -> tuple[Int64s, Int64s]:
    """Return the distinct series, ascending, and about how many rows the cells of each come to in work."""
    order = np.lexsort((cells.bucket, cells.series))
    series, bucket = cells.series[order], cells.bucket[order]
    is_new = np.ones(len(series), bool)
    is_new[1:] = np.diff(series) != 0
    is_row = is_new.copy()
    is_row[1:] |= np.diff(bucket) != 0
    place = np.cumsum(is_new) - 1
    entries = np.bincount(place, np.diff(cells.histograms.offsets)[order]).astype(np.int64)
    rows = np.bincount(place[is_row], minlength=len(entries))
    return series[is_new], rows + _ROWS_A_SERIES + entries // _ENTRIES_A_ROW


class Division:
    """The pending rows that a fold has taken up, of which everything is left that is not small.

    For the thread that writes, but `left` is for any.
    """

    def __init__(self, parts: Sequence[Staged], begun: Progress, owners: Callable[[Int64s], Int64s]) -> None:
        """Divide `parts`, which are what `begun` has left; `owners` gives the series of each error series."""
        self._parts = [without_small(part) for part in parts]
        self._begun = begun
        self._owners = owners
        self._traffic: _Traffic | None = None
        self._people: _People | None = None
        self._left: tuple[Progress, list[Staged]] | None = None

    def left(self, progress: Progress) -> list[Staged] | None:
        """Return what is in no tier yet after `progress`; None where that is not to be had from here."""
        known = self._left
        if known is not None and known[0] == progress:  # each commit meanwhile asks, and many reports do
            return known[1]
        left = self._without(progress)
        if left is not None:
            self._left = progress, left
        return left

    def _without(self, progress: Progress) -> list[Staged] | None:
        begun, traffic, people = self._begun, self._traffic, self._people
        if progress == begun:
            return self._parts
        if traffic is None or progress.last != begun.last or progress.series < begun.series:
            return None
        left = traffic.between(progress.series, ALL)
        if people is not None and progress.clients >= begun.clients:
            return [left, people.between(progress.clients, ALL)]
        clients = [Staged(clients=p.clients, client_endpoints=p.client_endpoints) for p in self._parts]
        return [left, *clients] if progress.clients == begun.clients else None

    def next(self, progress: Progress, sizes: PartSizes) -> Part | None:
        """Return what comes after `progress`; None where time went into making ready for it."""
        if self._traffic is None:
            self._traffic = _Traffic(self._parts, self._owners)
            return None
        if progress.series < ALL:
            until = self._traffic.end(progress.series, sizes.rows)
            part = self._traffic.between(progress.series, until)
            ends = until == ALL and not any(len(one.clients) for one in self._parts)
            then = Progress(progress.last, until, progress.clients, progress.requests - part.requests)
            return Part([part], None if ends else then)
        if self._people is None:
            self._people = _People(self._parts)
            return None
        until = self._people.end(progress.clients, sizes.clients)
        then = Progress(progress.last, ALL, until, progress.requests)
        return Part([self._people.between(progress.clients, until)], None if until == ALL else then)


class _Traffic:
    """Cells, errors and `seen` of several batches added up, to be taken by series.

    Of a flood, many commits have the same cells, so what is left to be divided is a tenth.
    """

    def __init__(self, parts: Sequence[Staged], owners: Callable[[Int64s], Int64s]) -> None:
        self._cells = Cells.concat([part.cells for part in parts]).merged(1)
        names = ErrorCells.__slots__
        self._errors = [np.concatenate([getattr(part.errors, name) for part in parts]) for name in names]
        self._owner = owners(self._errors[names.index("series")])
        self._seen = _merged_seen(np.concatenate([part.seen for part in parts], axis=1))
        self._series, rows = _row_counts(self._cells)
        self._rows = np.cumsum(rows)

    def end(self, first: int, rows: int) -> int:
        """Return up to which series a part goes that begins with series `first`: even parts of about `rows`."""
        return _end(self._series, self._rows, first, rows)

    def between(self, first: int, end: int) -> Staged:
        """Return what is of series from `first` to below `end`."""
        of_error = _places(self._owner, first, end)
        return Staged(
            cells=self._cells.take(_places(self._cells.series, first, end)),
            errors=ErrorCells(*(column[of_error] for column in self._errors)),
            seen=self._seen[:, _places(self._seen[0], first, end)],
        )


def _merged_seen(seen: Int64s) -> Int64s:
    """Return (series, first, last) once for each series."""
    series, place = np.unique(seen[0], return_inverse=True)
    first, last = np.full(len(series), np.iinfo(np.int64).max), np.zeros(len(series), np.int64)
    np.minimum.at(first, place, seen[1])
    np.maximum.at(last, place, seen[2])
    return np.stack([series, first, last])


class _People:
    """Clients of several batches together, to be taken by key."""

    def __init__(self, parts: Sequence[Staged]) -> None:
        people = clients_of(parts)
        self._clients, self._endpoints = people.clients.coded(), people.client_endpoints.coded()
        self._keys = keys_of(self._clients)
        self._ordered = np.sort(self._keys)

    def end(self, first: int, clients: int) -> int:
        """Return up to which key a part goes that begins with key `first`: even parts of about so many `clients`."""
        return _end(self._ordered, np.arange(1, len(self._ordered) + 1), first, clients)

    def between(self, first: int, end: int) -> Staged:
        """Return the clients with keys from `first` to below `end`."""
        rows = _places(self._keys, first, end)
        number = np.full(len(self._keys), -1, np.int64)
        number[rows] = np.arange(len(rows))
        owner = number[self._endpoints.integers("client")]
        picked = np.flatnonzero(owner >= 0)
        endpoints = self._endpoints.take(picked)
        return Staged(
            clients=self._clients.take(rows),
            client_endpoints=PlainRows({**endpoints.columns, "client": owner[picked]}),
        )


def _places(ids: Int64s, first: int, end: int) -> Int64s:
    return np.flatnonzero((ids >= first) & ((ids < end) | (end == ALL)))


def _end(ids: Int64s, sizes: Int64s, begins: int, most: int) -> int:
    """Return the id before which a part ends that begins with id `begins`.

    `ids` ascend; `sizes` is the running sum of what each takes.
    """
    first = int(np.searchsorted(ids, begins))
    if first == len(ids):
        return ALL
    before = int(sizes[first - 1]) if first else 0
    rest = int(sizes[-1]) - before
    share = -(-rest // -(-rest // most))
    end = max(int(np.searchsorted(sizes, before + share, side="left")), first) + 1
    if end < len(ids) and ids[end] == ids[end - 1]:  # all of a key together, so that no row is written twice
        end = int(np.searchsorted(ids, ids[end], side="right"))
    return int(ids[end]) if end < len(ids) else ALL
