"""From raw samples to counted requests: what every rule's series gained since their marks, by bucket of time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.sources.prometheus.counters import NEVER, Increments, Marks, increments
from mockforge_analytics.sources.prometheus.created import with_creation_times
from mockforge_analytics.sources.prometheus.detail import without_detail
from mockforge_analytics.sources.prometheus.mapping import Kind
from mockforge_analytics.sources.prometheus.rows import Rows, counter_rows, histogram_rows, joined
from mockforge_analytics.sources.prometheus.series import counter_columns, histogram_columns, target_of
from mockforge_analytics.sources.prometheus.watch import Watch, watch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from mockforge_analytics.model.counted import Counted
    from mockforge_analytics.sources.prometheus.buckets import Layout
    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import Columns, Key, RawSeries

    Int64s = NDArray[np.int64]

__all__ = ["START_TIME", "Counting", "Gained", "Memory", "Taken", "start"]

START_TIME: Final = "process_start_time_seconds"
_MILLISECONDS: Final = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The series of one rule and layout that have been met, and their marks."""

    rule: int
    layout: Layout | None
    numbers: Mapping[Key, int]
    marks: Marks


@dataclass(frozen=True, slots=True, eq=False)
class Counting:
    """Where a source stands: which series were met with which values, and when each target was last seen.

    A value: `take` returns the next one, and nothing changes before that is kept. `until` is the time (milliseconds) up
    to which everything is counted, `NEVER` at first.
    """

    until: int
    memories: tuple[Memory, ...] = ()
    targets: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def take(self, rules: Sequence[Rule], series: Sequence[RawSeries], until: int, width: int) -> Taken:
        """Return what `series` add by the time `until` (milliseconds), in buckets of `width` milliseconds.

        Samples after `until` are ignored. Overlap with what was taken before is harmless.
        """
        series = [raw.up_to(until) for raw in with_creation_times(series)]
        watch = self._watch(series)
        gained: list[Gained] = []
        memories: list[Memory] = []
        refused: Counter[str] = Counter()
        for number, rule in enumerate(rules):
            if rule.kind in (Kind.CONNECTIONS, Kind.SYSTEM):
                continue
            tables: Iterable[Columns] = (
                histogram_columns(rule, series) if rule.kind is Kind.DURATION else [counter_columns(rule, series)]
            )
            for columns in tables:
                refused.update(columns.refused)
                piece, memory = self._gain(number, rule, columns, watch)
                gained.append(piece)
                memories.append(memory)
        kept = [old for old in self.memories if not any(_same(old, new) for new in memories)]
        rows = joined([_rows(rules, piece, width) for piece in without_detail(rules, gained)])
        return Taken(
            rows,
            Counting(until, (*kept, *memories), watch.last_seen),
            resets=sum(piece.increments.resets for piece in gained),
            assumed=sum(piece.increments.assumed for piece in gained),
            refused=dict(refused),
        )

    def _gain(self, number: int, rule: Rule, columns: Columns, watch: Watch) -> tuple[Gained, Memory]:
        old = next((known for known in self.memories if (known.rule, known.layout) == (number, columns.layout)), None)
        numbers = dict(old.numbers) if old is not None else {}
        places = np.array([numbers.setdefault(key, len(numbers)) for key in columns.keys], np.int64)
        counters = columns.samples.value.shape[1]
        marks = _grown(old.marks if old is not None else Marks.none(0, counters), len(numbers))
        watched = watch.before_first(columns)
        mine = Marks(marks.time[places], marks.value[places])
        counting = None if columns.layout is None else counters - 1
        found = increments(columns.samples, mine, watched, counting=counting)
        marks.time[places], marks.value[places] = found.marks.time, found.marks.value
        return Gained(number, columns, found), Memory(number, columns.layout, numbers, marks)

    def _watch(self, series: Sequence[RawSeries]) -> Watch:
        starts = _process_starts(series) if self.until != NEVER else {}
        # A target that has started since we look was watched from its start.
        young = {target: started for target, started in starts.items() if started >= self.until}
        return watch_of(series, young | dict(self.targets))


@dataclass(frozen=True, slots=True, eq=False)
class Gained:
    """The increments of the series of one rule and layout; rows of `increments` refer to those of `columns`."""

    rule: int
    columns: Columns
    increments: Increments

    def with_amounts(self, amount: Int64s) -> Gained:
        """Return the same intervals with other amounts."""
        return replace(self, increments=replace(self.increments, amount=amount))


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What a call of `Counting.take` found.

    Attributes:
        counted: what to store.
        after: where the source stands once that is stored.
        resets: counters that began anew.
        assumed: series that counted in full when they were first seen, because they were not there before.
        refused: samples and histograms that were left out, by reason.
    """

    counted: Counted
    after: Counting
    resets: int
    assumed: int
    refused: dict[str, int]


def start() -> Counting:
    """Return where a source stands that nobody has looked at."""
    return Counting(NEVER)


def _same(old: Memory, new: Memory) -> bool:
    return (old.rule, old.layout) == (new.rule, new.layout)


def _grown(marks: Marks, series: int) -> Marks:
    """Return a copy of `marks` with room for `series`."""
    fresh = Marks.none(series - len(marks.time), marks.value.shape[1])
    return Marks(np.concatenate([marks.time, fresh.time]), np.concatenate([marks.value, fresh.value]))


def _process_starts(series: Iterable[RawSeries]) -> dict[tuple[str, ...], int]:
    return {
        target_of(raw.labels): round(float(raw.value[-1]) * _MILLISECONDS)
        for raw in series
        if raw.labels.get("__name__") == START_TIME and len(raw.value) and np.isfinite(raw.value[-1])
    }


def _rows(rules: Sequence[Rule], piece: Gained, width: int) -> Rows:
    rule = rules[piece.rule]
    if piece.columns.layout is None:
        return counter_rows(rule, piece.columns, piece.increments, width)
    return histogram_rows(rule, piece.columns, piece.increments, width)
