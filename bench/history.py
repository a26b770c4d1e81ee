"""A database with days of history, made from deltas without a log in between.

Cells are drawn at the width of the finest tier that keeps their age: 10 seconds, a minute, 15 minutes, a day. What the
store holds in the end is what retention would have left of finer ones, at a fraction of the work. Cells older than the
minute tier repeat one drawn day: nothing reads them but the coarse tiers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.config import RetentionConfig
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
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA, SERIES_SCHEMA
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.rows import Rows
from mockforge_analytics.store.reach import due_floors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["END", "History", "Traffic"]

Int64s = NDArray[np.int64]

END: Final = 1_779_287_840  # 2026-05-20 14:37:20 UTC: in the middle of a bucket of every tier but the finest
MINUTE: Final = 60
QUARTER: Final = 900
HOUR: Final = 3_600
QUARTER_DAY: Final = 21_600
DAY: Final = 86_400
MICROSECONDS: Final = 1_000_000
STATUSES: Final = (200, 200, 200, 200, 200, 200, 201, 204, 301, 304, 400, 404, 404, 500, 503)
METHODS: Final = ("GET", "GET", "POST", "PUT", "DELETE")
PROTOCOLS: Final = ("HTTP", "HTTP", "HTTP", "gRPC", "GraphQL")
ENVIRONMENTS: Final = ("prod", "staging")
FIRST_ERROR: Final = 400
FIRST_SERVER_ERROR: Final = 500
LATENCY_SHAPES: Final = 17
CLIENTS_AN_HOUR: Final = 400
CLIENTS: Final = 5_000
AGENTS: Final = 40
EVENTS_A_MINUTE: Final = 30
MOMENTS: Final = 10  # seconds of live traffic until it repeats
_IS_SERVER_ERROR: Final = pl.col("status_code") >= FIRST_SERVER_ERROR
_KINDS_OF_ERROR: Final = {
    "error_type": pl.format("http_{}", pl.col("status_code")),
    "error_category": pl.when(_IS_SERVER_ERROR).then(pl.lit("server_error")).otherwise(pl.lit("client_error")),
}


@dataclass(frozen=True, slots=True)
class History:
    """`days` days of traffic up to `END`: `rate` requests a second, spread by Zipf's law over `series` series."""

    days: float
    rate: float
    series: int
    endpoints: int
    seed: int = 1

    @property
    def start(self) -> int:
        """The first second."""
        return END - int(self.days * DAY)


@dataclass(frozen=True, slots=True)
class _Stretch:
    start: int
    end: int
    bucket: int
    step: int  # seconds of a batch: the more, the fewer times the coarse tiers are written

    def steps(self) -> Iterator[tuple[int, int]]:
        start = self.start
        while start < self.end:
            end = min((start // self.step + 1) * self.step, self.end)
            yield start, end
            start = end


class Traffic:
    """The series of a history and what happens in them."""

    def __init__(self, history: History) -> None:
        self.history = history
        names = _names(history)
        self.series = pl.DataFrame(names, schema=dict(SERIES_SCHEMA), orient="row")
        status = self.series["status_code"].to_numpy()
        self.is_error = status >= FIRST_ERROR
        self._rng = np.random.default_rng(history.seed + 1)
        rank = np.arange(1, history.series + 1) ** -0.9
        self._moments: deque[list[Batch]] = deque()
        self._weights = self._rng.permutation(rank / rank.sum())

    def stretches(self) -> list[_Stretch]:
        """Return the history cut by age, oldest first."""
        floors = due_floors(RetentionConfig(), END)
        start = self.history.start
        cuts = [
            (floors["scope_15m"], DAY, 32 * DAY),
            (floors["series_minute"], QUARTER, DAY),
            (floors["series_10s"], MINUTE, QUARTER_DAY),
            (END, 10, QUARTER_DAY),
        ]
        found = []
        for end, bucket, step in cuts:
            if start < end:
                found.append(_Stretch(start // bucket * bucket, end, bucket, step))
                start = end
        return found

    def steps(self) -> int:
        """Return how many batches `batches` yields."""
        return sum(len(list(part.steps())) for part in self.stretches())

    def batches(self) -> Iterator[Batch]:
        """Yield the whole history, oldest first, each batch to be folded in its own transaction."""
        for part in self.stretches():
            drawn = self._cells(0, DAY, part.bucket) if part.bucket >= QUARTER else None
            for start, end in part.steps():
                cells = self._cells(start, end, part.bucket) if drawn is None else _repeated(drawn, start, end)
                yield self._batch(cells, start, end, part.bucket, detailed=part.bucket <= MINUTE)

    def live(self, at: int, batches: int, requests: int) -> list[Batch]:
        """Return `batches` batches of `requests` requests each, all of the second `at`, to be appended.

        They repeat after a while: making a batch takes longer than what is measured with it.
        """
        if len(self._moments) < MOMENTS:
            self._moments.append([self._moment(requests) for _ in range(batches)])
        self._moments.append(self._moments.popleft())
        return [_moved(batch, at) for batch in self._moments[0]]

    def drawn(self, n: int) -> Int64s:
        """Return the series of `n` requests, row numbers of `series`."""
        return self._rng.choice(self.history.series, n, p=self._weights)

    def _moment(self, requests: int) -> Batch:
        series, count = np.unique(self.drawn(requests), return_counts=True)
        return self._batch(self._filled(np.zeros(len(series), np.int64), series, count), 0, 1, 10, detailed=True)

    def _cells(self, start: int, end: int, width: int) -> Cells:
        n = self.history.series
        buckets = np.arange(start, end, width)
        expected = self.history.rate * width * self._weights
        count = self._rng.poisson(expected[None, :], (len(buckets), n)).ravel()
        used = np.flatnonzero(count)
        return self._filled(np.repeat(buckets, n)[used], np.tile(np.arange(n), len(buckets))[used], count[used])

    def _filled(self, bucket: Int64s, series: Int64s, count: Int64s) -> Cells:
        owner = np.repeat(np.arange(len(count)), count)
        seconds = self._rng.lognormal(-4.0 + (series[owner] % LATENCY_SHAPES) / 8.0, 0.6)
        micros = np.rint(seconds * MICROSECONDS).astype(np.int64)
        first = np.cumsum(count) - count
        measures = np.stack(
            [
                count,
                count * self.is_error[series],
                count,
                np.add.reduceat(micros, first),
                np.minimum.reduceat(micros, first),
                np.maximum.reduceat(micros, first),
                count * 1_500,
                count * 200,
            ]
        )
        return Cells(bucket, series, measures, Histograms.build(owner, seconds, len(count)))

    def _batch(self, cells: Cells, start: int, end: int, width: int, *, detailed: bool) -> Batch:
        used, local = np.unique(cells.series, return_inverse=True)
        times = {"first_seen": np.full(len(used), start), "last_seen": np.full(len(used), end - 1)}
        series = self.series[used].with_columns(**{name: at * MICROSECONDS for name, at in times.items()})
        failed = np.flatnonzero(cells.measures[1])
        kinds, kind = np.unique(local[failed], return_inverse=True)
        error_series = series[kinds].with_columns(**_KINDS_OF_ERROR)
        minute = np.maximum(width, MINUTE)
        bucket = cells.bucket[failed] // minute * minute
        clients, client_endpoints = self._clients(start, end)
        deltas = Deltas(
            series=Rows.of(series, SERIES_DELTA_SCHEMA),
            cells=Cells(cells.bucket, local, cells.measures, cells.histograms),
            error_series=Rows.of(error_series, ERROR_SERIES_SCHEMA),
            error_owners=kinds,
            errors=_errors(bucket, kind, cells.measures[1][failed]),
            clients=clients,
            client_endpoints=client_endpoints,
            events=self._events(start, end) if detailed else pl.DataFrame(schema=ERROR_EVENT_SCHEMA),
        )
        intake = Intake("bench", int(cells.measures[0].sum()))
        return Batch(received_at=end * MICROSECONDS, intake=intake, deltas=deltas, bulk=True)

    def _clients(self, start: int, end: int) -> tuple[Rows, Rows]:
        """Return the client rows of every hour that begins in the time given, or a few of the hour it lies in."""
        hours = np.arange(-(-start // HOUR) * HOUR, end, HOUR)
        each = CLIENTS_AN_HOUR
        if not len(hours):
            hours, each = np.array([start // HOUR * HOUR]), 5
        n = len(hours) * each
        client = self._rng.random((len(hours), CLIENTS)).argsort(axis=1)[:, :each].ravel()  # no address twice an hour
        series = self.series[self._rng.integers(0, len(self.series), n)]
        count = np.full(n, 1 if each < CLIENTS_AN_HOUR else int(self.history.rate * HOUR / CLIENTS_AN_HOUR) or 1)
        version = pl.Series(client % AGENTS + 90).cast(pl.String)
        clients = series.select("protocol", "workspace_id", "environment").with_columns(
            timestamp=np.repeat(hours, each),
            client_ip=pl.format("10.{}.{}.9", pl.Series(client >> 8), pl.Series(client & 255)),
            user_agent=pl.format("Mozilla/5.0 Chrome/{}.0 Safari/537.36", version),
            user_agent_family=pl.lit("Chrome"),
            user_agent_version=version,
            request_count=count,
            error_count=count // 10,
            latency_count=count,
            latency_sum=count * 50_000,
            bytes_sent=count * 1_500,
            bytes_received=count * 200,
        )
        endpoints = pl.select(client=np.arange(n), endpoint=series["endpoint"], request_count=count)
        return Rows.of(clients, CLIENT_SCHEMA), Rows.of(endpoints, CLIENT_ENDPOINT_SCHEMA)

    def _events(self, start: int, end: int) -> pl.DataFrame:
        n = max((end - start) * EVENTS_A_MINUTE // MINUTE, 1)
        failing = np.flatnonzero(self.is_error)
        series = self.series[failing[self._rng.integers(0, len(failing), n)]]
        number = self._rng.integers(0, 1 << 40, n)
        events = series.with_columns(
            timestamp=np.sort(self._rng.integers(start * MICROSECONDS, end * MICROSECONDS, n)),
            error_message=pl.format("the upstream of request {} did not answer as it should", pl.Series(number)),
            request_id=pl.Series(number).cast(pl.String),
            client_ip=pl.format("10.{}.{}.9", pl.Series(number % 20), pl.Series(number % 251)),
            **_KINDS_OF_ERROR,
        )
        missing = {name: kind for name, kind in ERROR_EVENT_SCHEMA.items() if name not in events.columns}
        empty = [pl.lit(None, kind).alias(name) for name, kind in missing.items()]
        return events.with_columns(empty).select(list(ERROR_EVENT_SCHEMA))


def _names(history: History) -> list[tuple[object, ...]]:
    """Return the series as rows of `SERIES_SCHEMA`."""
    rng = np.random.default_rng(history.seed)
    found: dict[tuple[object, ...], dict[str, object]] = {}
    while len(found) < history.series:
        number = len(found) % history.endpoints
        row: dict[str, object] = {
            "protocol": PROTOCOLS[number % len(PROTOCOLS)],
            "method": METHODS[int(rng.integers(len(METHODS)))],
            "endpoint": f"/api/v1/resource-{number}/:id",
            "status_code": STATUSES[int(rng.integers(len(STATUSES)))],
            "workspace_id": "",
            "environment": ENVIRONMENTS[number % len(ENVIRONMENTS)],
        }
        found[tuple(row.values())] = row
    return [tuple(row[name] for name in SERIES_SCHEMA) for row in found.values()]


def _repeated(day: Cells, start: int, end: int) -> Cells:
    """Return the cells of `day` (buckets from 0 on) for each day that [start, end) touches, cut to it."""
    days = np.arange(start // DAY * DAY, end, DAY)
    bucket = (days[:, None] + day.bucket[None, :]).ravel()
    repeated = Cells(
        bucket,
        np.tile(day.series, len(days)),
        np.tile(day.measures, len(days)),
        Histograms.concat([day.histograms] * len(days)),
    )
    return repeated.take(np.flatnonzero((bucket >= start) & (bucket < end)))


def _errors(bucket: Int64s, series: Int64s, count: Int64s) -> ErrorCells:
    """Return one error cell a (bucket, series)."""
    keys, group = np.unique(np.stack([bucket, series]), axis=1, return_inverse=True)
    total = np.zeros(keys.shape[1], np.int64)
    np.add.at(total, group, count)
    return ErrorCells(keys[0], keys[1], total, keys[0] * MICROSECONDS)


def _moved(batch: Batch, at: int) -> Batch:
    """Return `batch`, made for second 0, as one of the second `at` that is to be appended."""
    deltas, micros = batch.deltas, at * MICROSECONDS
    cells, errors = deltas.cells, deltas.errors
    minute = at // MINUTE * MINUTE
    return Batch(
        received_at=micros,
        intake=batch.intake,
        deltas=Deltas(
            _shifted(deltas.series, ("first_seen", "last_seen"), micros),
            Cells(cells.bucket + at // 10 * 10, cells.series, cells.measures, cells.histograms),
            deltas.error_series,
            deltas.error_owners,
            ErrorCells(errors.bucket + minute, errors.series, errors.count, errors.last_seen + micros),
            _shifted(deltas.clients, ("timestamp",), at // HOUR * HOUR),
            deltas.client_endpoints,
            deltas.events.with_columns(pl.col("timestamp") + micros),
        ),
    )


def _shifted(rows: Rows, names: Sequence[str], by: int) -> Rows:
    """Return `rows` with `by` added to the columns `names`."""
    return Rows({**rows.columns, **{name: rows.integers(name) + by for name in names}}, rows.schema)
