"""What is remembered of the series of a source between two readings, within bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.sources.prometheus.counters import NEVER, Marks
from mockforge_analytics.sources.prometheus.native import Grid, moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from mockforge_analytics.sources.prometheus.buckets import Layout
    from mockforge_analytics.sources.prometheus.counters import Samples
    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import Columns, Key

    Int64s = NDArray[np.int64]

__all__ = ["FORGET_AFTER", "MAX_SERIES", "Memory", "forgetting", "reshaped", "within_bounds"]

MAX_SERIES: Final = 200_000  # of a source; a histogram counts as one
FORGET_AFTER: Final = 7 * 86_400_000  # milliseconds without a sample
_TOO_MANY: Final = f"more than {MAX_SERIES} series"


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The series of one rule (by its `key`) and layout that have been met, and their marks."""

    rule: str
    layout: Layout | None
    numbers: Mapping[Key, int]
    marks: Marks

    @property
    def family(self) -> tuple[str, object]:
        """What tells this memory from others; see `Columns.family`."""
        return self.rule, "counter" if self.layout is None else self.layout.family

    @classmethod
    def empty(cls, rule: str, columns: Columns) -> Memory:
        """Return the memory of series that nobody has met."""
        return cls(rule, columns.layout, {}, Marks.none(0, columns.samples.value.shape[1]))

    def grown(self, columns: Columns, unit: float) -> Memory:
        """Return a memory that has room for the series and the buckets of `columns`."""
        marks = self.marks
        if self.layout != columns.layout and self.layout is not None and columns.layout is not None:
            old, new = (Grid.of_layout(layout, unit) for layout in (self.layout, columns.layout))
            marks = moved(marks, old, new)
        numbers = dict(self.numbers)
        for key in columns.keys:
            numbers.setdefault(key, len(numbers))
        fresh = Marks.none(len(numbers) - len(marks.time), marks.value.shape[1])
        marks = Marks(np.concatenate([marks.time, fresh.time]), np.concatenate([marks.value, fresh.value]))
        return Memory(self.rule, columns.layout, numbers, marks)

    def places(self, keys: Sequence[Key]) -> Int64s:
        """Return where the marks of `keys` are."""
        return np.array([self.numbers[key] for key in keys], np.int64)

    def goes_on(self, key: Key, samples: Samples, row: int) -> bool:
        """Return whether the histogram `key`, met here, may be the same as that of `samples` in `row`."""
        place = self.numbers.get(key)
        if place is None:
            return False
        return bool(self.marks.time[place] > samples.time[row] or self.marks.value[place, -2] <= samples.value[row, -2])

    def with_marks(self, places: Int64s, marks: Marks) -> Memory:
        """Return the same with other marks at `places`."""
        time, value = self.marks.time.copy(), self.marks.value.copy()
        time[places], value[places] = marks.time, marks.value
        return replace(self, marks=Marks(time, value))

    def since(self, oldest: int) -> Memory:
        """Return the series with a sample at `oldest` (milliseconds) or later."""
        kept = self.marks.time >= oldest
        if kept.all():
            return self
        keys = [key for key, place in self.numbers.items() if kept[place]]
        places = self.places(keys)
        numbers = {key: number for number, key in enumerate(keys)}
        return replace(self, numbers=numbers, marks=Marks(self.marks.time[places], self.marks.value[places]))


def within_bounds(columns: Columns, memory: Memory, met: int) -> Columns:
    """Return those of `columns` that are met already or for which there is room beside `met` others."""
    fresh = [place for place, key in enumerate(columns.keys) if key not in memory.numbers]
    room = max(MAX_SERIES - met, 0)
    if len(fresh) <= room:
        return columns
    left_out = set(fresh[room:])
    return columns.only([place for place in range(len(columns.keys)) if place not in left_out], _TOO_MANY)


def forgetting(memories: Iterable[Memory], until: int) -> tuple[Memory, ...]:
    """Return `memories` without series that had no sample for `FORGET_AFTER` before `until` (milliseconds)."""
    if until == NEVER:
        return tuple(memories)
    return tuple(memory.since(until - FORGET_AFTER) for memory in memories)


def reshaped(memories: Iterable[Memory], rule: Rule, columns: Columns) -> list[int]:
    """Return the numbers of those histograms in `columns` that were met with other buckets and have not begun anew.

    A process that comes back with other buckets starts from nothing, so its count has fallen. Otherwise a histogram
    only changed its form: classic to native, or a server has not answered with all buckets.
    """
    if columns.layout is None:
        return []
    others = [memory for memory in memories if memory.rule == rule.key and memory.family[1] != columns.family]
    samples = columns.samples
    return [
        int(samples.series[row])
        for row in np.unique(samples.series, return_index=True)[1].tolist()
        if any(memory.goes_on(columns.keys[samples.series[row]], samples, row) for memory in others)
    ]
