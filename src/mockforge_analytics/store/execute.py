"""Answering a read plan: masks and sums over segments and pending cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.histogram_sum import HistogramSum
from mockforge_analytics.model.plan import ReadPlan, ReadResult
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import floor_to
from mockforge_analytics.store.parts import Grouping, Part, accumulate, measures_of, no_histograms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.model.histogram import Histograms
    from mockforge_analytics.model.plan import Slice
    from mockforge_analytics.store.dictionary import Dictionary, Groups
    from mockforge_analytics.store.pending_view import PendingView

__all__ = ["pending_part", "run"]

Int64s = NDArray[np.int64]

_WORTH_TAKING: Final = 0.5  # of the cells: below it their histograms are picked out, above it all are read
_DENSE_KEYS: Final = 5_000_000  # 40 MB a measure: above it keys are made dense by sorting


def pending_part(fact: Fact, view: PendingView, dictionary: Dictionary) -> Part:
    """Return the pending cells of `fact`."""
    if fact is Fact.ERROR:
        errors = view.errors
        return Part(errors.bucket, errors.series, np.stack([errors.count, errors.last_seen]), no_histograms)
    cells = view.cells
    member = dictionary.scope_of_series(cells.series) if fact is Fact.SCOPE else cells.series
    return Part(cells.bucket, member, cells.measures, cells.histograms.take)


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


def _compact(key: Int64s) -> tuple[Int64s, Int64s]:
    """Return the distinct keys that occur, and the keys replaced by their positions among them."""
    distinct = np.unique(key[key >= 0])
    return distinct, np.where(key >= 0, np.searchsorted(distinct, key), -1)


def run(plan: ReadPlan, dictionary: Dictionary, parts_of: Callable[[Slice], Iterator[Part]]) -> ReadResult:
    """Answer `plan` from the parts that `parts_of` yields for each of its slices."""
    groups = dictionary.groups(plan.fact, plan.group_by)
    key_of = _Keys(plan, groups, dictionary.mask(plan.fact, plan.filters))
    names = measures_of(plan.fact)
    grouping = Grouping((plan.group_by, frozenset(plan.filters.items()), plan.bucket), key_of.of_id, plan.bucket, names)
    parts = [part.digested(grouping) for piece in plan.slices for part in parts_of(piece) if len(part.bucket)]
    wanted = plan.measures if plan.order_by in (None, *plan.measures) else (*plan.measures, str(plan.order_by))
    key, values = _joined([key_of.of(part) for part in parts], parts, [names.index(name) for name in wanted])
    labels: Int64s | None = None
    count = key_of.count
    if count > _DENSE_KEYS:
        labels, key = _compact(key)
        count = len(labels)
    used = np.flatnonzero(key >= 0)
    sums = accumulate(wanted, values if len(used) == len(key) else values[:, used], key[used], count)
    present = np.zeros(count, bool)
    present[key[used]] = True
    rows = np.flatnonzero(present)
    total = len(rows)
    if plan.order_by is not None:
        rows = rows[np.argsort(-sums[plan.order_by][rows], kind="stable")]
        rows = rows if plan.limit is None else rows[: plan.limit]
    histograms = _histograms(key, parts, rows, count) if plan.histograms else None
    return ReadResult(_frame(plan, groups, key_of, rows, labels, sums), total, histograms)


def _joined(keys: list[Int64s], parts: list[Part], rows: list[int]) -> tuple[Int64s, Int64s]:
    """Return the keys of all cells, and the measures `rows` of them: one pass over many is cheaper than many passes."""
    if not parts:
        return np.zeros(0, np.int64), np.zeros((len(rows), 0), np.int64)
    return np.concatenate(keys), np.concatenate([part.values[rows] for part in parts], axis=1)


def _histograms(key: Int64s, parts: list[Part], rows: Int64s, count: int) -> Histograms:
    row_of = np.full(count + 1, -1, np.int64)  # the last entry answers key -1
    row_of[rows] = np.arange(len(rows))
    targets = row_of[key]
    total = HistogramSum(len(rows))
    begin = 0
    for part in parts:
        target = targets[begin : begin + len(part.bucket)]
        begin += len(part.bucket)
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
