"""Exports of millions of rows: how much memory the server takes for one, and how fast it is."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from bench.outcome import Figure, Section, Table, number
from bench.servers import serving
from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.model.batch import Batch, Intake
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.runtime.database import AnalyticsDatabase

if TYPE_CHECKING:
    from pathlib import Path

    from bench.context import Context
    from bench.servers import Server

__all__ = ["measure"]

HOURS: Final = 12
ENDPOINTS: Final = 3_000  # times three statuses, below the cap of series an hour
HOUR: Final = 3_600
MINUTES: Final = 60
MICROSECONDS: Final = 1_000_000
MEGABYTE: Final = 1_000_000
_PIECE: Final = 256 * 1_024
_SLOW: Final = 3.0  # times as long as a caller takes that reads at once
_MARKS: Final = {"csv": b"\n", "json": b'"request_count"'}  # one a row
_TARGET_MB: Final = 50.0


@dataclass(frozen=True, slots=True)
class _Export:
    """What one export came to; memory in bytes, of the server's process."""

    rows: int
    size: int
    seconds: float
    before: int
    peak: int

    @property
    def grown(self) -> int:
        return self.peak - self.before


def measure(context: Context) -> list[Section]:
    """Return the section."""
    hours, endpoints = context.sized(HOURS, 2), context.sized(ENDPOINTS, 200)
    with context.folder() as folder:
        end = _fill(context, folder / "exports.db", hours, endpoints)
        with serving(folder / "exports.db") as server:
            few = {kind: _export(server, kind, end - HOUR, end) for kind in _MARKS}
            first = {"csv": _export(server, "csv", end - hours * HOUR, end)}
            all_ = {kind: _export(server, kind, end - hours * HOUR, end) for kind in _MARKS}
            slow = {
                kind: _export(server, kind, end - hours * HOUR, end, pace=one.size / (one.seconds * _SLOW))
                for kind, one in all_.items()
            }
    return [_section(few, first, all_, slow)]


def _fill(context: Context, path: Path, hours: int, endpoints: int) -> int:
    """Store a request of every endpoint in every minute of so many whole hours; return the second they end."""
    end = int(time.time()) // HOUR * HOUR
    with AnalyticsDatabase.open(path) as database:
        for hour in context.each(range(end - hours * HOUR, end, HOUR), "making minutes to export"):
            now_us = database.clock.now_us()
            frame = _busy_hour(hour, endpoints)
            deltas, refused = database.rollup.deltas(frame, now_us=now_us, fine_from=database.store.fine_from)
            database.store.write(Batch(now_us, Intake("bench", len(frame), refused), deltas, bulk=True))
    return end


def _busy_hour(start: int, endpoints: int) -> pl.DataFrame:
    n = MINUTES * endpoints
    number = np.arange(n)
    rng = np.random.default_rng(start)
    columns = {
        "timestamp": (start + number // endpoints * 60) * MICROSECONDS,
        "protocol": pl.repeat("HTTP", n, eager=True),
        "method": pl.repeat("GET", n, eager=True),
        "path": pl.Series([f"/api/v1/resource{one}/items" for one in range(endpoints)]).gather(number % endpoints),
        "status_code": rng.choice([200, 404, 500], n, p=[0.95, 0.04, 0.01]),
        "latency": rng.lognormal(-4, 1, n),
        "bytes_sent": rng.integers(0, 50_000, n),
    }
    missing = [pl.lit(None, kind).alias(name) for name, kind in REQUEST_SCHEMA.items() if name not in columns]
    frame = pl.DataFrame(columns).with_columns(missing).with_columns(endpoint=pl.col("path"))
    return frame.select(pl.col(name).cast(kind) for name, kind in REQUEST_SCHEMA.items())


def _export(server: Server, kind: str, start: int, end: int, pace: float | None = None) -> _Export:
    """Read an export to its end, at most `pace` bytes a second where that is given."""
    target = f"{BASE_PATH}/export/{kind}?start_time={start}&end_time={end}&granularity=minute"
    mark, edge = _MARKS[kind], b""
    before, size, rows = server.resident_bytes(), 0, -1 if kind == "csv" else 0  # a header line
    server.forget_peak()
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", target)
    answer = connection.getresponse()
    while piece := answer.read(_PIECE):  # raises where the export broke off
        size += len(piece)
        edge = edge[len(edge) - len(mark) + 1 :] + piece
        rows += edge.count(mark)
        edge = piece
        if pace is not None:
            time.sleep(max(begin + size / pace - time.perf_counter(), 0.0))
    connection.close()
    return _Export(rows, size, time.perf_counter() - begin, before, server.peak_bytes())


def _section(
    few: dict[str, _Export], first: dict[str, _Export], all_: dict[str, _Export], slow: dict[str, _Export]
) -> Section:
    groups = (("an hour", few), ("everything, the first", first), ("everything", all_), ("everything, slowly", slow))
    rows = [
        (
            f"{what}, {kind}", f"{one.rows:,}", number(one.size / MEGABYTE), number(one.seconds),
            number(one.before / MEGABYTE), number(one.peak / MEGABYTE),
        )
        for what, group in groups
        for kind, one in group.items()
    ]  # fmt: skip
    most = max(one.grown for one in (*all_.values(), *slow.values())) / MEGABYTE
    rates = [one.rows / one.seconds for one in all_.values()]
    return Section(
        "Exports",
        "`mockforge-analytics serve` over minutes of many endpoints, one export after the other over loopback, without "
        f"compression. Slowly: by a caller that takes {_SLOW:g} times as long. Memory is the resident set of the "
        "server, before the request and at most until the last byte. The first one fills the cache, which is bounded "
        "(`store.cache_bytes`) and as full after an hour of reports; what the others add is what an export takes.",
        (
            Figure("memory added by an export of everything, cache full, most", most, "MB", _TARGET_MB),
            Figure("rows a second, the slower format", min(rates), ""),
        ),
        (Table("", ("export", "rows", "MB sent", "seconds", "MB before", "MB at most"), rows),),
    )
