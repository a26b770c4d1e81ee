"""A database with days of history, made from deltas without a log in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import (
    CLIENT_ENDPOINT_SCHEMA,
    CLIENT_SCHEMA,
    ERROR_EVENT_SCHEMA,
    SERIES_DELTA_SCHEMA,
    Batch,
    Deltas,
    ErrorCells,
    Intake,
)
from mockforge_analytics.model.cells import Cells
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA
from mockforge_analytics.model.histogram import Histograms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["History", "batches"]

HOUR: Final = 3_600
MICROSECONDS: Final = 1_000_000
STATUSES: Final = (200, 200, 200, 201, 204, 304, 400, 404, 500, 503)
METHODS: Final = ("GET", "POST", "PUT", "DELETE")
FIRST_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class History:
    """How much traffic of which shape: requests a second over `series` series of `endpoints` endpoints."""

    start: int
    end: int
    rate: float
    series: int
    endpoints: int
    bucket: int = 60
    seed: int = 1

    def names(self) -> list[tuple[str, str, str, str, str, int]]:
        """Return the series: protocol, workspace, environment, method, endpoint, status."""
        rng = np.random.default_rng(self.seed)
        found: dict[tuple[str, str, str, str, str, int], None] = {}
        while len(found) < self.series:
            endpoint = len(found) % self.endpoints
            protocol = ("HTTP", "HTTP", "HTTP", "gRPC", "GraphQL")[endpoint % 5]
            name = f"/api/v1/resource-{endpoint}/:id"
            method, status = METHODS[int(rng.integers(4))], STATUSES[int(rng.integers(10))]
            found[protocol, "", ("prod", "staging")[endpoint % 2], method, name, status] = None
        return list(found)


def _cells(history: History, start: int, rng: np.random.Generator, weights: NDArray[np.float64]) -> Cells:
    buckets = np.arange(start, min(start + HOUR, history.end), history.bucket)
    count = rng.poisson(history.rate * history.bucket * weights[None, :], (len(buckets), history.series)).ravel()
    used = np.flatnonzero(count)
    bucket = np.repeat(buckets, history.series)[used]
    series = np.tile(np.arange(history.series), len(buckets))[used]
    count = count[used].astype(np.int64)
    owner = np.repeat(np.arange(len(used)), count)
    seconds = rng.lognormal(-4.0 + (series[owner] % 17) / 8.0, 0.6)
    micros = np.rint(seconds * MICROSECONDS).astype(np.int64)
    ends = np.cumsum(count)
    errors = np.array([name[5] >= FIRST_ERROR for name in history.names()])[series]
    measures = np.stack(
        [
            count,
            count * errors,
            count,
            np.add.reduceat(micros, ends - count),
            np.minimum.reduceat(micros, ends - count),
            np.maximum.reduceat(micros, ends - count),
            count * 1_500,
            count * 200,
        ]
    )
    return Cells(bucket, series, measures, Histograms.build(owner, seconds, len(used)))


def batches(history: History) -> Iterator[Batch]:
    """Yield one batch an hour of history, each folded in its own transaction."""
    rng = np.random.default_rng(history.seed + 1)
    rank = np.arange(1, history.series + 1) ** -0.9
    weights = rng.permutation(rank / rank.sum())
    names = history.names()
    for start in range(history.start, history.end, HOUR):
        cells = _cells(history, start, rng, weights)
        first = np.full(history.series, start * MICROSECONDS)
        columns = {name: dtype for name, dtype in SERIES_DELTA_SCHEMA.items() if "seen" not in name}
        series = pl.DataFrame(names, schema=columns, orient="row")
        series = series.with_columns(first_seen=first, last_seen=first + (HOUR - 1) * MICROSECONDS)
        failed = np.flatnonzero(cells.measures[1])
        bad = np.unique(cells.series[failed])
        errors = series[bad].drop("first_seen", "last_seen")
        errors = errors.with_columns(error_type=pl.lit("failed"), error_category=pl.lit("server_error"))
        local = np.searchsorted(bad, cells.series[failed])
        last = (cells.bucket[failed] + history.bucket - 1) * MICROSECONDS
        total = int(cells.measures[0].sum())
        yield Batch(
            received_at=(start + HOUR) * MICROSECONDS,
            intake=Intake("bench", total),
            deltas=Deltas(
                series,
                cells,
                errors.select(list(ERROR_SERIES_SCHEMA)),
                ErrorCells(cells.bucket[failed] // 60 * 60, local, cells.measures[1][failed], last),
                pl.DataFrame(schema=CLIENT_SCHEMA),
                pl.DataFrame(schema=CLIENT_ENDPOINT_SCHEMA),
                pl.DataFrame(schema=ERROR_EVENT_SCHEMA),
            ),
            bulk=True,
        )
