"""The reader's side of the dictionaries: every name as a code in an array by id, so that filters are masks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.store.keys import cell_ids, workspace_slot

if TYPE_CHECKING:
    import apsw

__all__ = ["Dictionary", "Groups"]

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
Filters = Mapping[Dimension, tuple[str | StatusRange, ...]]

_SCOPE_COLUMNS: Final = (Dimension.PROTOCOL, Dimension.WORKSPACE, Dimension.ENVIRONMENT)
_CASELESS: Final = frozenset({Dimension.PROTOCOL, Dimension.METHOD})
FilterItems = frozenset[tuple[Dimension, tuple[str | StatusRange, ...]]]

_CACHED_GROUPS: Final = 64
_CACHED_MASKS: Final = 64
_FEW_AMONG: Final = 50  # to find a cell by its key takes three times as long as to read it with its neighbours

_TABLES: Final[dict[Fact, tuple[str, tuple[Dimension, ...], tuple[Fact, ...]]]] = {
    # fact: select (id, parent id, own columns), own columns, the dictionary the parent id points to
    Fact.SCOPE: (
        "SELECT id, 0, protocol, workspace_id, environment FROM scope WHERE id > ? ORDER BY id",
        _SCOPE_COLUMNS,
        (),
    ),
    Fact.SERIES: (
        "SELECT id, scope_id, method, endpoint, status_code FROM series WHERE id > ? ORDER BY id",
        (Dimension.METHOD, Dimension.ENDPOINT, Dimension.STATUS),
        (Fact.SCOPE,),
    ),
    Fact.ERROR: (
        "SELECT id, series_id, error_type, error_category FROM error_series WHERE id > ? ORDER BY id",
        (Dimension.ERROR_TYPE, Dimension.ERROR_CATEGORY),
        (Fact.SERIES,),
    ),
    Fact.GAUGE: (
        "SELECT id, scope_id, source FROM gauge_series WHERE id > ? ORDER BY id",
        (Dimension.SOURCE,),
        (Fact.SCOPE,),
    ),
}


@dataclass(frozen=True, slots=True)
class Groups:
    """A partition of dictionary ids: `of_id[id]` is the group, -1 for ids that do not exist.

    Groups are numbered in the order of their values; `keys` has one list of values a dimension.
    """

    of_id: Int64s
    count: int
    keys: tuple[list[str] | list[int], ...]


class _Table:
    """One dictionary: by id the parent's id and a code of each own column."""

    def __init__(self, columns: tuple[Dimension, ...]) -> None:
        self.parent = np.full(1, -1, np.int64)
        self.values: dict[Dimension, list[str | int]] = {column: [] for column in columns}
        self.codes: dict[Dimension, Int64s] = {column: np.full(1, -1, np.int64) for column in columns}
        self._code_of: dict[Dimension, dict[str | int, int]] = {column: {} for column in columns}

    def extend(self, rows: list[tuple[Any, ...]]) -> None:
        ids = np.array([row[0] for row in rows], np.int64)
        size = int(ids[-1]) + 1
        self.parent = _grown(self.parent, size)
        self.parent[ids] = [int(row[1]) for row in rows]
        for position, (column, known) in enumerate(self._code_of.items(), start=2):
            codes = _grown(self.codes[column], size)
            codes[ids] = [self._code(column, known, row[position]) for row in rows]
            self.codes[column] = codes

    def _code(self, column: Dimension, known: dict[str | int, int], value: str | int) -> int:
        code = known.get(value)
        if code is None:
            code = known[value] = len(known)
            self.values[column].append(value)
        return code


def _grown(array: Int64s, size: int) -> Int64s:
    grown = np.full(size, -1, np.int64)
    grown[: len(array)] = array
    return grown


class Dictionary:
    """All names of the database, shared by the readers of a process. Names are only ever added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables = {fact: _Table(columns) for fact, (_, columns, _) in _TABLES.items()}
        self._groups: OrderedDict[tuple[Fact, int, tuple[Dimension, ...]], Groups] = OrderedDict()
        self._masks: OrderedDict[tuple[Fact, tuple[int, ...], FilterItems], Bools] = OrderedDict()

    def refresh(self, connection: apsw.Connection) -> None:
        """Read the names that are new in the connection's snapshot."""
        with self._lock:
            for fact, (select, _, _) in _TABLES.items():
                table = self._tables[fact]
                rows = connection.execute(select, (len(table.parent) - 1,)).fetchall()
                if rows:
                    table.extend(rows)

    def scope_of_series(self, series: Int64s) -> Int64s:
        """Return the scope id of each series id."""
        return self._tables[Fact.SERIES].parent[series]

    def _column(self, fact: Fact, dimension: Dimension) -> tuple[Int64s, list[str | int]]:
        table = self._tables[fact]
        if dimension in table.codes:
            return table.codes[dimension], table.values[dimension]
        parents = _TABLES[fact][2]
        if not parents:
            message = f"{dimension} is not a property of this kind of figure"
            raise QueryError(message, field=str(dimension))
        codes, values = self._column(parents[0], dimension)
        return np.where(table.parent >= 0, codes[table.parent], -1), values

    def mask(self, fact: Fact, filters: Filters) -> Bools | None:
        """Return by id whether all `filters` match; None where there are none.

        Raises:
            QueryError: a filter on something this kind of figure does not know.
        """
        if not filters:
            return None
        with self._lock:
            key = (fact, tuple(len(table.parent) for table in self._tables.values()), frozenset(filters.items()))
            known = self._masks.get(key)
            if known is None:
                known = self._masks[key] = self._matching(fact, filters)
                while len(self._masks) > _CACHED_MASKS:
                    self._masks.popitem(last=False)
            return known

    def _matching(self, fact: Fact, filters: Filters) -> Bools:
        matches = self._tables[fact].parent >= 0
        for dimension, wanted in filters.items():
            codes, values = self._column(fact, dimension)
            allowed = np.array([_matches(dimension, value, wanted) for value in values] + [False])
            matches &= allowed[codes]
        return matches

    def few_series(self, filters: Filters) -> Int64s | None:
        """Return the series that match `filters`, as the part of the keys of their cells that is not the bucket.

        None where they are not few among all, so that to look for each takes longer than to read all cells.

        Raises:
            QueryError: a filter on something series do not know.
        """
        mask = self.mask(Fact.SERIES, filters)
        if mask is None:
            return None
        series = np.flatnonzero(mask)
        if len(series) * _FEW_AMONG > len(mask):
            return None
        with self._lock:
            scopes, workspaces = self._tables[Fact.SCOPE], self._tables[Fact.SCOPE].values[Dimension.WORKSPACE]
            codes = scopes.codes[Dimension.WORKSPACE][self._tables[Fact.SERIES].parent[series]]
            slots = [workspace_slot(str(workspaces[code])) for code in codes.tolist()]
        return cell_ids(np.zeros(len(series), np.int64), 1, np.array(slots, np.int64), series)

    def groups(self, fact: Fact, group_by: tuple[Dimension, ...]) -> Groups:
        """Return the partition of ids by the values of `group_by`."""
        with self._lock:
            key = (fact, len(self._tables[fact].parent), group_by)
            known = self._groups.get(key)
            if known is None:
                known = self._groups[key] = self._partition(fact, group_by)
                while len(self._groups) > _CACHED_GROUPS:
                    self._groups.popitem(last=False)
            return known

    def _partition(self, fact: Fact, group_by: tuple[Dimension, ...]) -> Groups:
        exists = self._tables[fact].parent >= 0
        combined = np.zeros(len(exists), np.int64)
        columns = []
        for dimension in group_by:
            codes, values = self._column(fact, dimension)
            order = sorted(range(len(values)), key=values.__getitem__)
            rank = np.zeros(len(values) + 1, np.int64)
            rank[order] = np.arange(len(values))
            combined = combined * max(len(values), 1) + rank[codes]
            combined = np.unique(combined, return_inverse=True)[1]
            columns.append((codes, values))
        groups, inverse = np.unique(combined[exists], return_inverse=True)
        of_id = np.full(len(exists), -1, np.int64)
        of_id[exists] = inverse
        first = np.full(len(groups), -1, np.int64)
        first[of_id[exists][::-1]] = np.flatnonzero(exists)[::-1]
        keys = tuple([values[code] for code in codes[first].tolist()] for codes, values in columns)
        return Groups(of_id, len(groups), keys)


def _matches(dimension: Dimension, value: str | int, wanted: tuple[str | StatusRange, ...]) -> bool:
    for want in wanted:
        if isinstance(want, StatusRange):
            if isinstance(value, int) and want.low <= value <= want.high:
                return True
        elif isinstance(value, str) and (
            want == value or (dimension in _CASELESS and want.casefold() == value.casefold())
        ):
            return True
    return False
