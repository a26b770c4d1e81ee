"""Latencies in the fine buckets they are stored in, added up by counter, as a native histogram shows them.

Few of the 1,921 buckets of a counter ever hold anything, so only those that do are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.histogram import MAX_INDEX, ZERO_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FineCounts"]

Int64s = NDArray[np.int64]

_WIDTH: Final = MAX_INDEX - ZERO_INDEX + 1
_NOTHING: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class FineCounts:
    """How many latencies each (row, stored bucket) holds: `place` is ``row * buckets + bucket``, ascending, unique."""

    place: Int64s
    count: Int64s

    @classmethod
    def empty(cls) -> FineCounts:
        """Return no latencies."""
        return cls(_NOTHING, _NOTHING)

    def plus(self, row: Int64s, index: Int64s, count: Int64s) -> FineCounts:
        """Return these and `count` more latencies of `row` in the stored bucket `index`, an entry each."""
        place = row * _WIDTH + (index - ZERO_INDEX)
        at = np.searchsorted(self.place, place)
        known = np.zeros(len(place), np.bool_)
        if len(self.place):
            known = self.place[np.minimum(at, len(self.place) - 1)] == place
        grown = self.count.copy()
        np.add.at(grown, at[known], count[known])
        if known.all():
            return FineCounts(self.place, grown)
        fresh, number = np.unique(place[~known], return_inverse=True)
        added = np.zeros(len(fresh), np.int64)
        np.add.at(added, number, count[~known])
        between = np.searchsorted(self.place, fresh)
        return FineCounts(np.insert(self.place, between, fresh), np.insert(grown, between, added))

    def of_rows(self, group: Int64s) -> FineCounts:
        """Return the same by `group`: of each row the number of the group it belongs to, -1 for none."""
        row, index = np.divmod(self.place, _WIDTH)
        used = group[row] >= 0
        return FineCounts.empty().plus(group[row[used]], index[used] + ZERO_INDEX, self.count[used])

    def rows(self) -> Iterator[tuple[int, Int64s, Int64s]]:
        """Yield every row that holds something, with its stored buckets, ascending, and their counts."""
        if not len(self.place):
            return
        row, index = np.divmod(self.place, _WIDTH)
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(row)], strict=True):
            yield int(row[start]), index[start:end] + ZERO_INDEX, self.count[start:end]
