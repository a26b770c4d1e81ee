"""Requests over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.fill import Grid
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import header
from mockforge_analytics.query.results import Requests

if TYPE_CHECKING:
    from mockforge_analytics.model.plan import ReadResult
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["requests"]

_MEASURES: Final = ("request_count", "error_count")


def requests(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Requests:
    """Return request and error counts of every bucket and protocol, zero-filled.

    A bucket's rate divides by the part of it that lies in the window.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE,), series=True)
    width = prepared.bucket
    plan = prepared.plan(prepared.facts[0], (Dimension.PROTOCOL,), measures=_MEASURES, bucket=width)
    protocols, frame = _filled(snapshot.read(plan), Grid(prepared.window, width))
    return Requests(**header(snapshot, prepared), protocols=protocols, frame=frame)


def _filled(result: ReadResult, grid: Grid) -> tuple[tuple[str, ...], pl.DataFrame]:
    protocol = result.frame.get_column(Dimension.PROTOCOL)
    names = protocol.unique().sort().to_list()
    group = protocol.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    counts, errors = (result.frame.get_column(name).to_numpy() for name in _MEASURES)
    totals = np.zeros(len(names), np.int64)
    np.add.at(totals, group, counts)
    rank = np.argsort(-totals, kind="stable")  # names ascend, so equal totals stay in the order of names
    place = np.empty_like(rank)
    place[rank] = np.arange(len(rank))
    width = len(grid)
    filled = np.zeros((2, len(names), width), np.int64)
    row = grid.rows(result.frame.get_column("bucket").to_numpy())
    filled[:, place[group], row] = np.stack([counts, errors])
    protocols = tuple(names[number] for number in rank.tolist())
    frame = pl.DataFrame(
        {
            "protocol": pl.Series(protocols, dtype=pl.String).gather(np.repeat(np.arange(len(names)), width)),
            "timestamp": np.tile(grid.starts, len(names)),
            "request_count": filled[0].ravel(),
            "error_count": filled[1].ravel(),
            "requests_per_second": (filled[0] / grid.seconds).ravel(),
        }
    )
    return protocols, frame
