"""The writer's side of the dictionaries: a name becomes an id, and is added where it is new."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from mockforge_analytics.errors import StoreFullError
from mockforge_analytics.model.commit import GaugeName, SeriesName
from mockforge_analytics.model.dimensions import ABSENT_STATUS, OVERFLOW
from mockforge_analytics.store.keys import MAX_DICTIONARY_ID, workspace_slot
from mockforge_analytics.store.rows import as_int
from mockforge_analytics.store.series_memory import ScopeKey, SeriesKey, SeriesMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import apsw
    from numpy.typing import NDArray

    from mockforge_analytics.model.rows import Rows

__all__ = ["NameWriter", "ScopeKey", "SeriesKey"]

Key = TypeVar("Key", bound=Hashable)
ErrorKey = tuple[int, str, str]  # series id, error type, error category

_CACHED_NAMES: Final = 500_000  # about 100 MB; past it the cache starts afresh and asks the database
_MAX_AGENTS: Final = 100_000  # distinct user agents kept apart; retention frees those no longer used


class NameWriter:
    """Looks names up and adds them, inside the caller's transaction.

    After a rollback the caller must call `forget`, since names added in the transaction are gone.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._ids: dict[tuple[object, ...], int] = {}
        self._agent_ids: dict[str, int] = {}
        self._series = SeriesMemory(_CACHED_NAMES)
        self._error_series: dict[ErrorKey, int] = {}
        self._scope_of: dict[int, tuple[int, ScopeKey]] = {}
        self._scopes: dict[int, ScopeKey] = {}
        self._series_names: dict[int, SeriesName] = {}
        self._agents: int | None = None

    def forget(self) -> None:
        """Drop everything remembered; ids are read again from the database."""
        self._ids.clear()
        self._agent_ids.clear()
        self._series.forget()
        self._error_series.clear()
        self._scope_of.clear()
        self._scopes.clear()
        self._series_names.clear()
        self._agents = None

    def _find(self, kind: str, key: tuple[str | int, ...], select: str) -> int | None:
        known = self._ids.get((kind, *key))
        if known is not None:
            return known
        row = self._connection.execute(select, key).fetchone()
        if row is None:
            return None
        return self._remember(kind, key, as_int(row[0]))

    def _remember(self, kind: str, key: tuple[str | int, ...], found: int) -> int:
        if len(self._ids) >= _CACHED_NAMES:
            self._ids.clear()
        self._ids[(kind, *key)] = found
        return found

    def _add(self, kind: str, key: tuple[str | int, ...], insert: str, values: tuple[str | int, ...]) -> int:
        self._connection.execute(insert, values)
        return self._remember(kind, key, _checked(kind, self._connection.last_insert_rowid()))

    def _find_or_add(self, kind: str, key: tuple[str | int, ...], select: str, insert: str) -> int:
        found = self._find(kind, key, select)
        return self._add(kind, key, insert, key) if found is None else found

    def scope(self, key: ScopeKey) -> int:
        """Return the id of a scope."""
        select = "SELECT id FROM scope WHERE protocol = ? AND workspace_id = ? AND environment = ?"
        found = self._find("scope", key, select)
        if found is None:
            insert = "INSERT INTO scope (protocol, workspace_id, environment, slot) VALUES (?, ?, ?, ?)"
            found = self._add("scope", key, insert, (*key, workspace_slot(key[1])))
        return found

    def scope_names(self, scope_id: int) -> ScopeKey:
        """Return protocol, workspace and environment of a scope."""
        known = self._scopes.get(scope_id)
        if known is None:
            select = "SELECT protocol, workspace_id, environment FROM scope WHERE id = ?"
            protocol, workspace, environment = self._connection.execute(select, (scope_id,)).fetchall()[0]
            known = self._scopes[scope_id] = (str(protocol), str(workspace), str(environment))
        return known

    def known_series(self, scope: NDArray[np.int64], rows: Rows) -> list[int | None]:
        """Return the ids of series (columns of `SERIES_SCHEMA`) in these scopes, None where one is new."""
        found = self._series.find(scope, rows)
        new = [row for row, known in enumerate(found) if known is None]
        if new:
            columns = rows.tuples(("endpoint", "method", "status_code"), np.array(new))
            for row, (endpoint, method, status) in zip(new, columns, strict=True):
                found[row] = self.find_series((int(scope[row]), endpoint, method, status))
        return found

    def find_series(self, key: SeriesKey) -> int | None:
        """Return the id of a series, None where it is new."""
        known = self._series.get(key)
        if known is not None:
            return known
        select = "SELECT id FROM series WHERE scope_id = ? AND endpoint = ? AND method = ? AND status_code = ?"
        row = self._connection.execute(select, key).fetchone()
        return None if row is None else self._remember_series(key, as_int(row[0]))

    def add_series(self, key: SeriesKey) -> int:
        """Return the id of a series that `find_series` did not find."""
        insert = "INSERT INTO series (scope_id, endpoint, method, status_code) VALUES (?, ?, ?, ?)"
        self._connection.execute(insert, key)
        return self._remember_series(key, _checked("series", self._connection.last_insert_rowid()))

    def _remember_series(self, key: SeriesKey, found: int) -> int:
        self._series.put(key, found)
        return found

    def overflow_series(self, scope_id: int) -> int:
        """Return the id of the series that counts what is past the cap in a scope; it is made where it is missing."""
        found = self.find_overflow(scope_id)
        return self.add_series((scope_id, OVERFLOW, "", ABSENT_STATUS)) if found is None else found

    def find_overflow(self, scope_id: int) -> int | None:
        """Return the id of the overflow series of a scope, None where nothing was ever past the cap in it."""
        return self.find_series((scope_id, OVERFLOW, "", ABSENT_STATUS))

    def is_overflow(self, series_id: int) -> bool:
        """Return whether a series is the overflow of its scope."""
        return series_id == self.find_overflow(self.scope_of(series_id)[0])

    def counted_error_workspace(self, error_series_id: int) -> str | None:
        """Return the workspace of an error series, None where it is an overflow, which no cap counts."""
        select = (
            "SELECT p.workspace_id FROM error_series e JOIN series s ON s.id = e.series_id "
            "JOIN scope p ON p.id = s.scope_id WHERE e.id = ? AND e.error_type <> ?"
        )
        row = self._connection.execute(select, (error_series_id, OVERFLOW)).fetchone()
        return None if row is None else str(row[0])

    def known_error_series(self, keys: Sequence[ErrorKey]) -> list[int | None]:
        """Return the ids of error series, None where one is new."""
        found = [*map(self._error_series.get, keys)]
        for place, known in enumerate(found):
            if known is None:
                found[place] = self.find_error_series(keys[place])
        return found

    def find_error_series(self, key: ErrorKey) -> int | None:
        """Return the id of an error series, None where it is new."""
        known = self._error_series.get(key)
        if known is not None:
            return known
        select = "SELECT id FROM error_series WHERE series_id = ? AND error_type = ? AND error_category = ?"
        row = self._connection.execute(select, key).fetchone()
        return None if row is None else _kept(self._error_series, key, as_int(row[0]))

    def add_error_series(self, key: ErrorKey) -> int:
        """Return the id of an error series that `find_error_series` did not find."""
        insert = "INSERT INTO error_series (series_id, error_type, error_category) VALUES (?, ?, ?)"
        self._connection.execute(insert, key)
        return _kept(self._error_series, key, _checked("error series", self._connection.last_insert_rowid()))

    def gauge_series(self, scope_id: int, source: str) -> int:
        """Return the id of a gauge series."""
        select = "SELECT id FROM gauge_series WHERE scope_id = ? AND source = ?"
        insert = "INSERT INTO gauge_series (scope_id, source) VALUES (?, ?)"
        return self._find_or_add("gauge", (scope_id, source), select, insert)

    def agents(self, names: Sequence[str], parsed: Callable[[int], tuple[str, str]]) -> list[int]:
        """Return the ids of user agents; `parsed` says family and version of one by its place, where it is new."""
        found = [*map(self._agent_ids.get, names)]
        return [self.agent(names[i], *parsed(i)) if known is None else known for i, known in enumerate(found)]

    def agent(self, user_agent: str, family: str, version: str) -> int:
        """Return the id of a user agent; `family` and `version` are kept where it is new."""
        found = self._agent_ids.get(user_agent)
        if found is not None:
            return found
        row = self._connection.execute("SELECT id FROM agent WHERE user_agent = ?", (user_agent,)).fetchone()
        if row is not None:
            return _kept(self._agent_ids, user_agent, as_int(row[0]))
        if self._agents is None:
            self._agents = as_int(self._connection.execute("SELECT count(*) FROM agent").fetchall()[0][0])
        if self._agents >= _MAX_AGENTS and user_agent != OVERFLOW:
            return self.agent(OVERFLOW, OVERFLOW, "")
        self._agents += 1
        insert = "INSERT INTO agent (user_agent, family, version) VALUES (?, ?, ?)"
        self._connection.execute(insert, (user_agent, family, version))
        return _kept(self._agent_ids, user_agent, _checked("agent", self._connection.last_insert_rowid()))

    def scope_of(self, series_id: int) -> tuple[int, ScopeKey]:
        """Return the id and the names of the scope a series belongs to."""
        known = self._scope_of.get(series_id)
        if known is None:
            row = self._connection.execute(
                "SELECT p.id, p.protocol, p.workspace_id, p.environment "
                "FROM series s JOIN scope p ON p.id = s.scope_id WHERE s.id = ?",
                (series_id,),
            ).fetchall()[0]
            known = (as_int(row[0]), (str(row[1]), str(row[2]), str(row[3])))
            if len(self._scope_of) >= _CACHED_NAMES:
                self._scope_of.clear()
            self._scope_of[series_id] = known
        return known

    def series_name(self, series_id: int) -> SeriesName:
        """Return what tells a series apart."""
        known = self._series_names.get(series_id)
        if known is None:
            select = "SELECT method, endpoint, status_code FROM series WHERE id = ?"
            method, endpoint, status = self._connection.execute(select, (series_id,)).fetchall()[0]
            scope = self.scope_of(series_id)[1]
            known = SeriesName(*scope, str(method), str(endpoint), as_int(status))
            if len(self._series_names) >= _CACHED_NAMES:
                self._series_names.clear()
            self._series_names[series_id] = known
        return known

    def gauge_name(self, gauge_id: int) -> GaugeName:
        """Return what tells the samples of a gauge series apart."""
        select = "SELECT scope_id, source FROM gauge_series WHERE id = ?"
        scope_id, source = self._connection.execute(select, (gauge_id,)).fetchall()[0]
        return GaugeName(*self.scope_names(as_int(scope_id)), str(source))


def _kept(memory: dict[Key, int], key: Key, found: int) -> int:
    """Return `found`, remembered under `key`."""
    if len(memory) >= _CACHED_NAMES:
        memory.clear()
    memory[key] = found
    return found


def _checked(kind: str, added: int) -> int:
    if added > MAX_DICTIONARY_ID:
        message = f"the dictionary of {kind} names is full ({MAX_DICTIONARY_ID:,}): export and start a new database"
        raise StoreFullError(message)
    return added
