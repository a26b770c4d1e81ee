"""Import of access logs against GoAccess: the same files, one after the other, in alternating order."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from bench.history import END
from bench.logs import write_log
from bench.measure import COMMAND, Run, median, run
from bench.outcome import Figure, Section, Table, number
from mockforge_analytics.model.batch import Batch, Intake
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.imports import ImportOptions
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import detect
from mockforge_analytics.sources.accesslog.reader import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.context import Context
    from mockforge_analytics.rollup.stage import Encoded
    from mockforge_analytics.sources.accesslog.cutter import Chunk

__all__ = ["LINES", "LOGS", "QUICK_LINES", "log_file", "measure"]

Result = TypeVar("Result")

PAIRS: Final = 3
LINES: Final = 1_000_000
QUICK_LINES: Final = 50_000
RATIO_TARGET: Final = 5.0
PEAK_TARGET_MB: Final = 500.0
MEGABYTE: Final = 1e6
GOACCESS: Final = (
    "goaccess",
    "--date-format=%d/%b/%Y",
    "--time-format=%T",
    "--no-global-config",
    "--no-progress",
)
FORMAT: Final = '%h %^[%d:%t %^] "%r" %s %b "%R" "%u"'


@dataclass(frozen=True, slots=True)
class Log:
    """A kind of log: what is in it."""

    name: str
    latency: bool
    dirty: bool

    @property
    def goaccess_format(self) -> str:
        """What GoAccess calls its format."""
        return f"{FORMAT} %T" if self.latency else FORMAT


LOGS: Final = (
    Log("with request time", latency=True, dirty=False),
    Log("without", latency=False, dirty=False),
    Log("dirty, with request time", latency=True, dirty=True),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One run of each over the same file."""

    ours: Run
    theirs: Run

    @property
    def ratio(self) -> float:
        """How many times longer GoAccess took."""
        return self.theirs.seconds / self.ours.seconds


def log_file(context: Context, log: Log, lines: int) -> Path:
    """Return a log of that kind with so many lines, written where it does not exist."""
    path = context.data / f"log-{lines}-{int(log.latency)}{int(log.dirty)}.log"
    if not path.exists():
        for _ in context.each([log], f"writing the log {log.name}"):
            making = path.with_suffix(".making")
            write_log(making, lines, start=END - lines / 100.0, latency=log.latency, dirty=log.dirty)
            making.rename(path)
    return path


def _pairs(context: Context, log: Log, path: Path) -> tuple[list[Pair], int]:
    """Return the pairs, and how many lines GoAccess took for requests."""
    pairs, accepted = [], 0
    with context.folder() as folder:
        for turn in context.each(range(context.sized(PAIRS, 1)), f"import {log.name}"):
            database, report = folder / f"{turn}.db", folder / f"{turn}.json"
            ours = [*COMMAND, "import", "--database", str(database), str(path)]
            theirs = [*GOACCESS, f"--log-format={log.goaccess_format}", "-o", str(report), str(path)]
            if turn % 2:
                second, first = run(theirs), run(ours)
            else:
                first, second = run(ours), run(theirs)
            pairs.append(Pair(first, second))
            accepted = int(json.loads(report.read_text(errors="replace"))["general"]["valid_requests"])
            database.unlink()
    return pairs, accepted


def measure(context: Context) -> list[Section]:
    """Return the section."""
    lines = context.sized(LINES, QUICK_LINES)
    figures: list[Figure] = []
    rows, stages = [], []
    for log in LOGS:
        path = log_file(context, log, lines)
        pairs, accepted = _pairs(context, log, path)
        ratio, ours = median([pair.ratio for pair in pairs]), median([pair.ours.seconds for pair in pairs])
        peak = max(pair.ours.peak_bytes for pair in pairs) / MEGABYTE
        figures += [
            Figure(f"{log.name}: times as fast as GoAccess", ratio, "×", RATIO_TARGET, at_least=True),
            Figure(f"{log.name}: peak memory", peak, "MB", PEAK_TARGET_MB),
        ]
        rows.append(_row(log, path, lines, pairs, ours, accepted))
        stages.append(_stages(context, log, path))
    return [Section("Import against GoAccess", _METHOD.format(lines=lines), figures, [_table(rows), _shares(stages)])]


def _row(log: Log, path: Path, lines: int, pairs: list[Pair], ours: float, accepted: int) -> list[str]:
    theirs = median([pair.theirs.seconds for pair in pairs])
    peak = max(pair.theirs.peak_bytes for pair in pairs) / MEGABYTE
    return [
        log.name,
        f"{path.stat().st_size / MEGABYTE:.0f} MB",
        f"{number(ours)} s",
        f"{number(theirs)} s",
        f"{number(lines / ours)}",
        f"{number(lines / theirs)}",
        ", ".join(number(pair.ratio) for pair in pairs),
        f"{number(median([pair.ours.cpu_seconds for pair in pairs]))} s",
        f"{number(median([pair.theirs.cpu_seconds for pair in pairs]))} s",
        f"{peak:.0f} MB",
        f"{accepted:,}",
    ]


def _table(rows: list[list[str]]) -> Table:
    columns = (
        "log",
        "size",
        "ours",
        "GoAccess",
        "lines/s",
        "GoAccess lines/s",
        "ratios of the pairs",
        "CPU",
        "GoAccess CPU",
        "GoAccess peak",
        "GoAccess took",
    )
    return Table("Whole commands; medians of the pairs.", columns, rows)


def _stages(context: Context, log: Log, path: Path) -> tuple[str, dict[str, float]]:
    """Return the wall seconds of each stage, one after another in this process instead of beside each other."""
    spent = dict.fromkeys(("read", "decode", "rollup", "store"), 0.0)

    def timed(stage: str, work: Callable[[], Result]) -> Result:
        begin = time.perf_counter()
        result = work()
        spent[stage] += time.perf_counter() - begin
        return result

    options = ImportOptions()
    with context.folder() as folder, AnalyticsDatabase.open(folder / "stages.db") as database, LogFile(path) as file:
        log_format, now_us, rollup = detect(file.sample).log_format, database.clock.now_us(), database.rollup
        chunks = file.chunks(chunk_bytes=options.chunk_bytes)
        parts: list[Encoded] = []
        chunk: Chunk | None = next(chunks)
        while chunk is not None:
            decoded = timed("decode", partial(decode, chunk.data, log_format))
            part, _ = timed("rollup", partial(rollup.encode, decoded.frame, now_us=now_us))
            parts += [part] if part is not None else []
            chunk = timed("read", partial(next, chunks, None))
            waiting = sum(len(one.requests) for one in parts)
            if waiting and (chunk is None or waiting >= options.commit_lines):
                deltas = timed("rollup", partial(rollup.sums, parts, fine_from=database.store.fine_from))
                batch = Batch(now_us, Intake("bench", waiting), deltas, hold="bench", bulk=True)
                timed("store", partial(database.store.write, batch))
                parts = []
    return log.name, spent


def _shares(stages: list[tuple[str, dict[str, float]]]) -> Table:
    names = list(stages[0][1])
    rows = [[log, *(f"{number(spent[name])} s" for name in names), f"{number(sum(spent.values()))} s"]
            for log, spent in stages]  # fmt: skip
    caption = "Where the time goes: the stages one after another (an import has the store in a process of its own)."
    return Table(caption, ("log", *names, "sum"), rows)


_METHOD: Final = (
    "Logs of {lines:,} lines in the combined format that do not repeat, a new database each time: "
    "`mockforge-analytics import` (durable rollups of all tiers, histograms, clients, errors) and `goaccess` with JSON "
    "output, whole commands on the same file in alternating order. Dirty: one line in 200 is followed by one of TLS "
    "bytes, a broken date, an empty line, an escaped quote or a binary request. Peak memory is the largest resident "
    "set, of both processes of an import together, pages that they share counted once."
)
