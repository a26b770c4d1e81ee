"""Raw samples by series, as a server or a target hands them over, and those of one rule as columns."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.sources.prometheus.buckets import Layout
from mockforge_analytics.sources.prometheus.counters import NEVER, Samples, whole_numbers
from mockforge_analytics.sources.prometheus.native import Grid, as_samples

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.native import NativeSample

    Float64s = NDArray[np.float64]
    Int64s = NDArray[np.int64]

__all__ = [
    "NAME",
    "Columns",
    "Key",
    "RawSeries",
    "counter_columns",
    "histogram_columns",
    "is_of",
    "native_columns",
    "target_of",
]

NAME: Final = "__name__"
_LE: Final = "le"
_MICROSECONDS: Final = 1e6
_TARGET: Final = ("job", "instance")

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class RawSeries:
    """The samples of one series: `labels` with its name, ascending times (milliseconds), and values beside them.

    `created` is when the counter began that each sample is of (milliseconds), `NEVER` where that is not told, None
    where it is not told for any. `native` are its samples that are native histograms.
    """

    labels: Mapping[str, str]
    time: Int64s
    value: Float64s
    created: Int64s | None = None
    native: tuple[NativeSample, ...] = ()

    @property
    def seen(self) -> Int64s:
        """When there were samples of either kind."""
        if not self.native:
            return self.time
        return np.concatenate([self.time, np.array([sample.time for sample in self.native], np.int64)])

    @property
    def beginnings(self) -> Int64s:
        """The creation time of every sample."""
        return np.full(len(self.time), NEVER) if self.created is None else self.created

    def up_to(self, until: int) -> RawSeries:
        """Return the samples not later than `until` (milliseconds)."""
        known = int(np.searchsorted(self.time, until, side="right"))
        native = tuple(sample for sample in self.native if sample.time <= until)
        if known == len(self.time) and len(native) == len(self.native):
            return self
        created = None if self.created is None else self.created[:known]
        return RawSeries(self.labels, self.time[:known], self.value[:known], created, native)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The samples of a rule's series of one layout.

    Attributes:
        keys: what tells each series apart, by its number in `samples`.
        labels: its labels.
        layout: of a histogram; its counters are the cumulative buckets, then the sum in microseconds.
        refused: how many series were refused, by reason.
    """

    keys: tuple[Key, ...]
    labels: tuple[Mapping[str, str], ...]
    samples: Samples
    layout: Layout | None = None
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def family(self) -> object:
        """What tells these columns from others of the same rule."""
        return "counter" if self.layout is None else self.layout.family

    def only(self, kept: Sequence[int], reason: str) -> Columns:
        """Return the series `kept`; the others are refused for `reason`."""
        number = np.full(len(self.keys), -1)
        number[list(kept)] = np.arange(len(kept))
        samples = self.samples.take(number[self.samples.series] >= 0)
        return replace(
            self,
            keys=tuple(self.keys[place] for place in kept),
            labels=tuple(self.labels[place] for place in kept),
            samples=replace(samples, series=number[samples.series]),
            refused={**self.refused, reason: self.refused.get(reason, 0) + len(self.keys) - len(kept)},
        )


def target_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return what tells the target apart that exposed a series."""
    return tuple(labels.get(name, "") for name in _TARGET)


def is_of(rule: Rule, labels: Mapping[str, str]) -> bool:
    """Return whether `rule` takes series with `labels`, whatever their name."""
    return all(labels.get(name, "") == value for name, value in rule.only.items())


def _key(labels: Mapping[str, str], *without: str) -> Key:
    return tuple(sorted((name, value) for name, value in labels.items() if name not in without))


def counter_columns(rule: Rule, series: Iterable[RawSeries]) -> Columns:
    """Return the samples of the counters of `rule`; samples that are no counter's are left out and counted."""
    chosen = [raw for raw in series if raw.labels.get(NAME) == rule.metric and is_of(rule, raw.labels)]
    scale = rule.unit
    parts = [whole_numbers(raw.value, scale) for raw in chosen]
    refused = sum(int((~usable).sum()) for _, usable in parts)
    return Columns(
        tuple(_key(raw.labels) for raw in chosen),
        tuple(raw.labels for raw in chosen),
        _stacked(
            [raw.time[usable] for raw, (_, usable) in zip(chosen, parts, strict=True)],
            [whole[usable][:, None] for whole, usable in parts],
            [raw.beginnings[usable] for raw, (_, usable) in zip(chosen, parts, strict=True)],
            1,
        ),
        refused={"not a counter value": refused} if refused else {},
    )


def _stacked(times: Sequence[Int64s], values: Sequence[Int64s], created: Sequence[Int64s], counters: int) -> Samples:
    sizes = np.array([len(time) for time in times], np.int64)
    number = np.repeat(np.arange(len(times)), sizes)
    if not len(number):
        return Samples(number, number, number, np.zeros((0, counters), np.int64))
    return Samples(number, np.concatenate(times), np.concatenate(created), np.concatenate(values))


def native_columns(rule: Rule, series: Iterable[RawSeries], before: Layout | None) -> Columns:
    """Return the samples of the native histograms of `rule`, in buckets that hold those of `before`, too."""
    chosen, refused = [], Counter[str]()
    grid = Grid.of(()) if before is None else Grid.of_layout(before, rule.unit)
    for raw in series:
        if not raw.native or raw.labels.get(NAME) != rule.metric or not is_of(rule, raw.labels):
            continue
        try:
            needed = Grid.of(raw.native)
            as_samples([raw.native], needed, rule.unit)
        except ValueError as error:
            refused[str(error)] += len(raw.native)
            continue
        grid = grid.joined(needed)
        chosen.append(raw)
    return Columns(
        tuple(_key(raw.labels, NAME) for raw in chosen),
        tuple(raw.labels for raw in chosen),
        as_samples([raw.native for raw in chosen], grid, rule.unit),
        grid.layout(rule.unit),
        dict(refused),
    )


def histogram_columns(rule: Rule, series: Iterable[RawSeries], without: Collection[Key] = ()) -> Iterator[Columns]:
    """Yield the samples of the classic histograms of `rule`, those of one layout together, but for those of `without`.

    A sample is taken where its buckets do not fall from left to right.
    """
    found: dict[Key, dict[str, RawSeries]] = defaultdict(dict)
    sums: dict[Key, RawSeries] = {}
    for raw in series:
        name = raw.labels.get(NAME)
        if not is_of(rule, raw.labels):
            continue
        if name == f"{rule.metric}_bucket" and _LE in raw.labels:
            found[_key(raw.labels, NAME, _LE)][raw.labels[_LE]] = raw
        elif name == f"{rule.metric}_sum":
            sums[_key(raw.labels, NAME)] = raw
    layouts: dict[Layout, list[_Histogram]] = defaultdict(list)
    refused: Counter[str] = Counter()
    for key, by_bound in found.items():
        if key not in without:
            _sort_in(key, by_bound, rule.unit, layouts, refused)
    # A process that came back with other buckets: what it had before comes first.
    for layout, histograms in sorted(layouts.items(), key=lambda entry: min(one.time[0] for one in entry[1])):
        yield _histograms(rule, layout, histograms, sums, dict(refused))
        refused.clear()
    if refused:
        yield Columns((), (), _stacked([], [], [], 2), Layout((math.inf,)), dict(refused))


@dataclass(frozen=True, slots=True, eq=False)
class _Histogram:
    """The buckets of one histogram, ascending, and the times at which all of them have a sample."""

    key: Key
    time: Int64s
    buckets: tuple[RawSeries, ...]


def _sort_in(
    key: Key,
    by_bound: Mapping[str, RawSeries],
    unit: float,
    layouts: Mapping[Layout, list[_Histogram]],
    refused: Counter[str],
) -> None:
    """Add the histogram `key` to that of `layouts` whose buckets it has, to several where they changed."""
    try:
        ordered = sorted(((_bound(le) * unit, raw) for le, raw in by_bound.items()), key=itemgetter(0))
    except ValueError as error:
        refused[str(error)] += 1
        return
    for time, present in _eras([raw for _, raw in ordered]):
        buckets = [entry for entry, is_there in zip(ordered, present, strict=True) if is_there]
        try:
            layout = Layout(tuple(bound for bound, _ in buckets))
        except ValueError as error:
            refused[str(error)] += 1
        else:
            layouts[layout].append(_Histogram(key, time, tuple(raw for _, raw in buckets)))


def _eras(buckets: Sequence[RawSeries]) -> Iterator[tuple[Int64s, tuple[bool, ...]]]:
    """Yield times at which the same ones of `buckets` have a sample, and which have."""
    time = buckets[-1].time
    if len(time) and all(np.array_equal(raw.time, time) for raw in buckets):
        yield time, (True,) * len(buckets)
        return
    time = np.unique(np.concatenate([raw.time for raw in buckets]))
    present = np.array([np.isin(time, raw.time) for raw in buckets])
    patterns, place = np.unique(present, axis=1, return_inverse=True)
    for number in dict.fromkeys(place.ravel().tolist()):
        yield time[place.ravel() == number], tuple(patterns[:, number].tolist())


def _bound(le: str) -> float:
    try:
        return float(le)
    except ValueError:
        message = "a bucket whose bound is no number"
        raise ValueError(message) from None


def _histograms(
    rule: Rule,
    layout: Layout,
    histograms: Sequence[_Histogram],
    sums: Mapping[Key, RawSeries],
    refused: dict[str, int],
) -> Columns:
    times, values, created = [], [], []
    for one in histograms:
        time, buckets = one.time, one.buckets
        cumulative = np.column_stack([_at(raw, time) for raw in buckets])
        whole, usable = whole_numbers(cumulative)
        fine = usable.all(axis=1) & (np.diff(whole, axis=1) >= 0).all(axis=1)
        if not fine.all():
            refused["buckets that fall"] = refused.get("buckets that fall", 0) + int((~fine).sum())
        total = _sum_at(sums.get(one.key), time, rule.unit, whole, layout)
        times.append(time[fine])
        values.append(np.column_stack([whole, total])[fine])
        created.append(buckets[-1].beginnings[np.searchsorted(buckets[-1].time, time)][fine])
    return Columns(
        tuple(one.key for one in histograms),
        tuple(dict(one.key) for one in histograms),
        _stacked(times, values, created, len(layout.bounds) + 1),
        layout,
        refused,
    )


def _at(raw: RawSeries, time: Int64s) -> Float64s:
    """Return the values at `time`, all of which has samples."""
    return raw.value if len(raw.time) == len(time) else raw.value[np.searchsorted(raw.time, time)]


def _sum_at(raw: RawSeries | None, time: Int64s, unit: float, cumulative: Int64s, layout: Layout) -> Int64s:
    """Return the sum of latencies at each time in microseconds; from the middles of the buckets where it is unknown."""
    middles = (layout.lower + layout.upper) / 2
    guessed = np.rint(np.diff(cumulative, prepend=0, axis=1) @ middles * _MICROSECONDS).astype(np.int64)
    if raw is None or not len(raw.time):
        return guessed
    place = np.minimum(np.searchsorted(raw.time, time), len(raw.time) - 1)
    whole, usable = whole_numbers(raw.value[place], unit * _MICROSECONDS)
    return np.where(usable & (raw.time[place] == time), whole, guessed)
