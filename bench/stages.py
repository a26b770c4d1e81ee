"""Speed of single stages: decoding, rollup and staging by size of the batch, and hostile loads."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from bench.databases import SetClock, opened
from bench.imports import LINES, LOGS, QUICK_LINES, log_file
from bench.measure import median
from bench.outcome import Section, Table, number
from bench.requests import START_US, log_requests
from mockforge_analytics.config import CapConfig, Templating
from mockforge_analytics.model.batch import Batch, Intake
from mockforge_analytics.rollup.stage import Rollup
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import detect
from mockforge_analytics.sources.accesslog.reader import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.context import Context
    from mockforge_analytics.store.committer import Committer

__all__ = ["measure"]

CHUNK: Final = 100_000
NOW_US: Final = START_US + 86_400_000_000
MICROSECONDS: Final = 1e6
SMALL: Final = (5, 25, 100, 1_000, 5_000)
ROUNDS: Final = 5
SAMPLE_BYTES: Final = 4 * 1024 * 1024
BYTES_A_LINE: Final = 250
SMALL_ROUNDS: Final = 50


def measure(context: Context) -> list[Section]:
    """Return the section."""
    return [
        Section(
            "Stages by themselves",
            "Microseconds of CPU time a line or request, all threads together; medians of several rounds.",
            tables=(_decoding(context), _rollup(context), _small(context)),
        )
    ]


def _cpu(work: Callable[[], object], rounds: int) -> float:
    """Return the median CPU seconds of `work`."""
    spent = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return median(spent)


def _decoding(context: Context) -> Table:
    rows = []
    for name, data in context.each(list(_chunks(context).items()), "decoding"):
        log_format = detect(data[:SAMPLE_BYTES]).log_format
        seconds = _cpu(partial(decode, data, log_format), ROUNDS)
        rows.append((name, number(seconds * MICROSECONDS / data.count(b"\n"))))
    return Table("Decoding a chunk.", ("log", "µs a line"), rows)


def _chunks(context: Context) -> dict[str, bytes]:
    found = {}
    for log in LOGS:
        with LogFile(log_file(context, log, context.sized(LINES, QUICK_LINES))) as file:
            found[log.name] = next(file.chunks()).data
    clean, dirty = found[LOGS[0].name], found[LOGS[2].name]
    found["nginx JSON"] = b"".join(map(_as_json, clean.splitlines()[: len(clean) // BYTES_A_LINE // 2]))
    found["every line the slow way (a user name of two words)"] = dirty[:SAMPLE_BYTES].replace(b" - - [", b" - a b [")
    return found


def _as_json(line: bytes) -> bytes:
    """Return a line of the combined format with its request time as one of nginx JSON."""
    start, request, numbers, _, _, agent, took = line.decode().split('"')
    client, when = start.split(" - - [")
    status, size = numbers.split()
    fields = {
        "remote_addr": client,
        "time_local": when.rstrip("] "),
        "request": request,
        "status": int(status),
        "body_bytes_sent": int(size),
        "http_user_agent": agent,
        "request_time": float(took),
    }
    return json.dumps(fields).encode() + b"\n"


def _rollup(context: Context) -> Table:
    frame = log_requests(context.sized(CHUNK, 20_000))
    rollup = Rollup(Templating.IDENTIFIERS, CapConfig())
    number_of = pl.int_range(pl.len())
    loads = {
        "a log with request time": frame,
        "a log without": frame.with_columns(latency=pl.lit(None, pl.Float64)),
        "a path of its own for each request": frame.with_columns(path=pl.format("/x/{}-x", number_of)),
        "an agent of its own for each request": frame.with_columns(user_agent=pl.format("agent-{}/1.0", number_of)),
        "an address of its own for each request": frame.with_columns(client_ip=pl.format("10.{}", number_of)),
    }
    rows = []
    for name, load in context.each(list(loads.items()), "rollup"):
        seconds = _cpu(partial(rollup.deltas, load, now_us=NOW_US), ROUNDS)
        rows.append((name, number(seconds * MICROSECONDS / len(load))))
    return Table(f"Rollup of {len(frame):,} requests.", ("requests", "µs a request"), rows)


def _small(context: Context) -> Table:
    """Return what small batches cost from the frame of requests to the commit."""
    rows = []
    frame = log_requests(CHUNK)
    with context.folder() as folder, opened(folder / "small.db", SetClock(NOW_US // 1_000_000)) as database:
        for size in context.each(SMALL, "small batches"):
            rounds = context.sized(SMALL_ROUNDS, 5)
            frames = [frame[i * size : (i + 1) * size] for i in range(min(rounds, CHUNK // size))]
            begin = time.process_time()
            made = [database.rollup.deltas(one, now_us=NOW_US)[0] for one in frames]
            rolled = time.process_time()
            batches = [Batch(NOW_US, Intake("bench", size), deltas) for deltas in made]
            database.store.call(partial(_write, batches))
            written = time.process_time()
            database.fold()
            folded = time.process_time()
            spent = (rolled - begin, written - rolled, folded - written)
            rows.append((f"{size:,}", *(number(seconds * 1_000 / len(frames)) for seconds in spent)))
    columns = ("requests a batch", "rollup", "staging and append", "share of the fold")
    return Table(f"Small batches, {SMALL_ROUNDS} to a transaction and a fold: milliseconds a batch.", columns, rows)


def _write(batches: list[Batch], committer: Committer) -> None:
    committer.write(batches)
