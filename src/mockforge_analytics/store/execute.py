"""Answering a read plan: masks and sums over segments and pending cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.cells import MEASURES, NO_MAXIMUM, NO_MINIMUM
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.histogram_sum import HistogramSum
from mockforge_analytics.model.plan import ERROR_MEASURES, ReadPlan, ReadResult
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import Window, floor_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.model.plan import Slice
    from mockforge_analytics.store.dictionary import Dictionary, Groups
    from mockforge_analytics.store.pending_view import PendingView
    from mockforge_analytics.store.segments import Segment

__all__ = ["Part", "no_histograms", "pending_part", "run", "segment_part"]

Int64s = NDArray[np.int64]

_IDENTITY: Final = {"latency_min": NO_MINIMUM, "latency_max": NO_MAXIMUM, "last_seen": 0}
_WORTH_TAKING: Final = 0.5  # of the cells: below it their histograms are picked out, above it all are read
_DENSE_KEYS: Final = 5_000_000  # 40 MB a measure: above it keys are made dense by sorting


@dataclass(frozen=True, slots=True)
class Part:
    """Cells of one segment or of the pending rows: bucket starts, ids, columns (as named by the fact).

    `histograms` gives those of the rows it is asked for.
    """

    bucket: Int64s
    member: Int64s
    values: Int64s
    histograms: Callable[[Int64s], Histograms]

    def within(self, window: Window) -> Part:
        """Return the cells whose bucket begins in `window`."""
        if not len(self.bucket) or (self.bucket[0] >= window.start and self.bucket[-1] < window.end and self._sorted()):
            return self
        rows = np.flatnonzero((self.bucket >= window.start) & (self.bucket < window.end))
        if len(rows) == len(self.bucket):
            return self
        histograms = self.histograms
        return Part(self.bucket[rows], self.member[rows], self.values[:, rows], lambda chosen: histograms(rows[chosen]))

    def _sorted(self) -> bool:
        return bool(self.bucket.min() >= self.bucket[0] and self.bucket.max() <= self.bucket[-1])


def segment_part(segment: Segment) -> Part:
    """Return a segment as a part."""
    return Part(segment.bucket, segment.member, segment.values, segment.histograms)


def pending_part(fact: Fact, view: PendingView, dictionary: Dictionary) -> Part:
    """Return the pending cells of `fact`."""
    if fact is Fact.ERROR:
        errors = view.errors
        return Part(errors.bucket, errors.series, np.stack([errors.count, errors.last_seen]), no_histograms)
    cells = view.cells
    member = dictionary.scope_of_series(cells.series) if fact is Fact.SCOPE else cells.series
    return Part(cells.bucket, member, cells.measures, cells.histograms.take)


def no_histograms(rows: Int64s) -> Histograms:
    """Return empty histograms, for facts that have none."""
    return Histograms.empty(len(rows))


class _Keys:
    """Row keys: ``(bucket number in the plan) * groups + group``, -1 for cells that a filter leaves out."""

    def __init__(self, plan: ReadPlan, groups: Groups, mask: NDArray[np.bool_] | None) -> None:
        self.of_id = groups.of_id if mask is None else np.where(mask, groups.of_id, -1)
        self.groups = groups.count
        self.width = plan.bucket
        # A window of which nothing is kept has no slices.
        start, end = (plan.slices[0].window.start, plan.slices[-1].window.end) if plan.slices else (0, 0)
        self.origin = floor_to(start, plan.bucket) if plan.bucket else start
        buckets = -(-(end - self.origin) // plan.bucket) if plan.bucket else 1
        self.count = buckets * max(groups.count, 1)

    def of(self, part: Part) -> Int64s:
        group = self.of_id[part.member]
        if self.width is None:
            return group
        key = (part.bucket - self.origin) // self.width * self.groups + group
        return np.where(group >= 0, key, -1)


def _accumulate(
    names: tuple[str, ...], wanted: tuple[str, ...], keys: list[Int64s], parts: list[Part], count: int
) -> tuple[NDArray[np.bool_], dict[str, Int64s]]:
    present = np.zeros(count, bool)
    sums = {name: np.full(count, _IDENTITY.get(name, 0), np.int64) for name in wanted}
    rows = [names.index(name) for name in wanted]
    for key, part in zip(keys, parts, strict=True):
        used = None if not len(key) or key.min() >= 0 else np.flatnonzero(key >= 0)
        target = key if used is None else key[used]
        present[target] = True
        for name, row in zip(wanted, rows, strict=True):
            values = part.values[row] if used is None else part.values[row][used]
            if name == "latency_min":
                np.minimum.at(sums[name], target, values)
            elif name in ("latency_max", "last_seen"):
                np.maximum.at(sums[name], target, values)
            else:
                np.add.at(sums[name], target, values)
    return present, sums


def _compact(keys: list[Int64s]) -> tuple[Int64s, list[Int64s]]:
    """Return the distinct keys that occur, and the keys replaced by their positions among them."""
    distinct = np.unique(np.concatenate([key[key >= 0] for key in keys]) if keys else np.zeros(0, np.int64))
    return distinct, [np.where(key >= 0, np.searchsorted(distinct, key), -1) for key in keys]


def run(plan: ReadPlan, dictionary: Dictionary, parts_of: Callable[[Slice], Iterator[Part]]) -> ReadResult:
    """Answer `plan` from the parts that `parts_of` yields for each of its slices."""
    groups = dictionary.groups(plan.fact, plan.group_by)
    key_of = _Keys(plan, groups, dictionary.mask(plan.fact, plan.filters))
    parts = [part for piece in plan.slices for part in parts_of(piece) if len(part.bucket)]
    keys = [key_of.of(part) for part in parts]
    labels: Int64s | None = None
    count = key_of.count
    if count > _DENSE_KEYS:
        labels, keys = _compact(keys)
        count = len(labels)
    names = ERROR_MEASURES if plan.fact is Fact.ERROR else MEASURES
    wanted = plan.measures if plan.order_by in (None, *plan.measures) else (*plan.measures, str(plan.order_by))
    present, sums = _accumulate(names, wanted, keys, parts, count)
    rows = np.flatnonzero(present)
    total = len(rows)
    if plan.order_by is not None:
        rows = rows[np.argsort(-sums[plan.order_by][rows], kind="stable")]
        rows = rows if plan.limit is None else rows[: plan.limit]
    histograms = _histograms(keys, parts, rows, count) if plan.histograms else None
    return ReadResult(_frame(plan, groups, key_of, rows, labels, sums), total, histograms)


def _histograms(keys: list[Int64s], parts: list[Part], rows: Int64s, count: int) -> Histograms:
    row_of = np.full(count + 1, -1, np.int64)  # the last entry answers key -1
    row_of[rows] = np.arange(len(rows))
    total = HistogramSum(len(rows))
    for key, part in zip(keys, parts, strict=True):
        target = row_of[key]
        used = np.flatnonzero(target >= 0)
        if len(used) > len(target) * _WORTH_TAKING:
            total.add(part.histograms(np.arange(len(target))), target)
        elif len(used):
            total.add(part.histograms(used), target[used])
    return total.result()


def _frame(
    plan: ReadPlan, groups: Groups, keys: _Keys, rows: Int64s, labels: Int64s | None, sums: dict[str, Int64s]
) -> pl.DataFrame:
    key = rows if labels is None else labels[rows]
    bucket, group = np.divmod(key, max(keys.groups, 1))
    columns: dict[str, pl.Series] = {}
    if plan.bucket is not None:
        columns["bucket"] = pl.Series(bucket * plan.bucket + keys.origin, dtype=pl.Int64)
    picked = group.tolist()
    for dimension, values in zip(plan.group_by, groups.keys, strict=True):
        dtype = pl.Int32 if dimension is Dimension.STATUS else pl.String
        columns[str(dimension)] = pl.Series([values[i] for i in picked], dtype=dtype)
    for name in plan.measures:
        columns[name] = pl.Series(sums[name][rows], dtype=pl.Int64)
    return pl.DataFrame(columns)
