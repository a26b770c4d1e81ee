"""Which requests the rollup refuses, and why."""

from __future__ import annotations

from typing import Final

import polars as pl

from mockforge_analytics.model.histogram import MAX_LATENCY_SECONDS

__all__ = ["EARLIEST", "FUTURE_TOLERANCE", "MAX_BYTES", "admit"]

EARLIEST: Final = 86_400_000_000  # microseconds; 1970-01-02: what lies before is an unset clock
FUTURE_TOLERANCE: Final = 2 * 86_400_000_000  # microseconds; reliability.md section 2: reject past two days
MAX_BYTES: Final = 2**44  # 16 TiB a request: sums of a cell stay within 63 bits


def admit(frame: pl.DataFrame, now: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the requests of `frame` that can be counted, and how many of the others were refused by reason.

    Sources check the same before; this is the last guard. `now` is in microseconds. Each refused request has one
    reason: ``timestamp_past`` (missing, or before 1970-01-02), ``timestamp_future`` (more than two days ahead of
    `now`), ``latency`` (negative, not finite, or more than `MAX_LATENCY_SECONDS`), ``bytes`` (a size that is negative
    or more than `MAX_BYTES`).
    """
    timestamp = pl.col("timestamp")
    faults = {
        "timestamp_past": timestamp.is_null() | (timestamp < EARLIEST),
        "timestamp_future": timestamp > now + FUTURE_TOLERANCE,
        "latency": pl.col("latency").is_nan() | ~pl.col("latency").is_between(0.0, MAX_LATENCY_SECONDS),
        "bytes": ~pl.col("bytes_sent").is_between(0, MAX_BYTES) | ~pl.col("bytes_received").is_between(0, MAX_BYTES),
    }
    if not frame.select(pl.any_horizontal(*faults.values()).any()).item():
        return frame, {}
    reason = frame.select(
        pl.coalesce(*(pl.when(fault).then(pl.lit(name)) for name, fault in faults.items()), pl.lit(None, pl.String))
    ).to_series()
    refused = reason.drop_nulls().value_counts(sort=True)
    return frame.filter(reason.is_null()), dict(refused.iter_rows())
