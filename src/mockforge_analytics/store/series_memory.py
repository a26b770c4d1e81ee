"""Ids of series, found for many rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.codes import group

if TYPE_CHECKING:
    from mockforge_analytics.model.rows import Rows

__all__ = ["ScopeKey", "SeriesKey", "SeriesMemory"]

ScopeKey = tuple[str, str, str]  # protocol, workspace_id, environment
SeriesKey = tuple[int, str, str, int]  # scope id, endpoint, method, status code
Int64s = NDArray[np.int64]

_ENDPOINT_BITS: Final = 32
_FEW: Final = 16  # rows, whose tuples take less time than a dozen steps on arrays


class SeriesMemory:
    """Remembers the ids of up to `capacity` series; past it, it starts afresh.

    The key of a series is a number of its endpoint and one of what else tells it apart, so that a thousand rows are
    looked up by integers: their tuples take ten times as long.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kinds: dict[tuple[int, str, int], int] = {}
        self._endpoints: dict[str, int] = {}
        self._ids: dict[int, int] = {}

    def forget(self) -> None:
        """Drop everything remembered."""
        self._kinds.clear()
        self._endpoints.clear()
        self._ids.clear()

    def get(self, key: SeriesKey) -> int | None:
        """Return the id of a series, None where it is not remembered."""
        scope, endpoint, method, status = key
        kind = self._kinds.get((scope, method, status), -1)
        return self._ids.get(kind << _ENDPOINT_BITS | self._endpoints.get(endpoint, -1))

    def put(self, key: SeriesKey, found: int) -> None:
        """Remember the id of a series."""
        if len(self._ids) >= self._capacity:
            self.forget()
        scope, endpoint, method, status = key
        kind = self._kinds.setdefault((scope, method, status), len(self._kinds))
        number = self._endpoints.setdefault(endpoint, len(self._endpoints))
        self._ids[kind << _ENDPOINT_BITS | number] = found

    def find(self, scope: Int64s, rows: Rows) -> list[int | None]:
        """Return what `get` does for each of `rows` (at least one; columns of `SERIES_SCHEMA`) in these scopes."""
        if len(rows) <= _FEW:
            names = rows.tuples(("endpoint", "method", "status_code"))
            return [self.get((own, *name)) for own, name in zip(scope.tolist(), names, strict=True)]
        method, endpoint, status = rows.codes("method"), rows.codes("endpoint"), rows.integers("status_code")
        least = int(status.min())
        kinds = group(
            (scope, int(scope.max()) + 1), (method.of_row, len(method)), (status - least, int(status.max()) - least + 1)
        )
        scopes, statuses = scope[kinds.first].tolist(), status[kinds.first].tolist()
        several = zip(scopes, method.listed(kinds.first), statuses, strict=True)
        number_of_kind = np.array([self._kinds.get(kind, -1) for kind in several], np.int64) << _ENDPOINT_BITS
        number = np.array([self._endpoints.get(text, -1) for text in endpoint.texts], np.int64)
        return [*map(self._ids.get, (number_of_kind[kinds.of_row] | number[endpoint.of_row]).tolist())]
