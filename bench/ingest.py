"""Events over HTTP: how many a second one sender can have stored, and how long an acknowledgement takes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from bench.measure import median, nearest_rank
from bench.outcome import Figure, Section, Table, number
from bench.requests import log_requests
from bench.servers import serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.context import Context
    from bench.servers import Server

__all__ = ["measure"]

EVENTS: Final = 300_000
ROUNDS: Final = 5
SIZES: Final = (1_000, 5_000)
LIVE_SECONDS: Final = 2  # a sender at such a rate sends what happened in the last second or two
BACKLOG_SECONDS: Final = 120  # what it sends after two minutes without a server: twelve times the cells
CONNECTIONS: Final = 16
PACED: Final = 90_000  # events a second, for the time an acknowledgement takes
PACED_SECONDS: Final = 20
MICROSECONDS: Final = 1_000_000
MILLISECONDS: Final = 1_000
_HEAD: Final = (
    "POST /api/v2/analytics/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\n"
    "Content-Length: {}\r\n\r\n"
)


@dataclass
class _Load:
    """What a load came to: `waits` are the seconds to each acknowledgement."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    refused: int = 0
    waits: list[float] = field(default_factory=list)


def measure(context: Context) -> list[Section]:
    """Return the section."""
    count = context.sized(EVENTS, 20_000)
    lines = _lines(count, LIVE_SECONDS)
    rounds = context.sized(ROUNDS, 1)
    bare: list[_Load] = []
    loads: dict[int, list[_Load]] = {size: [] for size in SIZES}
    backlog: list[_Load] = []
    with context.folder() as folder, serving(folder / "ingest.db") as server:
        bodies = {size: _bodies(lines, size) for size in SIZES}
        older = _bodies(_lines(count, BACKLOG_SECONDS), SIZES[-1])
        asyncio.run(_flood(server, bodies[SIZES[-1]]))  # warm
        for _ in context.each(range(rounds), "ingest"):
            bare.append(_bare(lines))
            for size in SIZES:
                loads[size].append(asyncio.run(_flood(server, bodies[size])))
            backlog.append(asyncio.run(_flood(server, older)))
        paced = asyncio.run(_pace(server, bodies[SIZES[0]], SIZES[0], context.sized(PACED_SECONDS, 2)))
    return [_section(lines, bare, loads, backlog, paced)]


def _section(
    lines: Sequence[bytes],
    bare: Sequence[_Load],
    loads: dict[int, list[_Load]],
    backlog: Sequence[_Load],
    paced: _Load,
) -> Section:
    count = len(lines)
    shown: dict[str, Sequence[_Load]] = {f"{size:,}": made for size, made in loads.items()}
    shown[f"{SIZES[-1]:,}, of the last {BACKLOG_SECONDS} seconds"] = backlog
    best = max(median([count / load.seconds for load in made]) for made in loads.values())
    wait = nearest_rank(paced.waits, 0.99) * MILLISECONDS
    alone = median([one.cpu_seconds for one in bare]) * MICROSECONDS / count
    return Section(
        "Events over HTTP",
        f"{count:,} NDJSON events of {sum(map(len, lines)) // count} bytes, of the last {LIVE_SECONDS} seconds, from "
        f"one process over {CONNECTIONS} "
        f"connections of loopback, each answered after its commit; medians of {len(bare)} rounds. The sender has its "
        "bodies ready, and shares the processors with the server. Beside it, in the same rounds, what reading the "
        f"lines alone takes: `msgspec.json.decode` of each to a dictionary, on one processor: {number(alone)} µs of "
        f"CPU an event. {paced.refused} of the paced requests were asked to come back.",
        figures=(
            Figure("events stored", best, "events/s", target=300_000, at_least=True),
            Figure(f"acknowledgement at {PACED:,} events/s, p99", wait, "ms", target=250),
            Figure("acknowledgement at that rate, median", median(paced.waits) * MILLISECONDS, "ms"),
        ),
        tables=(
            Table(
                "As fast as they are taken.",
                ("events a request", "events/s", "of the rate of msgspec alone", "µs of server CPU an event", "p99 ms"),
                [_row(name, made, bare, count) for name, made in shown.items()],
            ),
        ),
    )


def _row(name: str, made: Sequence[_Load], bare: Sequence[_Load], count: int) -> tuple[str, ...]:
    cpu = median([load.cpu_seconds for load in made]) * MICROSECONDS / count
    waits = [wait for load in made for wait in load.waits]
    rate = median([count / load.seconds for load in made])
    ratio = median([alone.seconds / load.seconds for alone, load in zip(bare, made, strict=True)])
    return name, number(rate), number(ratio), number(cpu), number(nearest_rank(waits, 0.99) * MILLISECONDS)


def _lines(count: int, seconds: float) -> list[bytes]:
    """Return events of the last `seconds`, one a line."""
    frame = log_requests(count).with_columns(
        timestamp=pl.lit(time.time()) - pl.int_range(pl.len()) * (seconds / count),
        latency_ms=pl.col("latency") * MILLISECONDS,
        request_id=pl.format("{}-4bf92f3577b34da6a3ce929d0e0e4736", pl.int_range(pl.len())),
        workspace_id=pl.lit("shop"),
        environment=pl.lit("staging"),
    )
    used = [name for name in frame.drop("latency").columns if frame[name].null_count() < count]
    return frame.select(used).write_ndjson().encode().splitlines()


def _bodies(lines: Sequence[bytes], size: int) -> list[bytes]:
    parts = (b"\n".join(lines[at : at + size]) for at in range(0, len(lines), size))
    return [_HEAD.format(len(part)).encode() + part for part in parts]


def _bare(lines: Sequence[bytes]) -> _Load:
    begin, used = time.perf_counter(), time.process_time()
    for line in lines:
        msgspec.json.decode(line)
    return _Load(time.perf_counter() - begin, time.process_time() - used)


async def _flood(server: Server, bodies: Sequence[bytes]) -> _Load:
    """Send `bodies` as fast as the answers come."""
    left = iter(bodies)
    load = _Load()

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for body in left:
            await _send(reader, writer, body, load)
        writer.close()

    begin, used = time.perf_counter(), server.cpu_seconds()
    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    load.seconds = time.perf_counter() - begin
    load.cpu_seconds = server.cpu_seconds() - used
    if load.refused:
        message = f"the server refused {load.refused} of {len(bodies)} requests: there is nothing to measure"
        raise RuntimeError(message)
    return load


async def _pace(server: Server, bodies: Sequence[bytes], size: int, seconds: int) -> _Load:
    """Send at a steady rate whatever the answers do; a wait counts from the moment a body was due."""
    load = _Load()
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS * 2):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", server.port))
    begin = time.perf_counter()

    async def send(place: int) -> None:
        due = begin + place * size / PACED
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection = await idle.get()
        await _send(*connection, bodies[place % len(bodies)], load, due)
        idle.put_nowait(connection)

    await asyncio.gather(*(send(place) for place in range(PACED * seconds // size)))
    while not idle.empty():
        idle.get_nowait()[1].close()
    return load


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes, load: _Load, due: float | None = None
) -> None:
    begin = time.perf_counter() if due is None else due
    writer.write(body)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
    load.waits.append(time.perf_counter() - begin)
    load.refused += b" 200 " not in head.partition(b"\r\n")[0]
