"""Which series an hour has seen: past the cap of its workspace and hour, new ones count as `__overflow__`."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.model.window import Granularity
from mockforge_analytics.store.keys import bucket_range, dictionary_ids, slot_key, workspace_slot

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from mockforge_analytics.store.names import NameWriter
    from mockforge_analytics.store.staged import Staged

__all__ = ["SeenSeries"]

_REMEMBERED_HOURS: Final = 2_048


class SeenSeries:
    """For each (workspace, hour) the ids of the series that have cells in it, overflow series left out.

    Read from the hour tier and the pending rows at first need, kept for the hours in use. After a rollback the caller
    must call `forget`.
    """

    def __init__(self, connection: apsw.Connection, names: NameWriter) -> None:
        self._connection = connection
        self._names = names
        self._series: OrderedDict[tuple[str, int], set[int]] = OrderedDict()
        self._errors: OrderedDict[tuple[str, int], set[int]] = OrderedDict()

    def forget(self) -> None:
        """Drop everything remembered."""
        self._series.clear()
        self._errors.clear()

    def series(self, workspace: str, hour: int, pending: Iterable[Staged]) -> set[int]:
        """Return the set of series ids of a workspace and hour (seconds); the caller adds what it admits."""
        key = (workspace, hour)
        found = self._series.get(key)
        if found is None:
            stored = self._load("SELECT id FROM series_hour WHERE id >= ? AND id < ?", workspace, hour)
            waiting = [_in_hour(staged.cells.bucket, staged.cells.series, hour) for staged in pending]
            ids = np.unique(np.concatenate([stored, *waiting])).tolist()
            found = {i for i in ids if self._names.scope_of(i)[1][1] == workspace and not self._names.is_overflow(i)}
            _remember(self._series, key, found)
        return found

    def errors(self, workspace: str, hour: int, pending: Iterable[Staged]) -> set[int]:
        """Return the set of error series ids of a workspace and hour (seconds)."""
        key = (workspace, hour)
        found = self._errors.get(key)
        if found is None:
            stored = self._load("SELECT id FROM error_hour WHERE id >= ? AND id < ?", workspace, hour)
            waiting = [_in_hour(staged.errors.bucket, staged.errors.series, hour) for staged in pending]
            ids = np.unique(np.concatenate([stored, *waiting])).tolist()
            found = {i for i in ids if self._names.counted_error_workspace(i) == workspace}
            _remember(self._errors, key, found)
        return found

    def _load(self, select: str, workspace: str, hour: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        low, high = bucket_range(hour, hour + Granularity.HOUR, Granularity.HOUR)
        slot = workspace_slot(workspace)
        rows = self._connection.execute(select, (low + slot_key(slot), min(low + slot_key(slot + 1), high)))
        return dictionary_ids(np.fromiter((row[0] for row in rows), np.int64))


def _in_hour(
    bucket: np.ndarray[tuple[int], np.dtype[np.int64]], ids: np.ndarray[tuple[int], np.dtype[np.int64]], hour: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.unique(ids[(bucket >= hour) & (bucket < hour + Granularity.HOUR)])


def _remember(cache: OrderedDict[tuple[str, int], set[int]], key: tuple[str, int], found: set[int]) -> None:
    while len(cache) >= _REMEMBERED_HOURS:
        cache.popitem(last=False)
    cache[key] = found
