"""Frames of requests, deterministic, as sources hand them to the rollup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.request import REQUEST_SCHEMA

if TYPE_CHECKING:
    from bench.history import Traffic

__all__ = ["START_US", "log_requests", "requests_of"]

START_US: Final = 1_750_000_000_000_000
HOURS: Final = 3
_ENGINE: Final = "AppleWebKit/537.36 (KHTML, like Gecko)"
_SYSTEMS: Final = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Android 14",
)


def _agents(n: int) -> pl.Series:
    return pl.Series(
        [f"Mozilla/5.0 ({_SYSTEMS[i % 4]}) {_ENGINE} Chrome/{90 + i % 40}.0.{i}.0 Safari/537.36" for i in range(n)]
    )


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with the columns that it lacks, in the order of the schema."""
    missing = [pl.lit(None, kind).alias(name) for name, kind in REQUEST_SCHEMA.items() if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in REQUEST_SCHEMA.items())


def log_requests(n: int, seed: int = 1) -> pl.DataFrame:
    """Return `n` requests of a log of three hours: 200 routes, ids in half of them, 20,000 clients, 1,000 agents."""
    rng = np.random.default_rng(seed)
    route = np.minimum(rng.zipf(1.3, n) - 1, 199)
    ids = rng.integers(0, 5_000, n)
    paths = pl.select(
        pl.when(pl.Series(route % 2 == 0))
        .then(pl.format("/api/v1/resource{}/{}/items", pl.Series(route), pl.Series(ids)))
        .otherwise(pl.format("/static/section{}/index.html", pl.Series(route)))
    ).to_series()
    client = np.minimum(rng.zipf(1.2, n) - 1, 19_999)
    columns = {
        "timestamp": np.sort(rng.integers(START_US, START_US + HOURS * 3_600_000_000, n)),
        "protocol": pl.repeat("HTTP", n, eager=True),
        "method": pl.Series(["GET", "POST", "PUT", "DELETE"]).gather(rng.choice(4, n, p=[0.8, 0.12, 0.05, 0.03])),
        "path": paths,
        "status_code": rng.choice([200, 201, 204, 304, 404, 500, 503], n, p=[0.8, 0.05, 0.03, 0.06, 0.04, 0.01, 0.01]),
        "latency": np.round(rng.lognormal(-3, 1, n), 3),
        "bytes_sent": rng.integers(0, 50_000, n),
        "client_ip": pl.Series([f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(20_000)]).gather(client),
        "user_agent": _agents(1_000).gather(client * 7_919 % 1_000),
    }
    return _complete(pl.DataFrame(columns))


def requests_of(traffic: Traffic, n: int, start_us: int, end_us: int) -> pl.DataFrame:
    """Return `n` requests of the series of `traffic`, in order of time, from 400 clients with 40 agents."""
    rng = np.random.default_rng(traffic.history.seed + 2)
    series = traffic.series[traffic.drawn(n)]
    client = rng.integers(0, 400, n)
    frame = series.select("protocol", "workspace_id", "environment", "method", "status_code").with_columns(
        timestamp=np.linspace(start_us, end_us, n, endpoint=False).astype(np.int64),
        path=pl.concat_str(series["endpoint"].str.strip_suffix(":id"), pl.Series(rng.integers(0, 5_000, n))),
        latency=rng.lognormal(-4, 1, n),
        bytes_sent=rng.integers(0, 50_000, n),
        client_ip=pl.format("10.3.{}.{}", pl.Series(client >> 8), pl.Series(client & 255)),
        user_agent=_agents(40).gather(client % 40),
    )
    return _complete(frame)
