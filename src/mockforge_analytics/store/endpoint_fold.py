"""All-time totals of endpoints, kept by the fold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.cells import Cells, merge_measures
from mockforge_analytics.model.histogram_codec import decode
from mockforge_analytics.store.fold import cell_rows, load_measures
from mockforge_analytics.store.rows import integer_columns

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EndpointFold"]

Int64s = NDArray[np.int64]

_SELECT: Final = (
    "SELECT id, request_count, error_count, latency_count, latency_sum, latency_min, latency_max, bytes_sent, "
    "bytes_received, first_seen, last_seen, histogram, status_codes FROM endpoint_total WHERE id IN carray(?)"
)
_FIND: Final = "SELECT id FROM endpoint_total WHERE scope_id = ? AND endpoint = ? AND method = ?"
_INSERT: Final = (
    "INSERT INTO endpoint_total VALUES (NULL, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, x'', '{}', ?, 0, 0)"
)
_UPDATE: Final = (
    "UPDATE endpoint_total SET request_count = ?, error_count = ?, latency_count = ?, latency_sum = ?, "
    "latency_min = ?, latency_max = ?, bytes_sent = ?, bytes_received = ?, latency_p50 = ?, latency_p95 = ?, "
    "latency_p99 = ?, histogram = ?, status_codes = ?, first_seen = ?, last_seen = ?, updated_at = ? WHERE id = ?"
)
_NEVER: Final = np.iinfo(np.int64).max
_ENCODER: Final = msgspec.json.Encoder()
_CACHED: Final = 500_000


class EndpointFold:
    """Adds merged cells to the endpoint totals, inside the caller's transaction. After a rollback call `forget`."""

    def __init__(
        self, connection: apsw.Connection, parts_of: Callable[[list[int]], list[tuple[int, str, str, int]]]
    ) -> None:
        self._connection = connection
        self._parts_of = parts_of
        self._total_of: dict[int, tuple[int, int]] = {}

    def forget(self) -> None:
        """Drop everything remembered."""
        self._total_of.clear()

    def fold(self, cells: Cells, seen: Int64s, now: int) -> None:
        """Add `cells` (ids of series) and `seen` (series id, first, last in microseconds); `now` in seconds."""
        if not len(cells):
            return
        series, local = np.unique(cells.series, return_inverse=True)
        pairs = self._totals(series.tolist())
        totals, group = np.unique(np.array([total for total, _ in pairs], np.int64), return_inverse=True)
        n = len(totals)
        measures = merge_measures(cells.measures, group[local], n)
        histograms = cells.histograms.merge(group[local], n)
        first, last = np.full(n, _NEVER), np.zeros(n, np.int64)
        at = group[np.searchsorted(series, seen[0])]
        np.minimum.at(first, at, seen[1])
        np.maximum.at(last, at, seen[2])
        statuses: list[Counter[str]] = [Counter() for _ in range(n)]
        requests = np.zeros(len(series), np.int64)
        np.add.at(requests, local, cells.measures[0])
        for (_, status), g, count in zip(pairs, group.tolist(), requests.tolist(), strict=True):
            if status:
                statuses[g][str(status)] += count
        self._write(totals, Cells(totals, totals, measures, histograms), first, last, statuses, now)

    def _write(
        self, totals: Int64s, own: Cells, first: Int64s, last: Int64s, statuses: list[Counter[str]], now: int
    ) -> None:
        rows: list[tuple[Any, ...]] = self._connection.execute(_SELECT, (apsw.carray(totals),)).fetchall()
        known = integer_columns([row[:11] for row in rows], 11)
        ids = known[0]
        stored = Cells(ids, ids, load_measures(known[1:9]), decode([row[11] for row in rows]))
        at = np.searchsorted(totals, ids)
        first[at] = np.minimum(first[at], known[9])
        last[at] = np.maximum(last[at], known[10])
        for row, g in zip(rows, at.tolist(), strict=True):
            statuses[g].update(msgspec.json.decode(row[12]))
        both = Cells.concat([stored, own])
        group = np.searchsorted(totals, both.series)
        n = len(totals)
        merged = cell_rows(merge_measures(both.measures, group, n), both.histograms.merge(group, n))
        codes = [_ENCODER.encode(dict(sorted(counter.items()))).decode() for counter in statuses]
        values = zip(*merged, codes, first.tolist(), last.tolist(), [now] * n, totals.tolist(), strict=True)
        self._connection.executemany(_UPDATE, values)

    def _totals(self, series: list[int]) -> list[tuple[int, int]]:
        """Return (endpoint total id, status code) of each series; rows that are missing are made."""
        if len(self._total_of) >= _CACHED:
            self._total_of.clear()
        unknown = [member for member in series if member not in self._total_of]
        made: dict[tuple[int, str, str], int] = {}
        for member, (scope, endpoint, method, status) in zip(unknown, self._parts_of(unknown), strict=True):
            key = (scope, endpoint, method)
            if key not in made:
                made[key] = self._find_or_make(key)
            self._total_of[member] = (made[key], status)
        return [self._total_of[member] for member in series]

    def _find_or_make(self, key: tuple[int, str, str]) -> int:
        row = self._connection.execute(_FIND, key).fetchone()
        if row is not None:
            return int(row[0])
        self._connection.execute(_INSERT, (*key, _NEVER))
        return self._connection.last_insert_rowid()
