"""Counts over time, one line a group: the largest groups by name, the rest as one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import ABSENT_STATUS, SCOPE_DIMENSIONS, Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.fill import Grid
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import header
from mockforge_analytics.query.results import CountSeries, Line
from mockforge_analytics.query.spec import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = [
    "ALL_LABEL",
    "DEFAULT_SERIES",
    "ERROR_GROUPS",
    "MAX_SERIES",
    "OTHER_LABEL",
    "REQUEST_GROUPS",
    "Counted",
    "counted",
    "error_series",
    "request_series",
]

Int64s = NDArray[np.int64]

DEFAULT_SERIES: Final = 8
MAX_SERIES: Final = 50
OTHER_LABEL: Final = "(other)"  # what the lines past the limit add up to
ALL_LABEL: Final = "(all)"  # the only line where nothing is told apart
REQUEST_GROUPS: Final[Mapping[str, Dimension | None]] = {
    "protocol": Dimension.PROTOCOL,
    "status_class": Dimension.STATUS,
    "status_code": Dimension.STATUS,
    "method": Dimension.METHOD,
    "endpoint": Dimension.ENDPOINT,
    "environment": Dimension.ENVIRONMENT,
    "workspace_id": Dimension.WORKSPACE,
    "none": None,
}
ERROR_GROUPS: Final[Mapping[str, Dimension | None]] = {
    "error_category": Dimension.ERROR_CATEGORY,
    "error_type": Dimension.ERROR_TYPE,
}
_CLASS_WIDTH: Final = 100
_NO_CLASS: Final = -1  # of requests without a code
_POINTS: Final = 200_000  # of all lines together: an answer of 15 MB


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Groups, most of the first measure first, equal ones by name, and what they count in each bucket.

    `counts` has a row of buckets a group for each measure; past the limit there is one more, which adds up the rest.
    """

    names: tuple[str | int, ...]
    left_out: int
    totals: Int64s
    counts: Mapping[str, NDArray[np.int64]]


def request_series(
    snapshot: Snapshot, spec: QuerySpec, now_us: int, *, group_by: str = "protocol", limit: int = DEFAULT_SERIES
) -> CountSeries:
    """Return request and error counts of every bucket, zero-filled, for each of the `limit` largest groups.

    Groups are those of `REQUEST_GROUPS`; what is past the limit is one line, so that the lines add up to all requests.

    Raises:
        QueryError: the question cannot be answered as asked, or the group is not known.
    """
    dimension = _grouping(group_by, REQUEST_GROUPS)
    fact = Fact.SCOPE if dimension is None or dimension in SCOPE_DIMENSIONS else Fact.SERIES
    return _series(snapshot, spec, now_us, fact, group_by, dimension, limit)


def error_series(
    snapshot: Snapshot, spec: QuerySpec, now_us: int, *, group_by: str = "error_category", limit: int = DEFAULT_SERIES
) -> CountSeries:
    """Return the errors of every bucket, as `request_series` does; groups are those of `ERROR_GROUPS`.

    Raises:
        QueryError: the question cannot be answered as asked, or the group is not known.
    """
    dimension = _grouping(group_by, ERROR_GROUPS)
    return _series(snapshot, spec, now_us, Fact.ERROR, group_by, dimension, limit)


def _grouping(name: str, groups: Mapping[str, Dimension | None]) -> Dimension | None:
    if name not in groups:
        message = f"group_by {name[:80]!r} is not known; accepted are {', '.join(groups)}"
        raise QueryError(message, field="group_by")
    return groups[name]


def _series(
    snapshot: Snapshot,
    spec: QuerySpec,
    now_us: int,
    fact: Fact,
    group_by: str,
    dimension: Dimension | None,
    limit: int,
) -> CountSeries:
    spec = replace(spec, max_points=min(spec.max_points, _POINTS // (limit + 1)))
    prepared = prepare(spec, snapshot.coverage, now_us, (fact,), series=True)
    measures = ("error_count",) if fact is Fact.ERROR else ("request_count", "error_count")
    groups = () if dimension is None else (dimension,)
    plan = prepared.plan(prepared.facts[0], groups, measures=measures, bucket=prepared.bucket)
    frame = snapshot.read(plan).frame
    grid = Grid(prepared.window, prepared.bucket)
    found = counted(frame, _keys(frame, dimension, group_by), measures, grid, limit)
    labels = [_label(name, group_by) for name in found.names]
    if found.left_out:
        labels.append(OTHER_LABEL)
    if dimension is None:  # a chart without traffic still has its line of zeros
        labels = [ALL_LABEL]
    return CountSeries(
        **header(snapshot, prepared),
        starts=grid.starts,
        lines=_lines(labels, found, measures, grid),
    )


def _lines(labels: Sequence[str], found: Counted, measures: Sequence[str], grid: Grid) -> tuple[Line, ...]:
    seconds = grid.seconds
    counts, errors = found.counts[measures[0]], found.counts["error_count"]
    if not len(counts):  # one line is asked for and there is no traffic
        counts = errors = np.zeros((len(labels), len(grid)), np.int64)
    return tuple(
        Line(label, int(values.sum()), values, failed, values / seconds)
        for label, values, failed in zip(labels, counts, errors, strict=True)
    )


def _keys(frame: pl.DataFrame, dimension: Dimension | None, group_by: str) -> pl.Series:
    """Return what tells the rows of `frame` apart."""
    if dimension is None:
        return pl.repeat("", len(frame), eager=True)
    keys = frame.get_column(dimension)
    if group_by == "status_class":
        classes = pl.when(keys == ABSENT_STATUS).then(_NO_CLASS).otherwise(keys // _CLASS_WIDTH)
        return frame.select(classes.alias(dimension)).to_series()
    return keys


def _label(name: str | int, group_by: str) -> str:
    if group_by == "status_class":
        return NO_VALUE if name == _NO_CLASS else f"{name}xx"
    return NO_VALUE if name in ("", ABSENT_STATUS) else str(name)


def counted(frame: pl.DataFrame, keys: pl.Series, measures: Sequence[str], grid: Grid, limit: int) -> Counted:
    """Return the `limit` largest groups of `frame`, which has a ``bucket``; `keys` names the group of each row."""
    names = keys.unique().sort()
    code = keys.rank("dense").to_numpy().astype(np.int64) - 1
    totals = np.zeros(len(names), np.int64)
    np.add.at(totals, code, frame.get_column(measures[0]).to_numpy())
    order = np.argsort(-totals, kind="stable")  # names ascend, so equal totals stay in the order of names
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    lines = min(len(names), limit + 1)
    at = np.minimum(place[code], limit) * len(grid) + grid.rows(frame.get_column("bucket").to_numpy())
    counts = {}
    for name in measures:
        filled = np.zeros(lines * len(grid), np.int64)
        np.add.at(filled, at, frame.get_column(name).to_numpy())
        counts[name] = filled.reshape(lines, len(grid))
    shown = order[:limit].tolist()
    return Counted(tuple(names[number] for number in shown), len(names) - len(shown), totals[order], counts)
