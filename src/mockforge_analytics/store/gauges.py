"""Answering a read plan over gauges: active connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.plan import GAUGE_MEASURES, ReadPlan, ReadResult
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.store.parts import Part, no_histograms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.model.plan import Slice
    from mockforge_analytics.store.dictionary import Dictionary, Groups
    from mockforge_analytics.store.pending_view import PendingView

__all__ = ["pending_gauges", "run_gauges"]

Int64s = NDArray[np.int64]


def pending_gauges(view: PendingView) -> Part:
    """Return the pending gauge cells."""
    gauges = view.gauges
    values = np.stack([gauges.total, gauges.samples, gauges.maximum, gauges.last, gauges.last_seen])
    return Part(gauges.bucket, gauges.series, values, no_histograms)


def run_gauges(plan: ReadPlan, dictionary: Dictionary, parts_of: Callable[[Slice], Iterator[Part]]) -> ReadResult:
    """Answer `plan`: within a bucket the sources of a group add up, over time the maximum of the sums counts.

    ``connections_max`` is the largest sum of the maxima of a bucket, ``connections_average`` the sum of each source's
    average, ``connections_last`` the sum of each source's newest value.
    """
    groups = dictionary.groups(Fact.GAUGE, plan.group_by)
    mask = dictionary.mask(Fact.GAUGE, plan.filters)
    parts = [part for piece in plan.slices for part in parts_of(piece) if len(part.bucket)]
    merged = _merged(np.concatenate([_NO_CELLS, *(_cells(part, plan.bucket, groups, mask) for part in parts)], axis=1))
    columns: dict[str, pl.Series] = {}
    if plan.bucket is not None:
        columns["bucket"] = pl.Series(merged.bucket)
    picked = merged.group.tolist()
    for dimension, values in zip(plan.group_by, groups.keys, strict=True):
        columns[str(dimension)] = pl.Series([values[i] for i in picked], dtype=pl.String)
    for name in plan.measures:
        columns[name] = pl.Series(merged.measures[name])
    return ReadResult(pl.DataFrame(columns), len(picked))


# The rows of an array of cells: what tells them apart, then what was measured.
_BUCKET, _GROUP, _CELL, _SOURCE, _TOTAL, _SAMPLES, _MAXIMUM, _LAST, _LAST_SEEN = range(9)
_NO_CELLS: Final = np.zeros((9, 0), np.int64)


def _cells(part: Part, width: int | None, groups: Groups, mask: NDArray[np.bool_] | None) -> Int64s:
    """Return the cells of `part` that the filters let through; their bucket is one of `width` seconds, 0 where None."""
    group = groups.of_id[part.member]
    used = np.flatnonzero(group >= 0 if mask is None else (group >= 0) & mask[part.member])
    cell = part.bucket[used]
    bucket = np.zeros_like(cell) if width is None else cell // width * width
    return np.concatenate([[bucket, group[used], cell, part.member[used]], part.values[:, used]])


@dataclass(frozen=True, slots=True, eq=False)
class _Merged:
    """One entry a (bucket, group), ascending."""

    bucket: Int64s
    group: Int64s
    measures: dict[str, Int64s | NDArray[np.float64]]


def _merged(cells: Int64s) -> _Merged:
    if not cells.shape[1]:
        return _Merged(cells[_BUCKET], cells[_GROUP], dict.fromkeys(GAUGE_MEASURES, cells[_MAXIMUM]))
    cells = cells[:, np.lexsort(cells[_SOURCE::-1])]
    of_source = _starts(cells[: _SOURCE + 1])
    most = np.maximum.reduceat(cells[_MAXIMUM], of_source)
    keys = cells[: _CELL + 1, of_source]
    of_cell = _starts(keys)
    together = np.add.reduceat(most, of_cell)
    keys = keys[: _GROUP + 1, of_cell]
    of_group = _starts(keys)
    peak = np.maximum.reduceat(together, of_group)
    measures = dict(zip(GAUGE_MEASURES, (peak, *_by_source(cells)), strict=True))
    return _Merged(keys[_BUCKET, of_group], keys[_GROUP, of_group], measures)


def _by_source(cells: Int64s) -> tuple[NDArray[np.float64], Int64s]:
    """Return for each (bucket, group) the sum of the averages of its sources, and of their newest values."""
    keys = (_BUCKET, _GROUP, _SOURCE)
    cells = cells[:, np.lexsort(cells[[_LAST, _LAST_SEEN, *reversed(keys)]])]
    starts = _starts(cells[list(keys)])
    average = np.add.reduceat(cells[_TOTAL], starts) / np.add.reduceat(cells[_SAMPLES], starts)
    newest = cells[_LAST, np.append(starts[1:], cells.shape[1]) - 1]
    of_group = _starts(cells[: _GROUP + 1, starts])
    return np.add.reduceat(average, of_group), np.add.reduceat(newest, of_group)


def _starts(keys: Int64s) -> Int64s:
    """Return where a new combination of the rows of `keys` begins; its columns are sorted, and there are some."""
    return np.flatnonzero(np.concatenate([[True], (np.diff(keys) != 0).any(axis=0)]))
