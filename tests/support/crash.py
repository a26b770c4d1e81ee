"""What a process does until it is killed: programs of steps on one database, run in a process of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.model.batch import GAUGE_SCHEMA, SourcePosition
from mockforge_analytics.store import retention
from mockforge_analytics.store.backup import backup, restore
from mockforge_analytics.store.committer import Committer
from mockforge_analytics.store.fold_parts import PartSizes
from tests.support.naive import Req, batch
from tests.support.stores import DAY, HOUR, MICROS, NOW, calls, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.model.batch import Batch

    Program = Callable[[Path, Callable[[str], None]], None]

NOW_US: Final = NOW * MICROS
SIGKILLED: Final = -signal.SIGKILL
RETAINED_AFTER: Final = 45 * DAY
_CAPS: Final = {"series_per_hour": 6, "clients_per_hour": 8}
_SLICE_ROWS: Final = 60
_PART: Final = PartSizes(rows=120, clients=10)
_START = multiprocessing.get_context("forkserver")


@dataclass
class Trigger:
    """Kills the process at the `kill_at`-th failpoint it passes; None lets it live."""

    kill_at: int | None = None
    seen: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.seen.append(name)
        if self.kill_at == len(self.seen):
            os.kill(os.getpid(), signal.SIGKILL)


def batches() -> list[Batch]:
    """Return what the program writes: duplicates of nothing, late requests, overflow, a held import, gauges."""

    def requests(first: int, step: int, count: int = 24) -> list[Req]:
        return [
            Req(
                first - i * step,
                endpoint=f"/{i % 9}",
                status=(200, 200, 503)[i % 3],
                latency=None if i % 7 == 0 else (i + 1) / 300,
                client=f"192.0.2.{i}",
            )
            for i in range(count)
        ]

    gauges = pl.DataFrame(
        [(NOW_US - i * MICROS, "HTTP", "", "", "proxy", i) for i in range(30)], schema=GAUGE_SCHEMA, orient="row"
    )
    position = SourcePosition("access.log", '{"offset": 7}')
    return [
        batch(requests(NOW, 11), received_at=NOW, token="1", gauges=gauges),
        batch(requests(NOW - HOUR, 13), received_at=NOW, token="2"),
        batch(requests(NOW - 3 * DAY, 17), received_at=NOW, token="3"),
        batch(requests(NOW, 19), received_at=NOW, token="4"),
        batch(requests(NOW - 600 * DAY, 1_900), received_at=NOW, token="5", hold="old", bulk=True, position=position),
        batch(requests(NOW - DAY, 23), received_at=NOW, token="6", bulk=True),
    ]


def ingest(path: Path, fail_at: Callable[[str], None]) -> None:
    """Append, commit in a group, fold, import, checkpoint: what a server does to a database, from nothing on."""
    a, b, c, d, e, f = batches()
    committer = Committer(path, settings(caps=_CAPS), NOW_US, failpoint=fail_at)
    committer.write([a])
    committer.write([b, c])
    while len(committer.pending):
        committer.fold_part(NOW_US, _PART)
    committer.write([d])
    committer.write([e])
    committer.checkpoint(everything=True)
    committer.write([f])
    committer.fold(NOW_US)
    committer.checkpoint(everything=True)
    committer.close()


def retain(path: Path, fail_at: Callable[[str], None]) -> None:
    """Delete most of a database in small slices."""
    retention._SLICE_ROWS = _SLICE_ROWS  # type: ignore[misc]  # this process ends with the program
    committer = Committer(path, settings(caps=_CAPS), NOW_US, failpoint=fail_at)
    late = NOW_US + RETAINED_AFTER * MICROS
    retention.run_retention(calls(committer), settings().retention, late, trust_clock=True)
    committer.checkpoint(everything=True)
    committer.close()


def save(path: Path, fail_at: Callable[[str], None]) -> None:
    """Back a database up."""
    backup(path, path.with_name("saved.db"), NOW_US, overwrite=True, pages_a_step=40, fail_at=fail_at)


def bring_back(path: Path, fail_at: Callable[[str], None]) -> None:
    """Restore a backup over a database."""
    restore(path.with_name("saved.db"), path, NOW_US, fail_at=fail_at)


PROGRAMS: Final[dict[str, Program]] = {"ingest": ingest, "retain": retain, "save": save, "bring_back": bring_back}


@cache
def _fork_server() -> None:
    """Start a process that has imported everything, of which each run is a fork; it must find the same code we do."""
    _START.set_forkserver_preload([__name__])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


def run_killed(program: str, path: Path, kill_at: int | None) -> int | None:
    """Run a program in a process that kills itself at a failpoint; return how the process ended."""
    _fork_server()
    process = _START.Process(target=_run, args=(program, str(path), kill_at))
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    return code


def _run(program: str, path: str, kill_at: int | None) -> None:
    PROGRAMS[program](Path(path), Trigger(kill_at))


def points(program: str, path: Path, at_most: int) -> list[int]:
    """Return the numbers of the failpoints a program passes: of each name the first, the last and some between."""
    trigger = Trigger()
    PROGRAMS[program](path, trigger)
    total, rank = Counter(trigger.seen), Counter[str]()
    chosen = []
    for number, name in enumerate(trigger.seen, start=1):
        every = -(-total[name] // at_most)
        if rank[name] % every == 0 or rank[name] == total[name] - 1:
            chosen.append(number)
        rank[name] += 1
    return chosen
