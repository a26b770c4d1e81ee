"""The server with nothing to do: how soon it is ready, and what it takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from bench.databases import HISTORIES, copied, history_file
from bench.measure import median
from bench.outcome import Figure, Section
from bench.servers import serving

if TYPE_CHECKING:
    from pathlib import Path

    from bench.context import Context

__all__ = ["measure"]

STARTS: Final = 5
SETTLE_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 30.0
MEGABYTE: Final = 1_000_000
PERCENT: Final = 100.0
BASE: Final = next(iter(HISTORIES))


def measure(context: Context) -> list[Section]:
    """Return the section."""
    history = history_file(context, BASE)
    with context.folder() as folder:
        filled = copied(history, folder)
        starts = range(context.sized(STARTS, 1))
        empty = [_ready_after(folder / f"{number}.db") for number in context.each(starts, "starting a server")]
        full = [_ready_after(filled) for _ in context.each(starts, "starting a server")]
        with serving(filled) as server:
            time.sleep(SETTLE_SECONDS)
            seconds, used = context.sized(int(IDLE_SECONDS), 2), server.cpu_seconds()
            time.sleep(seconds)
            share = (server.cpu_seconds() - used) / seconds
            held = server.resident_bytes()
    return [
        Section(
            "The server at rest",
            f"`mockforge-analytics serve` from its start to the line that says it is ready, medians of {len(empty)}; "
            f"then {seconds} seconds over the history of {BASE} without a request, {SETTLE_SECONDS:g} seconds after "
            "the start.",
            (
                Figure("ready, new database", median(empty), "s", 3.0),
                Figure(f"ready, {BASE}", median(full), "s", 3.0),
                Figure("resident memory, idle", held / MEGABYTE, "MB", 150.0),
                Figure("CPU, idle, of one core", share * PERCENT, "%", 1.0),
            ),
        )
    ]


def _ready_after(database: Path) -> float:
    """Return the seconds until a server over `database` is ready."""
    begin = time.perf_counter()
    with serving(database):
        return time.perf_counter() - begin
