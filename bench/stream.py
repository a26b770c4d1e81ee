"""The live stream: from the acknowledgement of an event to the frame on each of 200 sockets."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from concurrent.futures import wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn

from bench.history import END, History, Traffic
from bench.listeners import QUESTIONS
from bench.living import BATCHES_A_SECOND, REQUESTS_A_BATCH, RunningClock, sending_of
from bench.measure import ROOT, nearest_rank
from bench.outcome import Figure, Section
from bench.requests import requests_of
from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.config import AnalyticsConfig, StreamConfig
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.sendings import Sendings
from mockforge_analytics.runtime.service import database_app

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from fastapi import FastAPI

    from bench.context import Context
    from mockforge_analytics.model.batch import WriteResult
    from mockforge_analytics.model.status import StreamStats

__all__ = ["measure"]

RATE: Final = BATCHES_A_SECOND * REQUESTS_A_BATCH
TRAFFIC: Final = History(days=7, rate=float(RATE), series=200, endpoints=50)
MICROSECONDS: Final = 1_000_000
WINDOW_SECONDS: Final = 3_600
PERCENT: Final = 100.0
NANOSECONDS_PER_MILLISECOND: Final = 1e6
MEDIAN_TARGET_MS: Final = 150.0
P99_TARGET_MS: Final = 400.0
LAST_FRAME_SECONDS: Final = 2.0  # for the frames of the last events


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, loop="uvloop"))
        self.listening = threading.Event()

    async def startup(self, sockets: object = None) -> None:
        """Listen, and tell."""
        await super().startup(None)
        self.listening.set()


def measure(context: Context) -> list[Section]:
    """Return the section."""
    n, seconds = context.sized(200, 20), context.sized(30, 4)
    config = AnalyticsConfig(stream=StreamConfig(max_clients=n))
    with (
        context.folder() as folder,
        AnalyticsDatabase.open(folder / "live.db", config=config, clock=RunningClock()) as database,
    ):
        traffic = Traffic(TRAFFIC)
        end_us, n_past = END * MICROSECONDS, WINDOW_SECONDS * context.sized(RATE, 5)
        past = requests_of(traffic, n_past, end_us - WINDOW_SECONDS * MICROSECONDS, end_us)
        database.write_requests(past, source="past")
        database.fold()
        app = database_app(database)
        with _serving(app) as address, _listening(address, n) as listeners:
            before, cpu = app.state.stream.stats(), time.process_time()
            acknowledged = _write(context, database, traffic, seconds)
            cpu = time.process_time() - cpu
            time.sleep(LAST_FRAME_SECONDS)
            after = app.state.stream.stats()
            heard = _heard(listeners)
    return [_section(n, seconds, acknowledged, heard, cpu, before, after)]


@contextmanager
def _serving(app: FastAPI) -> Iterator[str]:
    server = _Server(app)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        server.listening.wait()
        yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}{BASE_PATH}/stream"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _listening(address: str, n: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.listeners", address, str(n)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            if child.stdout is None or child.stdout.readline() != "ready\n":
                message = "the listeners did not come up"
                raise RuntimeError(message)
            yield child
        finally:
            child.terminate()


def _heard(child: subprocess.Popen[str]) -> list[list[tuple[int, int]]]:
    output, _ = child.communicate("end\n")
    heard: list[list[tuple[int, int]]] = json.loads(output)
    return heard


def _write(context: Context, database: AnalyticsDatabase, traffic: Traffic, seconds: int) -> list[tuple[int, int]]:
    """Write live traffic; return for each batch its commit and when it was acknowledged, in nanoseconds."""
    begin = time.monotonic()
    sendings = Sendings(database)
    acknowledged: list[tuple[int, int]] = []

    def note(done: Future[WriteResult]) -> None:
        acknowledged.append((done.result().commit, time.monotonic_ns()))

    waiting = []
    for position in context.each(range(BATCHES_A_SECOND * seconds), "writing live traffic"):
        due = begin + position / BATCHES_A_SECOND
        time.sleep(max(due - time.monotonic(), 0.0))
        now_us = database.clock.now_us()
        requests = requests_of(traffic, REQUESTS_A_BATCH, now_us - MICROSECONDS, now_us)
        waiting.append(sendings.add(sending_of(database, requests)))
        waiting[-1].add_done_callback(note)
    wait(waiting)
    return acknowledged


def _delays(acknowledged: Sequence[tuple[int, int]], heard: Sequence[Sequence[tuple[int, int]]]) -> list[float]:
    """Return for each event and socket the milliseconds from the acknowledgement to the frame that holds it."""
    delays = []
    for frames in heard:
        commits = [commit for commit, _ in frames]
        for commit, at in acknowledged:
            place = bisect_left(commits, commit)
            if place == len(frames):
                message = f"a socket never heard of commit {commit}"
                raise RuntimeError(message)
            delays.append(max((frames[place][1] - at) / NANOSECONDS_PER_MILLISECOND, 0.0))
    return delays


def _section(
    n: int,
    seconds: int,
    acknowledged: Sequence[tuple[int, int]],
    heard: Sequence[Sequence[tuple[int, int]]],
    cpu: float,
    before: StreamStats,
    after: StreamStats,
) -> Section:
    delays = _delays(acknowledged, heard)
    return Section(
        "The live stream",
        f"{n} sockets with {len(QUESTIONS)} different questions about the last hour ({RATE} requests a second of "
        f"{TRAFFIC.series} series) listen to delta frames, in a process of their own. Meanwhile {BATCHES_A_SECOND} "
        f"batches of {REQUESTS_A_BATCH} requests a second are written in the server's process for {seconds} seconds, "
        "measured from the acknowledgement to the arrival of the first frame with its commit, on every socket.",
        (
            Figure("acknowledged event → frame, median", nearest_rank(delays, 0.5), "ms", MEDIAN_TARGET_MS),
            Figure("acknowledged event → frame, p99", nearest_rank(delays, 0.99), "ms", P99_TARGET_MS),
            Figure("acknowledged event → frame, longest", max(delays), "ms"),
            Figure("CPU of the server's process, of one core", PERCENT * cpu / seconds, "%"),
            Figure("frames a second, all sockets", (after.frames_sent - before.frames_sent) / seconds, ""),
            Figure("computations a second", (after.computations - before.computations) / seconds, ""),
        ),
    )
