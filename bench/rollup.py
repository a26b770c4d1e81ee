"""Speed and memory of the rollup stage on requests as a combined log gives them.

Run with ``python bench/rollup.py [requests]``: one million by default, in chunks of 300,000; then small batches as
live sources send them, and two hostile loads.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mockforge_analytics.config import CapConfig, Templating
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.rollup import Rollup

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 300_000
START = 1_750_000_000_000_000  # microseconds
HOURS = 3
NOW = START + 86_400_000_000


def agents(n: int) -> pl.Series:
    """Return `n` user agents of plausible browsers."""
    systems = ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Android 14")
    engine = "AppleWebKit/537.36 (KHTML, like Gecko)"
    return pl.Series(
        [f"Mozilla/5.0 ({systems[i % 4]}) {engine} Chrome/{90 + i % 40}.0.{i}.0 Safari/537.36" for i in range(n)]
    )


def requests(n: int, seed: int = 1) -> pl.DataFrame:
    """Return `n` requests over three hours: 200 routes with ids in half of them, 20,000 clients, 1,000 agents."""
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
        "timestamp": np.sort(rng.integers(START, START + HOURS * 3_600_000_000, n)),
        "protocol": pl.repeat("HTTP", n, eager=True),
        "method": pl.Series(["GET", "POST", "PUT", "DELETE"]).gather(rng.choice(4, n, p=[0.8, 0.12, 0.05, 0.03])),
        "path": paths,
        "status_code": rng.choice([200, 201, 204, 304, 404, 500, 503], n, p=[0.8, 0.05, 0.03, 0.06, 0.04, 0.01, 0.01]),
        "latency": np.round(rng.lognormal(-3, 1, n), 3),
        "bytes_sent": rng.integers(0, 50_000, n),
        "client_ip": pl.Series([f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(20_000)]).gather(client),
        "user_agent": agents(1_000).gather(client * 7_919 % 1_000),
    }
    frame = pl.DataFrame(columns)
    missing = [pl.lit(None, kind).alias(name) for name, kind in REQUEST_SCHEMA.items() if name not in columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in REQUEST_SCHEMA.items())


def best(run: Callable[[], object], rounds: int = 3) -> tuple[float, float]:
    """Return the least wall time and the least processor time of `rounds`, in seconds."""
    walls, processors = [], []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors)


def report(name: str, seconds: tuple[float, float], n: int) -> None:
    """Print one line."""
    wall, processor = seconds
    sys.stdout.write(f"{name:40}{wall * 1e3:10.2f} ms {processor * 1e3:10.2f} ms CPU {n / wall:14,.0f} requests/s\n")


def main() -> None:
    """Run everything."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rollup = Rollup(Templating.IDENTIFIERS, CapConfig())

    def take(frame: pl.DataFrame) -> Callable[[], object]:
        return lambda: [rollup.deltas(frame[i : i + CHUNK], now_us=NOW) for i in range(0, len(frame), CHUNK)]

    frame = requests(n)
    for name, log in (("with request time", frame), ("without", frame.with_columns(latency=pl.lit(None, pl.Float64)))):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report(f"combined log {name}", best(take(log)), n)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        sys.stdout.write(f"{'':44}{grown / 1024:10.0f} MB above the input\n")
    for size in (5, 100, 1_000):
        report(f"batches of {size}", best(take(frame[1_000 : 1_000 + size]), 200), size)
    chunk = frame[:CHUNK]
    number = pl.int_range(pl.len())
    paths = chunk.with_columns(path=pl.format("/x/{}-x", number))
    report("a path of its own for each request", best(take(paths), 2), len(chunk))
    browsers = chunk.with_columns(user_agent=pl.format("agent-{}/1.0", number))
    report("an agent of its own for each request", best(take(browsers), 2), len(chunk))


if __name__ == "__main__":
    main()
