"""Reading a Prometheus server: CPU and queries of a cycle, and what is stored to go on from."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import httpx

from bench.measure import ROOT, median
from bench.metrics_server import SCRAPE_SECONDS, SERIES
from bench.outcome import Figure, Section
from mockforge_analytics.collection import PrometheusSource
from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
from mockforge_analytics.runtime.database import AnalyticsDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.context import Context

__all__ = ["measure"]

CYCLE_SECONDS: Final = 60
CPU_TARGET: Final = 2.0
QUERY_TARGET: Final = 10.0
KILOBYTE: Final = 1_000.0


class _CycleClock:
    """The wall clock, moved from cycle to cycle."""

    def __init__(self) -> None:
        self.now = time.time_ns() // 1_000_000_000 // CYCLE_SECONDS * CYCLE_SECONDS

    def now_us(self) -> int:
        """Return microseconds since the Unix epoch."""
        return self.now * 1_000_000

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""
        return time.monotonic()


def measure(context: Context) -> list[Section]:
    """Return the section."""
    cycles = context.sized(10, 3)
    clock = _CycleClock()
    used, asked = [], []
    with context.folder() as folder, _server() as url:
        source = PrometheusSource(url=url, delay_seconds=0, history_seconds=CYCLE_SECONDS)
        with (
            AnalyticsDatabase.open(folder / "read.db", clock=clock) as database,
            closing(MetricsAggregator(database, source)) as reader,
        ):
            reader.cycle()  # learns of the series
            for _ in range(cycles):
                clock.now += CYCLE_SECONDS
                before, cpu = _asked(url), time.process_time()
                reader.cycle()
                used.append(time.process_time() - cpu)
                asked.append(_asked(url) - before)
                if reader.status.error is not None:
                    raise RuntimeError(reader.status.error)
            with database.store.snapshot() as snapshot:
                state = snapshot.source_positions(reader.status.source)[reader.status.source]
    method = (
        f"A stand-in for a Prometheus server with {SERIES:,} series, scraped every {SCRAPE_SECONDS} seconds, is read "
        f"every {CYCLE_SECONDS} seconds into a database; {cycles} cycles after the first; CPU of reading, "
        "counting, rolling up and the commit."
    )
    figures = (
        Figure("CPU of a cycle, median", median(used), "s", CPU_TARGET),
        Figure("CPU of a cycle, largest", max(used), "s", CPU_TARGET),
        Figure("queries of a cycle", float(max(asked)), "", QUERY_TARGET),
        Figure("stored with each cycle to go on from", len(state) / KILOBYTE, "kB"),
    )
    return [Section("Reading a Prometheus server", method, figures)]


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.metrics_server"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                message = "the stand-in has no output"
                raise RuntimeError(message)
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def _asked(url: str) -> int:
    return int(httpx.get(f"{url}/asked").json())
