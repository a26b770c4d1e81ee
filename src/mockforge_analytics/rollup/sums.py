"""Series, their cells and their error counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.batch import SERIES_DELTA_SCHEMA, ErrorCells
from mockforge_analytics.model.cells import Cells
from mockforge_analytics.model.codes import Codes, Groups, Values, bucket_key, group
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.rows import Rows
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity
from mockforge_analytics.rollup.failures import CATEGORIES

if TYPE_CHECKING:
    from mockforge_analytics.rollup.addends import Addends
    from mockforge_analytics.rollup.requests import Requests

__all__ = ["category_names", "error_cells", "group_series", "make_cells", "series_columns", "series_rows"]

Int64s = NDArray[np.int64]

_BASE: Final = BASE_SECONDS * MICROSECONDS
_MINUTE: Final = Granularity.MINUTE * MICROSECONDS
_CATEGORY_NAMES: Final = [str(category) for category in CATEGORIES]
_TEXTS: Final = ("protocol", "workspace_id", "environment", "method", "endpoint")


def group_series(requests: Requests, scope: Groups) -> Groups:
    """Return the requests by series, in order of first appearance."""
    return group((scope.of_row, len(scope)), requests.key("method"), requests.status_key(), requests.key("endpoint"))


def series_rows(requests: Requests, series: Groups) -> Rows:
    """Return the columns of `SERIES_DELTA_SCHEMA`."""
    first_seen = np.full(len(series), np.iinfo(np.int64).max)
    last_seen = np.zeros(len(series), np.int64)
    np.minimum.at(first_seen, series.of_row, requests.timestamp)
    np.maximum.at(last_seen, series.of_row, requests.timestamp)
    columns = {**_names(requests, series.first), "first_seen": first_seen, "last_seen": last_seen}
    return Rows(columns, SERIES_DELTA_SCHEMA)


def _names(requests: Requests, rows: Int64s) -> dict[str, Int64s | Codes]:
    texts: dict[str, Int64s | Codes] = {name: requests.texts[name].taken(rows) for name in _TEXTS}
    return {**texts, "status_code": requests.status[rows]}


def series_columns(requests: Requests, rows: Int64s) -> dict[str, Values]:
    """Return what tells the series of `rows` apart."""
    return {**{name: requests.texts[name].rows(rows) for name in _TEXTS}, "status_code": requests.status[rows]}


def category_names(category: Int64s) -> list[str]:
    """Return the names of positions in `CATEGORIES`."""
    return [_CATEGORY_NAMES[position] for position in category.tolist()]


def make_cells(requests: Requests, addends: Addends, series: Groups, fine_from: int) -> Cells:
    """Return one cell for each (10 seconds, series) of the requests.

    Where all requests are older than `fine_from` (seconds), no tier keeps 10 seconds of them and the cells are minutes.
    """
    width = _BASE if int(requests.timestamp.max()) >= fine_from * MICROSECONDS else _MINUTE
    bucket = bucket_key(requests.timestamp, width)
    cells = group(bucket, (series.of_row, len(series))) if bucket[1] > 1 else series
    known = addends.known
    owner, latency = (
        (cells.of_row, requests.latency) if known is None else (cells.of_row[known], requests.latency[known])
    )
    return Cells(
        bucket=requests.timestamp[cells.first] // width * (width // MICROSECONDS),
        series=series.of_row[cells.first],
        measures=addends.sums(cells.of_row, len(cells)),
        histograms=Histograms.build(owner, latency, len(cells)),
    )


def error_cells(requests: Requests, series: Groups, weight: Int64s | None = None) -> tuple[Rows, Int64s, ErrorCells]:
    """Return the error series of the requests in order of first appearance, whose they are, and exact counts by minute.

    Each row counts for `weight` requests, one where that is None.
    """
    failures = requests.failures
    if weight is not None:  # a failure that counts for no request is none
        failures = failures.only(weight[failures.row] > 0)
    if not len(failures):
        return Rows.empty(ERROR_SERIES_SCHEMA), np.zeros(0, np.int64), ErrorCells.empty()
    kinds = group(
        (series.of_row[failures.row], len(series)),
        (failures.type.of_row, len(failures.type)),
        (failures.category, len(CATEGORIES)),
    )
    first = failures.row[kinds.first]
    columns = _names(requests, first)
    columns["error_type"] = failures.type.taken(kinds.first)
    columns["error_category"] = Codes(failures.category[kinds.first], _CATEGORY_NAMES)

    timestamp = requests.timestamp[failures.row]
    cells = group(bucket_key(timestamp, _MINUTE), (kinds.of_row, len(kinds)))
    last_seen = np.zeros(len(cells), np.int64)
    np.maximum.at(last_seen, cells.of_row, timestamp)
    if weight is None:
        count = np.bincount(cells.of_row, minlength=len(cells))
    else:
        count = np.zeros(len(cells), np.int64)
        np.add.at(count, cells.of_row, weight[failures.row])
    cells_of_errors = ErrorCells(
        bucket=timestamp[cells.first] // _MINUTE * int(Granularity.MINUTE),
        series=kinds.of_row[cells.first],
        count=count,
        last_seen=last_seen,
    )
    return Rows(columns, ERROR_SERIES_SCHEMA), series.of_row[first], cells_of_errors
