"""Samples as a Prometheus server hands them over, made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mockforge_analytics.sources.prometheus.series import NAME, RawSeries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.model.counted import Counted

__all__ = ["counted_requests", "raw"]


def raw(metric: str, samples: Iterable[tuple[int, float]], **labels: str) -> RawSeries:
    """Return the series `metric` with `samples` (milliseconds, value)."""
    known = sorted(samples)
    time = np.array([at for at, _ in known], np.int64)
    return RawSeries({NAME: metric, **labels}, time, np.array([value for _, value in known], np.float64))


def counted_requests(counted: Counted, *dimensions: str) -> dict[tuple[object, ...], int]:
    """Return the requests of each combination of `dimensions` that has any."""
    found: dict[tuple[object, ...], int] = {}
    rows = zip(*(counted.frame[name].to_list() for name in dimensions), counted.measures[0].tolist(), strict=True)
    for *kind, requests in rows:
        if requests:
            found[tuple(kind)] = found.get(tuple(kind), 0) + requests
    return found
