"""CSV: the cells of a window in the columns of the contract, and any table of a report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.export.cells import CellExport, cell_frames, export_cells, started
from mockforge_analytics.export.text import GUARD, GUARDED_PATTERN, csv_field, guarded
from mockforge_analytics.model.dimensions import ABSENT_STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import QuerySpec
    from mockforge_analytics.query.tables import Cell, Table

__all__ = ["CELL_COLUMNS", "cells_csv", "table_csv"]

CELL_COLUMNS: Final = (
    "timestamp",
    "protocol",
    "method",
    "endpoint",
    "status_code",
    "request_count",
    "error_count",
    "avg_latency_ms",
    "p95_latency_ms",
    "bytes_sent",
    "bytes_received",
)
_TEXTS: Final = ("protocol", "method", "endpoint")
_DECIMALS: Final = 2


def cells_csv(snapshot: Snapshot, spec: QuerySpec, now_us: int, *, unknown: float | None = None) -> CellExport:
    """Return the cells of the window as CSV, newest first: a header line, then one line a bucket and series.

    Lines end with ``\\n``, fields are quoted as in RFC 4180. Absent texts are empty, an absent status is 0, latencies
    have two decimals and are `unknown` (milliseconds, None is empty) where no latency is known. Text that a spreadsheet
    would run as a formula has a ``'`` before it; taking one ``'`` off the front gives the stored text back. Only
    `spec.limit` bounds the rows.

    Raises:
        QueryError: the question cannot be answered as asked; at once, not while the chunks are read.
    """
    prepared = export_cells(snapshot, spec, now_us)
    return started(snapshot, prepared, _chunks(snapshot, prepared, spec.limit, unknown))


def _chunks(snapshot: Snapshot, prepared: Prepared, limit: int | None, unknown: float | None) -> Iterator[str]:
    yield ",".join(CELL_COLUMNS) + "\n"
    for frame in cell_frames(snapshot, prepared, limit):
        columns = frame.select(
            "timestamp",
            *(_guard(name) for name in _TEXTS),
            pl.col("status_code").fill_null(ABSENT_STATUS),
            "request_count",
            "error_count",
            pl.col("latency_avg").fill_null(pl.lit(unknown)).alias("avg_latency_ms"),
            pl.col("latency_p95").fill_null(pl.lit(unknown)).alias("p95_latency_ms"),
            "bytes_sent",
            "bytes_received",
        )
        yield columns.select(CELL_COLUMNS).write_csv(include_header=False, float_precision=_DECIMALS)


def _guard(name: str) -> pl.Expr:
    text = pl.col(name)
    return pl.when(text.str.contains(GUARDED_PATTERN)).then(GUARD + text).otherwise(text).alias(name)


def table_csv(table: Table) -> Iterator[str]:
    """Yield a table as CSV, line by line; the header has the names of the columns, which say their unit.

    Numbers are as precise as they are known, unknown and absent values are empty, several values in one cell are a
    JSON array. Quoting and guarding are those of `cells_csv`.
    """
    yield ",".join(column.name for column in table.columns) + "\n"
    for row in table.rows:
        yield ",".join(map(_field, row)) + "\n"


def _field(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, tuple):
        return csv_field(json.dumps(cell, ensure_ascii=False))
    return csv_field(guarded(cell)) if isinstance(cell, str) else str(cell)
