"""JSON: the cells of a window as the bare array of the contract, and any report as one document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from mockforge_analytics.export.cells import CellExport, cell_frames, export_cells, started
from mockforge_analytics.query.spec import describe_filters
from mockforge_analytics.query.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.results import Report
    from mockforge_analytics.query.spec import QuerySpec
    from mockforge_analytics.query.tables import Table

__all__ = ["CELL_KEYS", "cells_json", "report_document", "report_json"]

CELL_KEYS: Final = (
    "id",
    "timestamp",
    "protocol",
    "method",
    "endpoint",
    "status_code",
    "workspace_id",
    "environment",
    "request_count",
    "error_count",
    "latency_sum",
    "latency_min",
    "latency_max",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "bytes_sent",
    "bytes_received",
    "active_connections",
    "created_at",
)
_INDENT: Final = 2


def cells_json(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> CellExport:
    """Return the cells of the window as a JSON array of objects with `CELL_KEYS`, newest first, indented by two.

    `id` counts the rows of this export from 1. `created_at` is the end of the bucket, the first second at which the
    cell was whole. Latencies are milliseconds, null where unknown (the sum is 0 then). `active_connections` is null:
    connections belong to no method, endpoint or status. Only `spec.limit` bounds the rows.

    Raises:
        QueryError: the question cannot be answered as asked; at once, not while the chunks are read.
    """
    prepared = export_cells(snapshot, spec, now_us)
    return started(snapshot, prepared, _chunks(snapshot, prepared, spec.limit))


def _chunks(snapshot: Snapshot, prepared: Prepared, limit: int | None) -> Iterator[str]:
    rows = 0
    for frame in cell_frames(snapshot, prepared, limit):
        keyed = frame.with_columns(
            id=pl.int_range(rows + 1, rows + 1 + len(frame)),
            active_connections=None,
            created_at=pl.col("timestamp") + int(prepared.bucket),
        ).select(CELL_KEYS)
        array = msgspec.json.format(msgspec.json.encode(keyed.to_dicts()), indent=_INDENT).decode()
        # Each piece is an array of its own: between the first and the last its brackets become a comma.
        yield ("[" if rows == 0 else ",") + array[1:-2]
        rows += len(frame)
    yield "\n]\n" if rows else "[]\n"


def report_document(report: Report) -> dict[str, object]:
    """Return an answer as plain values for JSON: what it covers, then its tables by name, unknown values as None."""
    return {
        "window": {"start": report.window.start, "end": report.window.end},
        "granularity": None if report.granularity is None else report.granularity.label,
        "commit": report.commit,
        "filters": describe_filters(report.filters),
        "warnings": list(report.warnings),
        **{table.name: _rows(table) for table in tables(report)},
    }


def report_json(report: Report) -> str:
    """Return `report_document` as JSON text, indented by two, ending with a newline."""
    return json.dumps(report_document(report), ensure_ascii=False, indent=_INDENT, allow_nan=False) + "\n"


def _rows(table: Table) -> object:
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    return rows[0] if table.single else rows
