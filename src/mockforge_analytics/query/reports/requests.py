"""Requests of each protocol over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.fill import Grid
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header
from mockforge_analytics.query.reports.series import counted
from mockforge_analytics.query.results import Requests

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.reports.series import Counted
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["requests"]

_MEASURES: Final = ("request_count", "error_count")


def requests(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Requests:
    """Return request and error counts of every bucket and protocol, zero-filled, the busiest protocols first.

    A bucket's rate divides by the part of it that lies in the window. `spec.limit` caps the protocols, with a warning.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE,), series=True)
    width = prepared.bucket
    plan = prepared.plan(prepared.facts[0], (Dimension.PROTOCOL,), measures=_MEASURES, bucket=width)
    frame = snapshot.read(plan).frame
    grid = Grid(prepared.window, width)
    found = counted(frame, frame.get_column(Dimension.PROTOCOL), _MEASURES, grid, spec.limit or DEFAULT_LIMIT)
    left_out = int(found.totals[len(found.names) :].sum())
    warnings = [f"{found.left_out} protocols with {left_out} requests are left out"] if left_out else []
    protocols = tuple(map(str, found.names))
    return Requests(**header(snapshot, prepared, *warnings), protocols=protocols, frame=_filled(found, protocols, grid))


def _filled(found: Counted, protocols: tuple[str, ...], grid: Grid) -> pl.DataFrame:
    series, width = len(protocols), len(grid)
    requests, errors = (found.counts[name][:series] for name in _MEASURES)
    return pl.DataFrame(
        {
            "protocol": pl.Series(protocols, dtype=pl.String).gather(np.repeat(np.arange(series), width)),
            "timestamp": np.tile(grid.starts, series),
            "request_count": requests.ravel(),
            "error_count": errors.ravel(),
            "requests_per_second": (requests / grid.seconds).ravel(),
        }
    )
