"""Small charts: the requests of each endpoint over the window, in a few equal buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.fill import Grid
from mockforge_analytics.query.planner import finest_granularity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.results import EndpointRow

__all__ = ["TREND_BUCKETS", "Trends", "endpoint_trends"]

TREND_BUCKETS: Final = 30  # at most
_KEY: Final = (Dimension.PROTOCOL, Dimension.METHOD, Dimension.ENDPOINT)


@dataclass(frozen=True, slots=True)
class Trends:
    """Requests of each endpoint in buckets of `seconds` from `start` on."""

    start: int
    seconds: int
    counts: tuple[tuple[int, ...], ...]


def endpoint_trends(snapshot: Snapshot, prepared: Prepared, rows: Sequence[EndpointRow]) -> Trends:
    """Return the requests of each of `rows` in at most `TREND_BUCKETS` equal buckets that cover the window."""
    finest = finest_granularity(prepared.window, Fact.SERIES, prepared.coverage)
    grids = [Grid(prepared.window, width) for width in Granularity if width >= finest]
    # The coarsest stored width that is still fine enough, a few of which make a bucket.
    grid = next((grid for grid in reversed(grids) if len(grid) >= TREND_BUCKETS), grids[0])
    together = -(-len(grid) // TREND_BUCKETS)
    width = grid.width * together
    buckets = -(-len(grid) // together)
    paths = tuple(dict.fromkeys(row.endpoint or "" for row in rows))
    filled = np.zeros((len(rows), buckets), np.int64)
    if rows:
        plan = prepared.plan(
            Fact.SERIES,
            _KEY,
            measures=("request_count",),
            bucket=grid.width,
            filters={Dimension.ENDPOINT: paths},
        )
        number = {(row.protocol, row.method or "", row.endpoint or ""): place for place, row in enumerate(rows)}
        for bucket, *key, count in snapshot.read(plan).frame.select("bucket", *_KEY, "request_count").iter_rows():
            place = number.get((key[0], key[1], key[2]))
            if place is not None:
                filled[place, (bucket - grid.first) // width] += count
    return Trends(grid.first, width, tuple(map(tuple, filled.tolist())))
