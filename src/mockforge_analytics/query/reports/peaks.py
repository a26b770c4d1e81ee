"""The busiest moments: highest requests, errors and bytes a second, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

import numpy as np

from mockforge_analytics.model.dimensions import SCOPE_SCHEMA, Dimension
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.query.figures import Sums
from mockforge_analytics.query.planner import (
    FACT_DIMENSIONS,
    choose_granularity,
    finest_granularity,
    prepare,
)
from mockforge_analytics.query.reports.common import header
from mockforge_analytics.query.results import Peak, Peaks

if TYPE_CHECKING:
    from mockforge_analytics.model.window import Granularity
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["Activity", "activity", "connections", "gauge_facts", "peak", "peaks"]

_MEASURES: Final = ("request_count", "error_count", "bytes_sent", "bytes_received")
_MAX_BUCKETS: Final = 50_000  # looked through for a peak: five weeks of minutes; longer windows take coarser buckets
# Where series are told apart, a bucket is as many cells as there are series: a week of minutes of 200 took 2 s to read.
_MAX_SERIES_BUCKETS: Final = 1_500  # 25 hours of minutes, 62 days of hours
_GAUGE_DIMENSIONS: Final = (*map(Dimension, SCOPE_SCHEMA), Dimension.SOURCE)
_NOT_TOLD_APART: Final = (
    "active connections are left out: they are only told apart by protocol, workspace and environment"
)


class Activity(TypedDict):
    """The traffic of a window bucket by bucket: only buckets with traffic, ascending."""

    width: Granularity
    bucket: np.ndarray[tuple[int], np.dtype[np.int64]]
    sums: Sums


def peaks(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Peaks:
    """Return the busiest buckets of the window, all of one width: the finest kept for the whole of it.

    Windows of more than 50,000 such buckets take coarser ones, and so do those of more than 1,500 where a filter is on
    endpoint, method or status code. A rate divides by the whole bucket, so a bucket that the window cuts is never
    overstated. Of equal buckets the first is named.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    gauges, missing = gauge_facts(spec)
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE, *gauges))
    seen = activity(snapshot, prepared, prepared.facts[0])
    return Peaks(
        **header(snapshot, prepared, *missing),
        requests=peak(seen, "request_count"),
        errors=peak(seen, "error_count"),
        bytes_sent=peak(seen, "bytes_sent"),
        bytes_received=peak(seen, "bytes_received"),
        active_connections=connections(snapshot, prepared) if gauges else None,
    )


def activity(snapshot: Snapshot, prepared: Prepared, fact: Fact) -> Activity:
    """Return the traffic in the buckets that `peaks` looks through."""
    finest = finest_granularity(prepared.window, fact, prepared.coverage)
    most = _MAX_SERIES_BUCKETS if fact is Fact.SERIES else _MAX_BUCKETS
    width, _ = choose_granularity(finest, prepared.window, fact, prepared.coverage, most)
    if fact is Fact.SERIES:  # other widths would be put together from the finer tier that is to be spared
        width = next((tier.width for tier in tiers_of(fact) if tier.width >= width), width)
    result = snapshot.read(prepared.plan(fact, measures=_MEASURES, bucket=width))
    sums = Sums.of(result, *_MEASURES)
    return {"width": width, "bucket": result.frame.get_column("bucket").to_numpy(), "sums": sums}


def peak(seen: Activity, measure: str) -> Peak | None:
    """Return the bucket with most of `measure`, None where there is nothing."""
    values = seen["sums"][measure]
    if not len(values) or not values.max():
        return None
    row = int(values.argmax())
    count, width = int(values[row]), int(seen["width"])
    return Peak(count / width, count, int(seen["bucket"][row]), width)


def gauge_facts(spec: QuerySpec) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """Return the fact that answers for active connections, or nothing and the reason."""
    if FACT_DIMENSIONS[Fact.GAUGE].issuperset(spec.filters):
        return (Fact.GAUGE,), ()
    return (), (_NOT_TOLD_APART,)


def connections(snapshot: Snapshot, prepared: Prepared) -> int | None:
    """Return the most active connections, None where no source reports them.

    Each bucket adds up the maxima of its sources: exact for one source, never below the truth for several.
    """
    coverage = prepared.coverage
    width, _ = choose_granularity(None, prepared.window, Fact.GAUGE, coverage, _MAX_BUCKETS)
    plan = prepared.plan(Fact.GAUGE, _GAUGE_DIMENSIONS, measures=("connections_max",), bucket=width)
    frame = snapshot.read(plan).frame
    if frame.is_empty():
        return None
    bucket = frame.get_column("bucket").to_numpy()
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    return int(np.add.reduceat(frame.get_column("connections_max").to_numpy(), first).max())
