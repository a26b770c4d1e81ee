"""Importing access logs: read, decode, roll up and store, each stage ahead of the next.

::

    reader thread      a process, or a thread             this thread       writer thread
    read, unpack ────▶ lines to columns to numbers, ─────▶ hand over ──────▶ fold and commit
                       many chunks to a part: rollup

The rows, ledger figures and file position of a part are one transaction, so an import that ends anywhere goes on
where its last transaction ended.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.batch import Batch, Rejection, SourcePosition
from mockforge_analytics.runtime.log_reading import (
    CHUNK_BYTES,
    KEY_PREFIX,
    PART_LINES,
    LogPart,
    LogRequest,
    intake_of,
    open_reading,
)
from mockforge_analytics.sources.accesslog.fingerprint import Position
from mockforge_analytics.sources.accesslog.normalise import Labels
from mockforge_analytics.sources.accesslog.prefetch import prefetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mockforge_analytics.model.batch import WriteResult
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.runtime.log_process import LogProcess
    from mockforge_analytics.runtime.log_reading import LogReading
    from mockforge_analytics.sources.accesslog.cutter import Chunk
    from mockforge_analytics.sources.accesslog.decode import Decoded
    from mockforge_analytics.sources.accesslog.format import LogFormat

__all__ = [
    "ImportOptions",
    "ImportProgress",
    "ImportSummary",
    "import_log",
    "log_batch",
    "stored_positions",
]

_KEPT_SAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a log is read: its format (None: find out), labels of its requests, bytes a chunk, lines a transaction."""

    log_format: LogFormat | None = None
    labels: Labels = field(default_factory=Labels)
    chunk_bytes: int = CHUNK_BYTES
    commit_lines: int = PART_LINES


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Where an import is: bytes of the file on disk (total None where unknown) and lines."""

    name: str
    bytes_read: int
    total_bytes: int | None
    lines: int


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What came of one file.

    Attributes:
        name: the file, or ``standard input``.
        format: the name of its format.
        note: what was assumed about the format and how to say otherwise, or "".
        lines: lines read this time, blank ones included: ``lines = stored + rejected + blank``.
        stored: requests stored.
        rejected: lines refused, by reason.
        samples: a few of them.
        overflowed: stored requests that count under `__overflow__`.
        already_imported: bytes of the (unpacked) log that an earlier import had read.
        held: whether data older than retention keeps was stored and is held.
        has_latency: whether the log says how long requests took.
        first: microseconds of the earliest stored request, None where there is none.
        last: microseconds of the latest.
        seconds: how long it took.
        cancelled: whether it was ended early; the next import of the file goes on where this one ended.
    """

    name: str
    format: str
    note: str = ""
    lines: int = 0
    blank: int = 0
    stored: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    samples: tuple[Rejection, ...] = ()
    overflowed: int = 0
    already_imported: int = 0
    held: bool = False
    has_latency: bool = False
    first: int | None = None
    last: int | None = None
    seconds: float = 0.0
    cancelled: bool = False


def stored_positions(database: AnalyticsDatabase) -> list[Position]:
    """Return how far every access log known to the database was read."""
    with database.store.snapshot() as snapshot:
        payloads = snapshot.source_positions(KEY_PREFIX)
    return [Position(**json.loads(payload)) for payload in payloads.values()]


def log_batch(
    database: AnalyticsDatabase, name: str, chunk: Chunk, decoded: Decoded, position: Position, *, bulk: bool
) -> Batch:
    """Return the decoded lines of `chunk`, from the log `name`, as a batch with its position and ledger figures."""
    now_us = database.clock.now_us()
    fine_from = database.store.fine_from
    deltas, refused = database.rollup.deltas(decoded.frame, now_us=now_us, fine_from=fine_from)
    intake = intake_of(name, chunk, decoded, refused)
    return Batch(now_us, intake, deltas, position=_stored(name, position), hold=f"import of {name}", bulk=bulk)


def _stored(name: str, position: Position) -> SourcePosition:
    return SourcePosition(f"{KEY_PREFIX}{position.identity}:{name}", json.dumps(position.to_dict()))


class _Run:
    """One import in progress: the transaction in flight, and what has come of all."""

    def __init__(self, database: AnalyticsDatabase, summary: ImportSummary) -> None:
        self._database = database
        self._flying: tuple[Future[WriteResult], LogPart] | None = None
        self._rejected: Counter[str] = Counter()
        self.summary = summary

    def store(self, part: LogPart) -> None:
        """Hand `part` to the writer, once that is done with the one before."""
        name, database = self.summary.name, self._database
        batch = Batch(
            received_at=database.clock.now_us(),
            intake=part.intake,
            deltas=part.deltas,
            position=_stored(name, part.position),
            hold=f"import of {name}",
            bulk=True,
        )
        self.finish()
        self._flying = database.store.writer.submit(batch), part

    def finish(self) -> None:
        """Wait for the transaction in flight and count it."""
        if self._flying is None:
            return
        (future, part), self._flying = self._flying, None
        result = future.result()
        self._rejected.update(part.intake.rejected)
        if result.too_old:
            self._rejected["too_old"] += result.too_old
        series = part.deltas.series
        samples = (*self.summary.samples, *(Rejection(s.reason, "", s.sample) for s in part.intake.samples))
        self.summary = replace(
            self.summary,
            lines=self.summary.lines + part.lines,
            blank=self.summary.blank + part.blank,
            samples=samples[:_KEPT_SAMPLES],
            stored=self.summary.stored + result.stored,
            overflowed=self.summary.overflowed + result.overflowed,
            rejected=dict(self._rejected),
            held=self.summary.held or bool(result.held),
            first=_least(self.summary.first, series.integers("first_seen")),
            last=_greatest(self.summary.last, series.integers("last_seen")),
        )


def _least(known: int | None, times: NDArray[np.int64]) -> int | None:
    return known if not len(times) else int(times.min()) if known is None else min(known, int(times.min()))


def _greatest(known: int | None, times: NDArray[np.int64]) -> int | None:
    return known if not len(times) else int(times.max()) if known is None else max(known, int(times.max()))


def import_log(
    database: AnalyticsDatabase,
    path: Path | str,
    options: ImportOptions | None = None,
    *,
    progress: Callable[[ImportProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    process: LogProcess | None = None,
) -> ImportSummary:
    """Store the lines of the log at `path` (``-``: standard input) that are not in the database yet.

    A log is known by its content, so it may have been renamed, packed, or have grown since it was imported. `cancelled`
    is asked between chunks. With `process` the log is read there, which takes half the time where it is long.

    Raises:
        SourceError: the log cannot be read; everything before the damage is stored.
        FormatError: its format is unknown, or not the one given.
        StoreError: the database refused a transaction; those before it are stored.
    """
    options = options or ImportOptions()
    started = database.clock.monotonic()
    request = LogRequest(
        path=str(path),
        log_format=options.log_format,
        labels=options.labels,
        chunk_bytes=options.chunk_bytes,
        part_lines=options.commit_lines,
        fine_from=database.store.fine_from,
        positions=tuple(stored_positions(database)),
        now_us=database.clock.now_us(),
        templating=database.config.templating,
        caps=database.config.caps,
    )
    with _reading(database, request, process) as reading:
        head = reading.head
        summary = ImportSummary(
            head.name, head.format, head.note, has_latency=head.has_latency, already_imported=head.already_imported
        )
        summary = _import(_Run(database, summary), reading, progress, cancelled)
    return replace(summary, seconds=database.clock.monotonic() - started)


@contextmanager
def _reading(database: AnalyticsDatabase, request: LogRequest, process: LogProcess | None) -> Iterator[LogReading]:
    """Read the log in `process`, or else in threads of this one."""
    if process is not None:
        with process.open_reading(request) as reading:
            yield reading
    else:
        with open_reading(request, database.rollup) as reading, closing(prefetch(reading.steps)) as steps:
            yield replace(reading, steps=steps)


def _import(
    run: _Run,
    reading: LogReading,
    progress: Callable[[ImportProgress], None],
    cancelled: Callable[[], bool],
) -> ImportSummary:
    was_cancelled = False
    try:
        for step in reading.steps:
            if isinstance(step, LogPart):
                run.store(step)
            else:
                progress(ImportProgress(run.summary.name, step.bytes_read, step.total_bytes, step.lines))
            if not was_cancelled and cancelled():
                was_cancelled = True
                reading.stop()
    finally:
        run.finish()
    return replace(run.summary, cancelled=was_cancelled)
