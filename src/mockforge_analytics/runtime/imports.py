"""Importing access logs: read, decode, roll up and store, each stage ahead of the next.

::

    reader thread      decoder thread     this thread            writer thread
    read, unpack ────▶ lines to columns ─▶ columns to numbers,
                                           many chunks: rollup ─▶ fold and commit

The rows, ledger figures and file position of some chunks are one transaction, so an import that ends anywhere goes on
where its last transaction ended.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.batch import Batch, Intake, Rejection, SourcePosition
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import confirm, detect
from mockforge_analytics.sources.accesslog.fingerprint import Position, ResumeKind, resume
from mockforge_analytics.sources.accesslog.normalise import Labels
from mockforge_analytics.sources.accesslog.prefetch import prefetch
from mockforge_analytics.sources.accesslog.spool import open_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from mockforge_analytics.model.batch import WriteResult
    from mockforge_analytics.rollup.stage import Encoded
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.accesslog.cutter import Chunk
    from mockforge_analytics.sources.accesslog.decode import Decoded
    from mockforge_analytics.sources.accesslog.format import LogFormat
    from mockforge_analytics.sources.accesslog.reader import LogFile

__all__ = [
    "KEY_PREFIX",
    "ImportOptions",
    "ImportProgress",
    "ImportSummary",
    "import_log",
    "log_batch",
    "stored_positions",
]

KEY_PREFIX: Final = "accesslog:"
_CHUNK_BYTES: Final = 8 * 1024 * 1024
_COMMIT_LINES: Final = 200_000  # a fold rewrites hours, days and clients of the fold before; lines waiting take memory
_KEPT_SAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a log is read: its format (None: find out), labels of its requests, bytes a chunk, lines a transaction."""

    log_format: LogFormat | None = None
    labels: Labels = field(default_factory=Labels)
    chunk_bytes: int = _CHUNK_BYTES
    commit_lines: int = _COMMIT_LINES


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
    intake = _intake(name, chunk, decoded, refused)
    return Batch(now_us, intake, deltas, position=_stored(name, position), hold=f"import of {name}", bulk=bulk)


def _intake(name: str, chunk: Chunk, decoded: Decoded, refused: dict[str, int]) -> Intake:
    rejected = Counter(decoded.rejected.counts)
    rejected.update(refused)
    samples = tuple(
        Rejection(sample.reason, f"{name}, line {sample.line + 1} after byte {chunk.offset_start}", sample.text)
        for sample in decoded.rejected.samples
    )
    return Intake(KEY_PREFIX + name, decoded.lines - decoded.blank, dict(rejected), samples)


def _stored(name: str, position: Position) -> SourcePosition:
    return SourcePosition(f"{KEY_PREFIX}{position.identity}:{name}", json.dumps(position.to_dict()))


class _Run:
    """One import in progress: what waits for the next transaction, the one in flight, and what has come of all."""

    def __init__(self, database: AnalyticsDatabase, summary: ImportSummary, commit_lines: int) -> None:
        self._database = database
        self._commit_lines = commit_lines
        self._parts: list[Encoded] = []
        self._intakes: list[Intake] = []
        self._position: Position | None = None
        self._flying: tuple[Future[WriteResult], dict[str, int], tuple[object, object]] | None = None
        self._rejected: Counter[str] = Counter()
        self.summary = summary

    def store(self, chunk: Chunk, decoded: Decoded, position: Position) -> None:
        """Take up `decoded`, and hand what has gathered to the writer when it is enough."""
        encoded, refused = self._database.rollup.encode(decoded.frame, now_us=self._database.clock.now_us())
        if encoded is not None:
            self._parts.append(encoded)
        self._intakes.append(_intake(self.summary.name, chunk, decoded, refused))
        self._position = position
        samples = (*self.summary.samples, *(Rejection(s.reason, "", s.text) for s in decoded.rejected.samples))
        self.summary = replace(
            self.summary,
            lines=self.summary.lines + decoded.lines,
            blank=self.summary.blank + decoded.blank,
            samples=samples[:_KEPT_SAMPLES],
        )
        if sum(intake.received for intake in self._intakes) >= self._commit_lines:
            self._submit()

    def finish(self) -> None:
        """Commit what has gathered and wait for it."""
        self._submit()
        self._settle()

    def _submit(self) -> None:
        """Roll up what has gathered and hand it to the writer, once that is done with what it has."""
        if self._position is None:
            return
        name, database = self.summary.name, self._database
        batch = Batch(
            received_at=database.clock.now_us(),
            intake=_together(self._intakes),
            deltas=database.rollup.sums(self._parts, fine_from=database.store.fine_from),
            position=_stored(name, self._position),
            hold=f"import of {name}",
            bulk=True,
        )
        self._parts, self._intakes, self._position = [], [], None
        self._settle()
        seen = batch.deltas.series["first_seen"].min(), batch.deltas.series["last_seen"].max()
        self._flying = database.store.writer.submit(batch), batch.intake.rejected, seen

    def _settle(self) -> None:
        """Wait for the transaction in flight and count it."""
        if self._flying is None:
            return
        (future, rejected, (first, last)), self._flying = self._flying, None
        result = future.result()
        self._rejected.update(rejected)
        if result.too_old:
            self._rejected["too_old"] += result.too_old
        self.summary = replace(
            self.summary,
            stored=self.summary.stored + result.stored,
            overflowed=self.summary.overflowed + result.overflowed,
            rejected=dict(self._rejected),
            held=self.summary.held or bool(result.held),
            first=_least(self.summary.first, first),
            last=_greatest(self.summary.last, last),
        )


def _together(intakes: list[Intake]) -> Intake:
    rejected: Counter[str] = Counter()
    for intake in intakes:
        rejected.update(intake.rejected)
    received = sum(intake.received for intake in intakes)
    return Intake(intakes[0].source, received, dict(rejected), tuple(s for intake in intakes for s in intake.samples))


def _least(known: int | None, new: object) -> int | None:
    return known if not isinstance(new, int) else new if known is None else min(known, new)


def _greatest(known: int | None, new: object) -> int | None:
    return known if not isinstance(new, int) else new if known is None else max(known, new)


def import_log(
    database: AnalyticsDatabase,
    path: Path | str,
    options: ImportOptions | None = None,
    *,
    progress: Callable[[ImportProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportSummary:
    """Store the lines of the log at `path` (``-``: standard input) that are not in the database yet.

    A log is known by its content, so it may have been renamed, packed, or have grown since it was imported. `cancelled`
    is asked between chunks.

    Raises:
        SourceError: the log cannot be read; everything before the damage is stored.
        FormatError: its format is unknown, or not the one given.
        StoreError: the database refused a transaction; those before it are stored.
    """
    options = options or ImportOptions()
    started = database.clock.monotonic()
    positions = stored_positions(database)
    with open_log(path, positions) as log:
        found = resume(positions, log)
        name = log.name
        if options.log_format is None:
            detection = detect(log.sample)
            log_format, note = detection.log_format, detection.note
        else:
            confirm(log.sample, options.log_format)
            log_format, note = options.log_format, ""
        summary = ImportSummary(name, log_format.name, note, has_latency=log_format.has_latency)
        if found.kind is ResumeKind.SHORTER and found.position is not None:
            summary = replace(summary, already_imported=found.position.offset)
        else:
            run = _Run(database, replace(summary, already_imported=found.start), options.commit_lines)
            summary = _import(run, log, log_format, options, found.start, progress, cancelled)
    return replace(summary, seconds=database.clock.monotonic() - started)


def _import(
    run: _Run,
    log: LogFile,
    log_format: LogFormat,
    options: ImportOptions,
    start: int,
    progress: Callable[[ImportProgress], None],
    cancelled: Callable[[], bool],
) -> ImportSummary:
    def decoded() -> Iterator[tuple[Chunk, Decoded, int]]:
        for chunk in prefetch(log.chunks(start, final=True, chunk_bytes=options.chunk_bytes)):
            part = decode(chunk.data, log_format, options.labels)
            yield replace(chunk, data=b""), part, log.bytes_read  # the bytes would wait in memory with their columns

    lines = 0
    was_cancelled = False
    try:
        with closing(prefetch(decoded())) as ready:
            for chunk, part, bytes_read in ready:
                run.store(chunk, part, log.position(chunk))
                lines += part.lines
                progress(ImportProgress(log.name, bytes_read, log.total_bytes, lines))
                if cancelled():
                    was_cancelled = True
                    break
    finally:
        run.finish()
    return replace(run.summary, cancelled=was_cancelled)
