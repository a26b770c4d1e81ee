"""The sums of a window that moves on: a slot for each of its finest buckets, used again when the window left it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.cells import MEASURES, NO_MAXIMUM, NO_MINIMUM, Cells, Measure, merge_measures
from mockforge_analytics.model.histogram import MAX_INDEX, ZERO_INDEX, Histograms
from mockforge_analytics.query.figures import Sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.model.window import Window

__all__ = ["MAX_COUNTS", "Ring"]

Int64s = NDArray[np.int64]

MAX_COUNTS: Final = 1_000_000  # slots times groups: 16 MB
_INDEXES: Final = MAX_INDEX - ZERO_INDEX + 1
_COUNTED: Final = (Measure.REQUESTS, Measure.ERRORS)
_FIRST_GROUPS: Final = 4
_Pairs = tuple[NDArray[np.int16], Int64s]


class Ring:
    """Sums by slot, and counts by slot and group.

    `width` is the length of a slot in seconds; the ring holds every slot of a window of at most `slots` of them. The
    series of the cells are numbers of groups.
    """

    def __init__(self, width: int, slots: int) -> None:
        self.width = width
        self.slots = slots
        self.totals = np.zeros(_FIRST_GROUPS, np.int64)
        self._measures = _no_measures(slots)
        self._counts = np.zeros((len(_COUNTED), _FIRST_GROUPS, slots), np.int64)
        self._pairs: list[_Pairs | None] = [None] * slots
        self._whole = np.zeros(_INDEXES, np.int64)

    def room_for(self, groups: int) -> None:
        """Make room for so many groups.

        Raises:
            QueryError: they would take too much memory.
        """
        if groups * self.slots > MAX_COUNTS:
            message = (
                f"{groups} groups over {self.slots} buckets are too many to follow live: "
                "ask for a shorter duration, or a filter, or another group_by"
            )
            raise QueryError(message, field="group_by")
        while groups > len(self.totals):
            self.totals = np.concatenate([self.totals, np.zeros_like(self.totals)])
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)], axis=1)

    def add_counts(self, cells: Cells) -> None:
        """Add the requests and errors of `cells` to their groups."""
        slot = self._slot(cells.bucket)
        for row, measure in enumerate(_COUNTED):
            np.add.at(self._counts[row], (cells.series, slot), cells.measures[measure])
        np.add.at(self.totals, cells.series, cells.measures[Measure.REQUESTS])

    def add_sums(self, cells: Cells) -> Int64s:
        """Add `cells` to the sums of their slots; return the slots' starts."""
        whole = Cells(cells.bucket, np.zeros_like(cells.series), cells.measures, cells.histograms).merged(self.width)
        slot = self._slot(whole.bucket)
        both = np.concatenate([self._measures[:, slot], whole.measures], axis=1)
        self._measures[:, slot] = merge_measures(both, np.tile(np.arange(len(slot)), 2), len(slot))
        histograms = whole.histograms
        np.add.at(self._whole, histograms.index.astype(np.int64) - ZERO_INDEX, histograms.count)
        bounds = histograms.offsets.tolist()
        for number, place in enumerate(slot.tolist()):
            begin, end = bounds[number], bounds[number + 1]
            if begin < end:
                added = (histograms.index[begin:end], histograms.count[begin:end])
                self._pairs[place] = _added(self._pairs[place], added)
        return whole.bucket

    def drop(self, window: Window) -> bool:
        """Forget the slots of `window`; return whether there was anything in them."""
        slot = self._window_slots(window)
        if not self._measures[Measure.REQUESTS, slot].any():
            return False
        self.totals -= self._counts[0][:, slot].sum(axis=1)
        self._counts[:, :, slot] = 0
        self._measures[:, slot] = _no_measures(len(slot))
        for place in slot.tolist():
            pairs, self._pairs[place] = self._pairs[place], None
            if pairs is not None:
                self._whole[pairs[0].astype(np.int64) - ZERO_INDEX] -= pairs[1]
        return True

    def counts(self, window: Window) -> Int64s:
        """Return an array (requests and errors, groups): the counts of `window`."""
        return np.asarray(self._counts[:, :, self._window_slots(window)].sum(axis=2))

    def sums(self, windows: Sequence[Window]) -> Sums:
        """Return the sums of each of `windows`, with their latencies."""
        slots = [self._window_slots(window) for window in windows]
        group = np.repeat(np.arange(len(slots)), [len(part) for part in slots])
        slot = np.concatenate([np.zeros(0, np.int64), *slots])
        measures = merge_measures(self._measures[:, slot], group, len(slots))
        histograms = self._histograms(slot.tolist()).merge(group, len(slots))
        return Sums(dict(zip(MEASURES, measures, strict=True)), histograms)

    def whole(self) -> Sums:
        """Return the sums of everything in the ring as one row, with the latencies."""
        everything = np.zeros(self.slots, np.int64)
        measures = merge_measures(self._measures, everything, 1)
        filled = np.flatnonzero(self._whole)
        offsets = np.array([0, len(filled)], np.int64)
        histogram = Histograms(offsets, (filled + ZERO_INDEX).astype(np.int16), self._whole[filled])
        return Sums(dict(zip(MEASURES, measures, strict=True)), histogram)

    @property
    def filled(self) -> int:
        """How many slots hold latencies."""
        return sum(pair is not None for pair in self._pairs)

    def _histograms(self, slots: Sequence[int]) -> Histograms:
        pairs = [self._pairs[slot] for slot in slots]
        offsets = np.zeros(len(pairs) + 1, np.int64)
        np.cumsum([0 if pair is None else len(pair[0]) for pair in pairs], out=offsets[1:])
        known = [pair for pair in pairs if pair is not None]
        index = np.concatenate([np.zeros(0, np.int16), *(pair[0] for pair in known)])
        count = np.concatenate([np.zeros(0, np.int64), *(pair[1] for pair in known)])
        return Histograms(offsets, index, count)

    def _slot(self, bucket: Int64s) -> Int64s:
        return bucket // self.width % self.slots

    def _window_slots(self, window: Window) -> Int64s:
        first = window.start // self.width
        return np.arange(first, -(-window.end // self.width), dtype=np.int64) % self.slots


def _no_measures(n: int) -> Int64s:
    measures = np.zeros((len(MEASURES), n), np.int64)
    measures[Measure.LATENCY_MIN] = NO_MINIMUM
    measures[Measure.LATENCY_MAX] = NO_MAXIMUM
    return measures


def _added(known: _Pairs | None, added: _Pairs) -> _Pairs:
    if known is None:
        return added
    index, place = np.unique(np.concatenate([known[0], added[0]]), return_inverse=True)
    count = np.zeros(len(index), np.int64)
    np.add.at(count, place, np.concatenate([known[1], added[1]]))
    return index, count
