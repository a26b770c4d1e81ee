"""Requests over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.fill import Grid
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header
from mockforge_analytics.query.results import Requests

if TYPE_CHECKING:
    from mockforge_analytics.model.plan import ReadResult
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["requests"]

Int64s = NDArray[np.int64]

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
    result = snapshot.read(plan)
    names, group, totals = _ranked(result)
    shown = tuple(names[: spec.limit or DEFAULT_LIMIT])
    left_out = int(totals[len(shown) :].sum())
    warnings = [f"{len(names) - len(shown)} protocols with {left_out} requests are left out"] if left_out else []
    return Requests(
        **header(snapshot, prepared, *warnings),
        protocols=shown,
        frame=_filled(result, group, shown, Grid(prepared.window, width)),
    )


def _ranked(result: ReadResult) -> tuple[list[str], Int64s, Int64s]:
    """Return the protocols, most requests first, the number of the protocol of each row, and the requests of each."""
    protocol = result.frame.get_column(Dimension.PROTOCOL)
    names = protocol.unique().sort().to_list()
    code = protocol.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    totals = np.zeros(len(names), np.int64)
    np.add.at(totals, code, result.frame.get_column("request_count").to_numpy())
    rank = np.argsort(-totals, kind="stable")  # names ascend, so equal totals stay in the order of names
    place = np.empty_like(rank)
    place[rank] = np.arange(len(rank))
    return [names[number] for number in rank.tolist()], place[code], totals[rank]


def _filled(result: ReadResult, group: Int64s, protocols: tuple[str, ...], grid: Grid) -> pl.DataFrame:
    series, width = len(protocols), len(grid)
    kept = group < series
    filled = np.zeros((2, series, width), np.int64)
    row = grid.rows(result.frame.get_column("bucket").to_numpy())
    for number, name in enumerate(_MEASURES):
        filled[number, group[kept], row[kept]] = result.frame.get_column(name).to_numpy()[kept]
    return pl.DataFrame(
        {
            "protocol": pl.Series(protocols, dtype=pl.String).gather(np.repeat(np.arange(series), width)),
            "timestamp": np.tile(grid.starts, series),
            "request_count": filled[0].ravel(),
            "error_count": filled[1].ravel(),
            "requests_per_second": (filled[0] / grid.seconds).ravel(),
        }
    )
