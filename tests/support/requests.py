"""Rows of made-up traffic as the frame that sources produce."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mockforge_analytics.model.request import REQUEST_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.traffic import Row

__all__ = ["frame"]

_MICROSECONDS = 1e6


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    """Return `rows` (see `tests.traffic.row`) with the columns of `REQUEST_SCHEMA`; absent texts become null."""
    columns: list[dict[str, object]] = []
    for entry in rows:
        latency_us = entry["latency_us"]
        known = {name: entry.get(name) or None for name in REQUEST_SCHEMA}
        columns.append(
            known
            | {
                "timestamp": entry["timestamp"],
                "path": entry["endpoint"] or None,
                "endpoint": entry["endpoint"] or None,
                "latency": None if latency_us is None else latency_us / _MICROSECONDS,
                "error_type": entry["error_type"] or None,
            }
        )
    return pl.DataFrame(columns, schema=REQUEST_SCHEMA)
