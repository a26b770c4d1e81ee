"""From raw samples to counted requests: what every rule's series gained since their marks, by bucket of time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.sources.prometheus.counters import NEVER, Marks, increments
from mockforge_analytics.sources.prometheus.created import with_creation_times
from mockforge_analytics.sources.prometheus.detail import without_detail
from mockforge_analytics.sources.prometheus.gained import Gained
from mockforge_analytics.sources.prometheus.mapping import Kind
from mockforge_analytics.sources.prometheus.memory import (
    FORGET_AFTER,
    Memory,
    forgetting,
    reshaped,
    within_bounds,
)
from mockforge_analytics.sources.prometheus.rows import Rows, counter_rows, histogram_rows, joined
from mockforge_analytics.sources.prometheus.series import (
    counter_columns,
    histogram_columns,
    native_columns,
    target_of,
)
from mockforge_analytics.sources.prometheus.watch import Watch, watch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from mockforge_analytics.model.counted import Counted
    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import Columns, RawSeries

    Int64s = NDArray[np.int64]

__all__ = ["START_TIME", "Counting", "Taken", "start"]

START_TIME: Final = "process_start_time_seconds"
_MILLISECONDS: Final = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Counting:
    """Where a source stands: which series were met with which values, and when each target was last seen.

    A value: `take` returns the next one, and nothing changes before that is kept. `until` is the time (milliseconds) up
    to which everything is counted, `NEVER` at first; `rules` are the keys of the rules whose series would have been met
    in the last reading.
    """

    until: int
    memories: tuple[Memory, ...] = ()
    targets: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    rules: frozenset[str] = frozenset()

    def take(
        self,
        rules: Sequence[Rule],
        series: Sequence[RawSeries],
        until: int,
        width: int,
        absent: frozenset[str] = frozenset(),
    ) -> Taken:
        """Return what `series` add by the time `until` (milliseconds), in buckets of `width` milliseconds.

        Samples after `until` are ignored. Overlap with what was taken before is harmless. `absent` are keys of rules
        that are not read because they have no series: those that come later are new.
        """
        series = [raw.up_to(until) for raw in with_creation_times(series)]
        young = self._young(series)
        watch = watch_of(series, young | dict(self.targets))
        memories = {memory.family: memory for memory in self.memories}
        gained: list[Gained] = []
        refused: Counter[str] = Counter()
        for number, rule in enumerate(rules):
            # Before a rule was read nobody looked for its series, whatever else was seen of their targets.
            known = watch if rule.key in self.rules else replace(watch, before=young)
            for columns in self._tables(rule, series):
                found, memory = _gain(number, rule, columns, known, memories)
                refused.update(found.columns.refused)
                memories[memory.family] = memory
                gained.append(found)
        rows = joined([_rows(rules, piece, width) for piece in without_detail(rules, gained)])
        targets = {target: seen for target, seen in watch.last_seen.items() if seen >= until - FORGET_AFTER}
        read = absent | {rule.key for rule in rules}
        after = Counting(until, forgetting(memories.values(), until), targets, read)
        return Taken(
            rows,
            after,
            resets=sum(piece.increments.resets for piece in gained),
            assumed=sum(piece.increments.assumed for piece in gained),
            refused=dict(refused),
            widest=max((piece.widest for piece in gained), default=1.0),
        )

    def _tables(self, rule: Rule, series: Sequence[RawSeries]) -> Iterator[Columns]:
        """Yield the samples of `rule`, those of one layout together."""
        if not rule.kind.is_counted:
            return
        if rule.kind is not Kind.DURATION:
            yield counter_columns(rule, series)
            return
        native = next(
            (memory.layout for memory in self.memories if memory.layout and memory.family == (rule.key, None)), None
        )
        if native is not None or any(raw.native for raw in series):
            columns = native_columns(rule, series, native)
            yield columns
            # A server may keep both sorts of one histogram: the finer counts.
            yield from histogram_columns(rule, series, frozenset(columns.keys))
        else:
            yield from histogram_columns(rule, series)

    def _young(self, series: Sequence[RawSeries]) -> dict[tuple[str, ...], int]:
        """Return the targets that have started since the last reading, which are watched from their start."""
        starts = _process_starts(series) if self.until != NEVER else {}
        return {target: started for target, started in starts.items() if started >= self.until}


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What a call of `Counting.take` found.

    Attributes:
        counted: what to store.
        after: where the source stands once that is stored.
        resets: counters that began anew.
        assumed: series that counted in full when they were first seen, because they were not there before.
        refused: samples, histograms and series that were left out, by reason.
        widest: how many times its lower bound the upper bound of a bucket of latencies is at most; 1 without any.
    """

    counted: Counted
    after: Counting
    resets: int
    assumed: int
    refused: dict[str, int]
    widest: float


def start() -> Counting:
    """Return where a source stands that nobody has looked at."""
    return Counting(NEVER)


def _gain(
    number: int, rule: Rule, columns: Columns, watch: Watch, memories: Mapping[tuple[str, object], Memory]
) -> tuple[Gained, Memory]:
    """Return what the series of `columns` gained since their marks, and their new memory."""
    memory = memories.get((rule.key, columns.family)) or Memory.empty(rule.key, columns)
    columns = within_bounds(columns, memory, sum(len(other.numbers) for other in memories.values()))
    memory = memory.grown(columns, rule.unit)
    places = memory.places(columns.keys)
    watched = watch.before_first(columns)
    watched[reshaped(memories.values(), rule, columns)] = NEVER
    counting = None if columns.layout is None else columns.samples.value.shape[1] - 1
    mine = Marks(memory.marks.time[places], memory.marks.value[places])
    found = increments(columns.samples, mine, watched, counting=counting)
    return Gained(number, columns, found), memory.with_marks(places, found.marks)


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
