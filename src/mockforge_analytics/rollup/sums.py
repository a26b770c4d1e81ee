"""Series, their cells and their error counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.batch import SERIES_DELTA_SCHEMA, ErrorCells
from mockforge_analytics.model.cells import Cells
from mockforge_analytics.model.codes import Groups, Values, bucket_key, frame_of, group
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity
from mockforge_analytics.rollup.failures import CATEGORIES

if TYPE_CHECKING:
    from mockforge_analytics.rollup.requests import Requests

__all__ = ["category_names", "error_cells", "group_series", "make_cells", "series_columns", "series_frame"]

Int64s = NDArray[np.int64]

_BASE: Final = BASE_SECONDS * MICROSECONDS
_MINUTE: Final = Granularity.MINUTE * MICROSECONDS
_CATEGORY_NAMES: Final = [str(category) for category in CATEGORIES]
_NO_ERRORS: Final = pl.DataFrame(schema=ERROR_SERIES_SCHEMA)


def group_series(requests: Requests, scope: Groups) -> Groups:
    """Return the requests by series, in order of first appearance."""
    return group((scope.of_row, len(scope)), requests.key("method"), requests.status_key(), requests.key("endpoint"))


def series_frame(requests: Requests, series: Groups) -> pl.DataFrame:
    """Return the columns of `SERIES_DELTA_SCHEMA`."""
    first_seen = np.full(len(series), np.iinfo(np.int64).max)
    last_seen = np.zeros(len(series), np.int64)
    np.minimum.at(first_seen, series.of_row, requests.timestamp)
    np.maximum.at(last_seen, series.of_row, requests.timestamp)
    columns = {**series_columns(requests, series.first), "first_seen": first_seen, "last_seen": last_seen}
    return frame_of(columns, SERIES_DELTA_SCHEMA)


def series_columns(requests: Requests, rows: Int64s) -> dict[str, Values]:
    """Return what tells the series of `rows` apart."""
    names = ("protocol", "workspace_id", "environment", "method", "endpoint")
    return {**{name: requests.texts[name].rows(rows) for name in names}, "status_code": requests.status[rows]}


def category_names(category: Int64s) -> list[str]:
    """Return the names of positions in `CATEGORIES`."""
    return [_CATEGORY_NAMES[position] for position in category.tolist()]


def make_cells(requests: Requests, series: Groups, fine_from: int) -> Cells:
    """Return one cell for each (10 seconds, series) of the requests.

    Where all requests are older than `fine_from` (seconds), no tier keeps 10 seconds of them and the cells are minutes.
    """
    width = _BASE if int(requests.timestamp.max()) >= fine_from * MICROSECONDS else _MINUTE
    cells = group(bucket_key(requests.timestamp, width), (series.of_row, len(series)))
    known = ~np.isnan(requests.latency)
    if known.all():
        histograms = Histograms.build(cells.of_row, requests.latency, len(cells))
    else:
        histograms = Histograms.build(cells.of_row[known], requests.latency[known], len(cells))
    return Cells(
        bucket=requests.timestamp[cells.first] // width * (width // MICROSECONDS),
        series=series.of_row[cells.first],
        measures=requests.sums(cells.of_row, len(cells)),
        histograms=histograms,
    )


def error_cells(requests: Requests, series: Groups, weight: Int64s | None = None) -> tuple[pl.DataFrame, ErrorCells]:
    """Return the error series of the requests in order of first appearance, and their exact counts by minute.

    Each row counts for `weight` requests, one where that is None.
    """
    failures = requests.failures
    if weight is not None:  # a failure that counts for no request is none
        failures = failures.only(weight[failures.row] > 0)
    if not len(failures):
        return _NO_ERRORS, ErrorCells.empty()
    kinds = group(
        (series.of_row[failures.row], len(series)),
        (failures.type.of_row, len(failures.type)),
        (failures.category, len(CATEGORIES)),
    )
    columns = series_columns(requests, failures.row[kinds.first])
    columns["error_type"] = failures.type.rows(kinds.first)
    columns["error_category"] = category_names(failures.category[kinds.first])
    frame = frame_of(columns, ERROR_SERIES_SCHEMA)

    timestamp = requests.timestamp[failures.row]
    cells = group(bucket_key(timestamp, _MINUTE), (kinds.of_row, len(kinds)))
    last_seen = np.zeros(len(cells), np.int64)
    np.maximum.at(last_seen, cells.of_row, timestamp)
    if weight is None:
        count = np.bincount(cells.of_row, minlength=len(cells))
    else:
        count = np.zeros(len(cells), np.int64)
        np.add.at(count, cells.of_row, weight[failures.row])
    return frame, ErrorCells(
        bucket=timestamp[cells.first] // _MINUTE * int(Granularity.MINUTE),
        series=kinds.of_row[cells.first],
        count=count,
        last_seen=last_seen,
    )
