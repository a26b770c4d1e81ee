"""Answering a read plan over gauges: active connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mockforge_analytics.model.plan import GAUGE_MEASURES, ReadPlan, ReadResult
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.store.execute import Part, no_histograms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.model.plan import Slice
    from mockforge_analytics.store.dictionary import Dictionary
    from mockforge_analytics.store.pending_view import PendingView

__all__ = ["pending_gauges", "run_gauges"]


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
    frames = []
    for piece in plan.slices:
        for part in parts_of(piece):
            group = groups.of_id[part.member]
            used = np.flatnonzero(group >= 0 if mask is None else (group >= 0) & mask[part.member])
            bucket = part.bucket[used]
            row = bucket if plan.bucket is None else bucket // plan.bucket * plan.bucket
            columns = {"bucket": row if plan.bucket else np.zeros(len(used), np.int64), "group": group[used]}
            columns |= {"cell": bucket, "source": part.member[used]}
            names = ("total", "samples", "maximum", "last", "last_seen")
            columns |= {name: part.values[i][used] for i, name in enumerate(names)}
            frames.append(pl.DataFrame(columns))
    merged = _merge(pl.concat(frames)) if frames else pl.DataFrame(schema=dict.fromkeys(("bucket", "group"), pl.Int64))
    columns_out: dict[str, pl.Series] = {}
    if plan.bucket is not None:
        columns_out["bucket"] = merged["bucket"]
    picked = merged["group"].to_list()
    for dimension, values in zip(plan.group_by, groups.keys, strict=True):
        columns_out[str(dimension)] = pl.Series([values[i] for i in picked], dtype=pl.String)
    for name in plan.measures:
        columns_out[name] = merged[name] if name in merged.columns else pl.Series([], dtype=pl.Float64)
    return ReadResult(pl.DataFrame(columns_out), len(merged))


def _merge(cells: pl.DataFrame) -> pl.DataFrame:
    per_cell = cells.group_by("bucket", "group", "cell", "source").agg(pl.col("maximum").max())
    peak = (
        per_cell.group_by("bucket", "group", "cell")
        .agg(pl.col("maximum").sum())
        .group_by("bucket", "group")
        .agg(pl.col("maximum").max().alias(GAUGE_MEASURES[0]))
    )
    rest = (
        cells.sort("last_seen", "last")
        .group_by("bucket", "group", "source", maintain_order=True)
        .agg((pl.col("total").sum() / pl.col("samples").sum()).alias("average"), pl.col("last").last())
        .group_by("bucket", "group")
        .agg(pl.col("average").sum().alias(GAUGE_MEASURES[1]), pl.col("last").sum().alias(GAUGE_MEASURES[2]))
    )
    return peak.join(rest, on=["bucket", "group"]).sort("bucket", "group")
