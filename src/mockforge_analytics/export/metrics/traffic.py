"""Counters of the traffic since the start of the process, kept from commit to commit."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.export.metrics.buckets import (
    LATENCY_BOUNDS,
    MOCKFORGE_BOUNDS,
    latency_places,
    mockforge_places,
)
from mockforge_analytics.export.metrics.fine import FineCounts
from mockforge_analytics.export.metrics.names import OTHER, BusiestNames
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.commit import SeriesName
from mockforge_analytics.model.histogram import ZERO_INDEX
from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.model.cells import Cells
    from mockforge_analytics.model.commit import Committed

__all__ = ["SUMMED", "Counts", "TrafficCounters"]

Int64s = NDArray[np.int64]

SUMMED: Final = (
    Measure.REQUESTS,
    Measure.ERRORS,
    Measure.LATENCY_COUNT,
    Measure.LATENCY_SUM,
    Measure.BYTES_SENT,
    Measure.BYTES_RECEIVED,
)
_INBOX_COMMITS: Final = 1_000  # that may wait for a scrape before they are added up on the thread that writes
_INBOX_CELLS: Final = 20_000
_FIRST_ROWS: Final = 64
_REMEMBERED_NAMES: Final = 50_000
_STATUS_CLASS: Final = 100
_WIDTHS: Final = (len(SUMMED), len(LATENCY_BOUNDS) + 1, len(MOCKFORGE_BOUNDS) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What each of `names` counted since `created` (seconds), in columns.

    `sums` has the measures `SUMMED` as columns, `latencies` the latencies by `LATENCY_BOUNDS` and `mockforge` by
    `MOCKFORGE_BOUNDS`: those up to each bound and not up to the one before, then those past the last. `fine` has the
    same latencies in the buckets they are stored in.
    """

    names: tuple[SeriesName, ...]
    created: tuple[float, ...]
    sums: Int64s
    latencies: Int64s
    mockforge: Int64s
    fine: FineCounts

    def only(self, wanted: Callable[[SeriesName], bool]) -> Counts:
        """Return the counters whose names are wanted."""
        rows = [row for row, name in enumerate(self.names) if wanted(name)]
        places = np.array(rows, np.int64)
        return Counts(
            tuple(self.names[row] for row in rows),
            tuple(self.created[row] for row in rows),
            self.sums[places],
            self.latencies[places],
            self.mockforge[places],
            self.fine.of_rows(_places(places, len(self.names))),
        )


class TrafficCounters:
    """Counts what is committed, whatever the requests' own time; `hear` is for `ports.CommitFeed`.

    No counter falls and none vanishes. Of endpoints the `endpoints` busiest have names of their own. Past `series`
    counters, what differs from them counts under `OTHER`, whatever it is.
    """

    def __init__(self, clock: Clock, *, endpoints: int, series: int) -> None:
        self._clock = clock
        self._most = series
        self._endpoints = BusiestNames(endpoints)
        self._lock = threading.Lock()
        self._inbox: list[Committed] = []
        self._inbox_cells = 0
        self._adding = threading.Lock()
        self._since = clock.now_us() / MICROSECONDS
        self._rows: dict[SeriesName, int] = {}
        self._row_of: dict[SeriesName, int] = {}  # of full names, while each endpoint keeps its label
        self._created: list[float] = []
        self._columns = [np.zeros((_FIRST_ROWS, width), np.int64) for width in _WIDTHS]
        self._fine = FineCounts.empty()
        self._places = (latency_places(), mockforge_places())

    def hear(self, committed: Committed) -> None:
        """Take note of a commit; called on the thread that writes."""
        with self._lock:
            self._inbox.append(committed)
            self._inbox_cells += committed.cell_count
            is_full = len(self._inbox) >= _INBOX_COMMITS or self._inbox_cells >= _INBOX_CELLS
        if is_full:
            self._add_up()

    def counts(self) -> Counts:
        """Return what has been committed so far."""
        self._add_up()
        with self._adding:
            used = len(self._rows)
            sums, latencies, mockforge = (column[:used].copy() for column in self._columns)
            return Counts(tuple(self._rows), tuple(self._created), sums, latencies, mockforge, self._fine)

    def _add_up(self) -> None:
        with self._adding:
            with self._lock:
                heard, self._inbox, self._inbox_cells = self._inbox, [], 0
            if self._endpoints.count(_requests_by_endpoint(heard)) or len(self._row_of) > _REMEMBERED_NAMES:
                self._row_of.clear()
            for committed in heard:
                row = np.array([self._row(name) for name in committed.series], np.int64)
                for cells in committed.cells:
                    self._add(row[cells.series], cells)
            # A counter that is new next time was at zero now.
            self._since = self._clock.now_us() / MICROSECONDS

    def _add(self, row: Int64s, cells: Cells) -> None:
        sums, *histograms = self._columns
        np.add.at(sums, row, cells.measures[list(SUMMED)].T)
        owner = row[cells.histograms.owners()]
        index = cells.histograms.index.astype(np.int64) - ZERO_INDEX
        for column, places in zip(histograms, self._places, strict=True):
            np.add.at(column, (owner, places[index]), cells.histograms.count)
        self._fine = self._fine.plus(owner, index + ZERO_INDEX, cells.histograms.count)

    def _row(self, name: SeriesName) -> int:
        """Return the row that counts `name`."""
        row = self._row_of.get(name)
        if row is None:
            row = self._row_of[name] = self._labelled(name)
        return row

    def _labelled(self, name: SeriesName) -> int:
        known = name._replace(endpoint=self._endpoints.label(name.endpoint))
        row = self._rows.get(known)
        if row is not None:
            return row
        if len(self._rows) >= self._most:
            status = name.status_code // _STATUS_CLASS * _STATUS_CLASS
            known = SeriesName(OTHER, OTHER, OTHER, OTHER, OTHER, status)
            row = self._rows.get(known)
            if row is not None:
                return row
        row = self._rows[known] = len(self._rows)
        self._created.append(self._since)
        if row == len(self._columns[0]):
            self._columns = [np.concatenate([column, np.zeros_like(column)]) for column in self._columns]
        return row


def _places(rows: Int64s, n: int) -> Int64s:
    """Return of each of `n` numbers its place among `rows`, -1 where it is not there."""
    places = np.full(n, -1)
    places[rows] = np.arange(len(rows))
    return places


def _requests_by_endpoint(commits: Iterable[Committed]) -> Counter[str]:
    found: Counter[str] = Counter()
    for committed in commits:
        for cells in committed.cells:
            requests = np.bincount(cells.series, cells.measures[Measure.REQUESTS], len(committed.series))
            _add_requests(found, committed.series, requests.tolist())
    return found


def _add_requests(found: Counter[str], series: Sequence[SeriesName], requests: Sequence[float]) -> None:
    for name, count in zip(series, requests, strict=True):
        found[name.endpoint] += int(count)
