"""Which requests the rollup refuses, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mockforge_analytics.model.histogram import MAX_LATENCY_SECONDS
from mockforge_analytics.model.request import EARLIEST, FUTURE_TOLERANCE, MAX_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mockforge_analytics.rollup.requests import Requests

__all__ = ["admit", "is_sound"]


def admit(frame: pl.DataFrame, now: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the requests of `frame` that can be counted, and how many of the others were refused by reason.

    Sources check the same before; this is the last guard. `now` is in microseconds. Each refused request has one
    reason: ``timestamp_past`` (missing, or before 1970-01-02), ``timestamp_future`` (more than two days ahead of
    `now`), ``latency`` (negative, not finite, or more than `MAX_LATENCY_SECONDS`), ``bytes`` (a size that is negative
    or more than `MAX_BYTES`).
    """
    if _is_sound(frame, now):
        return frame, {}
    timestamp = pl.col("timestamp")
    faults = {
        "timestamp_past": timestamp.is_null() | (timestamp < EARLIEST),
        "timestamp_future": timestamp > now + FUTURE_TOLERANCE,
        "latency": pl.col("latency").is_nan() | ~pl.col("latency").is_between(0.0, MAX_LATENCY_SECONDS),
        "bytes": ~pl.col("bytes_sent").is_between(0, MAX_BYTES) | ~pl.col("bytes_received").is_between(0, MAX_BYTES),
    }
    reason = frame.select(
        pl.coalesce(*(pl.when(fault).then(pl.lit(name)) for name, fault in faults.items()), pl.lit(None, pl.String))
    ).to_series()
    refused = reason.drop_nulls().value_counts(sort=True)
    return frame.filter(reason.is_null()), dict(refused.iter_rows())


def is_sound(requests: Requests, now: int) -> bool:
    """Return whether `admit` would refuse none of `requests`, at least one."""
    known = requests.latency[~np.isnan(requests.latency)]
    return (
        _between(requests.timestamp, EARLIEST, now + FUTURE_TOLERANCE)
        and (not len(known) or _between(known, 0.0, MAX_LATENCY_SECONDS))
        and _between(requests.bytes_sent, 0, MAX_BYTES)
        and _between(requests.bytes_received, 0, MAX_BYTES)
    )


def _between(values: NDArray[np.int64] | NDArray[np.float64], low: float, high: float) -> bool:
    return bool(low <= values.min() and values.max() <= high)


def _is_sound(frame: pl.DataFrame, now: int) -> bool:
    """Return whether nothing of `frame` is refused; cheap, because this is what nearly every frame is."""
    timestamp, latency = frame["timestamp"], frame["latency"]
    seconds = latency.to_numpy()  # null becomes NaN
    return (
        not timestamp.null_count()
        and _within(timestamp, EARLIEST, now + FUTURE_TOLERANCE)
        and np.count_nonzero(np.isnan(seconds)) == latency.null_count()
        and _within(latency, 0.0, MAX_LATENCY_SECONDS)
        and _within(frame["bytes_sent"], 0, MAX_BYTES)
        and _within(frame["bytes_received"], 0, MAX_BYTES)
    )


def _within(column: pl.Series, low: float, high: float) -> bool:
    least, most = column.min(), column.max()
    if not isinstance(least, (int, float)) or not isinstance(most, (int, float)):
        return True
    return low <= least and most <= high
