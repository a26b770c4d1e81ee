"""Requests that a source has counted itself become deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import CLIENT_ENDPOINT_SCHEMA, CLIENT_SCHEMA, ERROR_EVENT_SCHEMA, Deltas
from mockforge_analytics.model.cells import Cells, Measure, merge_measures
from mockforge_analytics.model.codes import bucket_key, group
from mockforge_analytics.model.rows import Rows
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS
from mockforge_analytics.rollup.requests import FrameTable, encode_requests
from mockforge_analytics.rollup.sums import error_cells, group_series, series_rows

if TYPE_CHECKING:
    from mockforge_analytics.model.counted import Counted
    from mockforge_analytics.rollup.templates import Templates

__all__ = ["counted_deltas"]

_BASE = BASE_SECONDS * MICROSECONDS


def counted_deltas(counted: Counted, templates: Templates) -> Deltas:
    """Return what `counted` adds: cells and error counts. It knows of no clients and no single errors."""
    if not len(counted):
        return Deltas.empty()
    requests = encode_requests(FrameTable(counted.frame), templates)
    measures = counted.measures.copy()
    measures[Measure.ERRORS] = 0
    failed = requests.failures.row
    measures[Measure.ERRORS, failed] = measures[Measure.REQUESTS, failed]
    series = group_series(requests, requests.scopes())
    cells = group(bucket_key(requests.timestamp, _BASE), (series.of_row, len(series)))
    error_series, error_owners, errors = error_cells(requests, series, measures[Measure.ERRORS])
    return Deltas(
        series=series_rows(requests, series),
        cells=Cells(
            bucket=requests.timestamp[cells.first] // _BASE * BASE_SECONDS,
            series=series.of_row[cells.first],
            measures=merge_measures(measures, cells.of_row, len(cells)),
            histograms=counted.histograms.merge(cells.of_row.astype(np.int64), len(cells)),
        ),
        error_series=error_series,
        error_owners=error_owners,
        errors=errors,
        clients=Rows.empty(CLIENT_SCHEMA),
        client_endpoints=Rows.empty(CLIENT_ENDPOINT_SCHEMA),
        events=pl.DataFrame(schema=ERROR_EVENT_SCHEMA),
    )
