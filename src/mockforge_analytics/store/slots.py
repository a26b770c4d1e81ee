"""Arrays that take dictionary ids to what the fold needs of them: scope and workspace slot."""

from __future__ import annotations

from typing import Final

import apsw
import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.store.rows import as_int, integer_columns

__all__ = ["SlotMap"]

Int64s = NDArray[np.int64]

_SERIES: Final = (
    "SELECT s.id, p.id, p.slot FROM series s JOIN scope p ON p.id = s.scope_id WHERE s.id > ? ORDER BY s.id"
)
_ERRORS: Final = (
    "SELECT e.id, p.slot, 0 FROM error_series e JOIN series s ON s.id = e.series_id JOIN scope p ON p.id = s.scope_id "
    "WHERE e.id > ? ORDER BY e.id"
)
_GAUGES: Final = (
    "SELECT g.id, p.slot, 0 FROM gauge_series g JOIN scope p ON p.id = g.scope_id WHERE g.id > ? ORDER BY g.id"
)


class _IdTable:
    """Two integers for each id of a dictionary, read as the ids come into use."""

    def __init__(self, connection: apsw.Connection, select: str) -> None:
        self._connection = connection
        self._select = select
        self.forget()

    def forget(self) -> None:
        self._known = 0
        self._values = np.zeros((2, 1), np.int64)

    def __call__(self, ids: Int64s) -> tuple[Int64s, Int64s]:
        if len(ids) and int(ids.max()) > self._known:
            rows = self._connection.execute(self._select, (self._known,)).fetchall()
            fresh = integer_columns(rows, 3)
            size = int(fresh[0][-1]) + 1
            room = self._values.shape[1]
            if size > room:
                values = np.zeros((2, max(size, 2 * room)), np.int64)
                values[:, :room] = self._values
                self._values = values
            self._values[:, fresh[0]] = fresh[1:]
            self._known = size - 1
        return self._values[0][ids], self._values[1][ids]


class SlotMap:
    """Scope ids and workspace slots by dictionary id. After a rollback the caller must call `forget`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._series = _IdTable(connection, _SERIES)
        self._errors = _IdTable(connection, _ERRORS)
        self._gauges = _IdTable(connection, _GAUGES)

    def forget(self) -> None:
        """Drop everything remembered."""
        for table in (self._series, self._errors, self._gauges):
            table.forget()

    def scopes(self, series: Int64s) -> tuple[Int64s, Int64s]:
        """Return the scope id and the workspace slot of each series id."""
        return self._series(series)

    def error_slots(self, error_series: Int64s) -> Int64s:
        """Return the workspace slot of each error series id."""
        return self._errors(error_series)[0]

    def gauge_slots(self, gauge_series: Int64s) -> Int64s:
        """Return the workspace slot of each gauge series id."""
        return self._gauges(gauge_series)[0]

    def series_parts(self, series: list[int]) -> list[tuple[int, str, str, int]]:
        """Return scope id, endpoint, method and status code of each series id."""
        select = "SELECT id, scope_id, endpoint, method, status_code FROM series WHERE id IN carray(?)"
        rows = self._connection.execute(select, (apsw.carray(np.array(series, np.int64)),)) if series else ()
        found = {
            as_int(i): (as_int(scope), str(endpoint), str(method), as_int(status))
            for i, scope, endpoint, method, status in rows
        }
        return [found[member] for member in series]
