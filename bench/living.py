"""The cost of living: CPU and bytes written a day at 100 requests a second in batches of 5, measured in real time."""

from __future__ import annotations

import gc
import time
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from bench.databases import HISTORIES, copied, history_file, history_of
from bench.history import END, Traffic
from bench.measure import nearest_rank
from bench.outcome import Figure, Section
from bench.requests import requests_of
from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.model.batch import GAUGE_SCHEMA, Intake
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.sendings import Sending, Sendings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from bench.context import Context
    from mockforge_analytics.model.batch import WriteResult

__all__ = ["BATCHES_A_SECOND", "REQUESTS_A_BATCH", "RunningClock", "measure", "sending_of"]

BASE: Final = next(iter(HISTORIES))
BATCHES_A_SECOND: Final = 20
REQUESTS_A_BATCH: Final = 5
WARM_UP_SECONDS: Final = 3  # in which the caches fill that a server fills once
DAY: Final = 86_400
GIGABYTE: Final = 1e9
PERCENT: Final = 100.0
CPU_TARGET_PERCENT: Final = 3.0
WRITTEN_TARGET_GB: Final = 10.0
MILLISECONDS: Final = 1_000.0


class RunningClock:
    """The wall clock, moved so that the history ended just now."""

    def __init__(self) -> None:
        self._begin = time.monotonic_ns()

    def now_us(self) -> int:
        """Return microseconds since the Unix epoch."""
        return END * 1_000_000 + (time.monotonic_ns() - self._begin) // 1_000

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Usage:
    """What the process has used so far: CPU seconds, bytes handed to the kernel, and bytes headed for the disk."""

    cpu: float
    handed: int
    written: int

    @classmethod
    def now(cls) -> Usage:
        """Read the counters."""
        lines = (line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        counters = {name: int(value) for name, value in lines}
        return cls(time.process_time(), counters["wchar"], counters["write_bytes"])


def measure(context: Context) -> list[Section]:
    """Return the section."""
    seconds = context.sized(240, 10)
    path = history_file(context, BASE)
    traffic, clock = Traffic(history_of(context, BASE)), RunningClock()
    with context.folder() as folder:
        file = copied(path, folder)
        with AnalyticsDatabase.open(file, config=AnalyticsConfig(), clock=clock) as database:
            _live(context, database, traffic, WARM_UP_SECONDS)
            database.store.call(lambda committer: committer.checkpoint(everything=True))
            gc.collect()
            before = Usage.now()
            delays = _live(context, database, traffic, seconds)
            database.fold()
            alive = Usage.now()
        ended = Usage.now()
    return [_section(seconds, before, alive, ended, delays)]


def sending_of(database: AnalyticsDatabase, frame: pl.DataFrame) -> Sending:
    """Return `frame` as the server has a body that was read now."""
    count = len(frame)
    return Sending(database.clock.now_us(), Intake("bench", count), count, frame, pl.DataFrame(schema=GAUGE_SCHEMA))


def _live(context: Context, database: AnalyticsDatabase, traffic: Traffic, seconds: int) -> list[float]:
    """Write traffic for so many seconds; return how long each commit took."""
    sendings = Sendings(database)
    n = BATCHES_A_SECOND * REQUESTS_A_BATCH * seconds
    now_us = database.clock.now_us()
    whole = requests_of(traffic, n, now_us, now_us + seconds * 1_000_000)
    frames = [whole[at : at + REQUESTS_A_BATCH] for at in range(0, n, REQUESTS_A_BATCH)]
    waiting: list[Future[WriteResult]] = []
    delays: list[float] = []
    begin = time.monotonic()
    for position, frame in enumerate(context.each(frames, "writing live traffic")):
        due = begin + position / BATCHES_A_SECOND
        time.sleep(max(due - time.monotonic(), 0.0))
        sent = time.monotonic()
        future = sendings.add(sending_of(database, frame))
        future.add_done_callback(partial(_note, delays, sent))
        waiting.append(future)
    wait(waiting)
    return delays


def _note(delays: list[float], sent: float, _: Future[WriteResult]) -> None:
    delays.append((time.monotonic() - sent) * MILLISECONDS)


def _section(seconds: int, before: Usage, alive: Usage, ended: Usage, delays: list[float]) -> Section:
    core = PERCENT * (alive.cpu - before.cpu) / seconds
    handed, written = (
        (after - first) * DAY / seconds / GIGABYTE
        for after, first in ((ended.handed, before.handed), (ended.written, before.written))
    )
    return Section(
        "The cost of living",
        f"{BATCHES_A_SECOND} batches of {REQUESTS_A_BATCH} requests a second for {seconds} seconds of real time into "
        f"the database of {BASE}, default settings: rolled up and committed in groups, folded every "
        "minute; one fold more at the end. Bytes are those of the whole process until the database is closed, the "
        "last checkpoint included: what it hands to the kernel, and what the kernel counts as headed for the disk.",
        (
            Figure("CPU, of one core", core, "%", CPU_TARGET_PERCENT),
            Figure("written a day, handed to the kernel", handed, "GB", WRITTEN_TARGET_GB),
            Figure("written a day, headed for the disk", written, "GB", WRITTEN_TARGET_GB),
            Figure("commit acknowledged, p50", nearest_rank(delays, 0.5), "ms"),
            Figure("commit acknowledged, p99", nearest_rank(delays, 0.99), "ms"),
        ),
    )
