"""Cardinality caps: which names of a group are still admitted, and what the others become."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.dimensions import ABSENT_STATUS, OVERFLOW, Dimension

__all__ = ["collapse", "overflowing", "rank_in_group"]

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]


def rank_in_group(group: Int64s) -> Int64s:
    """Return for each element how many elements of its group stand before it."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    begins = np.ones(len(group), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(begins)
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - starts[np.cumsum(begins) - 1] if len(group) else order
    return rank


def overflowing(group: Int64s, series: Int64s, position: Int64s, present: Int64s, cap: int) -> Bools:
    """Return which candidates find no room in their group.

    Candidate ``j`` is a (group, series) pair that its group does not hold yet, first met at ``position[j]``; no pair
    comes twice. ``present[g]`` counts the series group ``g`` already holds. The ``cap - present[g]`` candidates of each
    group with the lowest positions are admitted, ties by series number; so splitting the candidates into
    consecutive calls, with `present` brought up to date between them, admits the same ones.
    """
    order = np.lexsort((series, position))
    overflow = np.empty(len(group), bool)
    overflow[order] = rank_in_group(group[order]) >= cap - present[group[order]]
    return overflow


def collapse(series: pl.DataFrame) -> pl.DataFrame:
    """Return what overflowed series count under, row by row; several rows may become the same series.

    Works on frames with the columns of `SERIES_SCHEMA`, also with those of `SERIES_DELTA_SCHEMA` or
    `ERROR_SERIES_SCHEMA`. Scope and error category stay; the endpoint becomes `OVERFLOW`, method and status become
    absent, an error type becomes `OVERFLOW`.
    """
    collapsed = {
        Dimension.METHOD: pl.lit(""),
        Dimension.ENDPOINT: pl.lit(OVERFLOW),
        Dimension.STATUS: pl.lit(ABSENT_STATUS, pl.Int32),
        Dimension.ERROR_TYPE: pl.lit(OVERFLOW),
    }
    return series.with_columns(value.alias(name) for name, value in collapsed.items() if name in series.columns)
