"""What an import does before the database has a part in it: a log opened, recognised and rolled up."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mockforge_analytics.config import CapConfig, Templating
from mockforge_analytics.errors import SourceError
from mockforge_analytics.model.batch import Intake, Rejection
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import confirm, detect
from mockforge_analytics.sources.accesslog.fingerprint import ResumeKind, resume
from mockforge_analytics.sources.accesslog.normalise import Labels
from mockforge_analytics.sources.accesslog.prefetch import prefetch
from mockforge_analytics.sources.accesslog.spool import open_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.model.batch import Deltas
    from mockforge_analytics.rollup.stage import Encoded, Rollup
    from mockforge_analytics.sources.accesslog.cutter import Chunk
    from mockforge_analytics.sources.accesslog.decode import Decoded
    from mockforge_analytics.sources.accesslog.fingerprint import Position
    from mockforge_analytics.sources.accesslog.format import LogFormat
    from mockforge_analytics.sources.accesslog.reader import LogFile

__all__ = [
    "CHUNK_BYTES",
    "KEY_PREFIX",
    "PART_LINES",
    "LogHead",
    "LogPart",
    "LogProgress",
    "LogReading",
    "LogRequest",
    "intake_of",
    "open_reading",
]

KEY_PREFIX: Final = "accesslog:"
CHUNK_BYTES: Final = 4 * 1024 * 1024
PART_LINES: Final = 200_000  # a fold rewrites hours, days and clients of the fold before; lines waiting take memory


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Which log is to be read, and how.

    Attributes:
        path: the file, ``-`` for standard input.
        log_format: None: find out.
        labels: what is written to every request.
        chunk_bytes: how much is decoded at a time.
        part_lines: how many lines make a part, the last one of a log apart: those of the chunks that reach it.
        fine_from: the floor of the 10-second tiers, seconds.
        positions: how far every log known to the database was read.
        now_us: the time, microseconds; requests from long after it are refused.
        templating, caps: those of the database.
    """

    path: str
    log_format: LogFormat | None = None
    labels: Labels = field(default_factory=Labels)
    chunk_bytes: int = CHUNK_BYTES
    part_lines: int = PART_LINES
    fine_from: int = 0
    positions: tuple[Position, ...] = ()
    now_us: int = 0
    templating: Templating = Templating.IDENTIFIERS
    caps: CapConfig = field(default_factory=CapConfig)


@dataclass(frozen=True, slots=True)
class LogHead:
    """What is known of a log before its lines are read; see `ImportSummary` for the fields."""

    name: str
    format: str
    note: str
    has_latency: bool
    already_imported: int


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some lines of a log, as much as goes into one transaction.

    Attributes:
        deltas: what the requests in them add.
        intake: the ledger's figures.
        position: what says that they were read.
        lines: how many they are, blank ones included.
        blank: how many are blank.
    """

    deltas: Deltas
    intake: Intake
    position: Position
    lines: int
    blank: int


@dataclass(frozen=True, slots=True)
class LogProgress:
    """Where a reading is: bytes of the file on disk (total None where unknown) and lines of this reading."""

    bytes_read: int
    total_bytes: int | None
    lines: int


@dataclass(frozen=True, slots=True)
class LogReading:
    """A log that is being read: its head, then where the reading is, chunk by chunk, and its parts between that.

    After `stop` the steps end soon, with a part of what was read until then.
    """

    head: LogHead
    steps: Iterator[LogProgress | LogPart]
    stop: Callable[[], None]


@contextmanager
def open_reading(request: LogRequest, rollup: Rollup) -> Iterator[LogReading]:
    """Open a log, and turn the lines that were not read yet into parts as they are asked for.

    Raises:
        SourceError: the log cannot be read; the parts raise it, too, after those before the damage.
        FormatError: its format is unknown, or not the one given.
    """
    with open_log(request.path, request.positions) as log:
        found = resume(request.positions, log)
        if request.log_format is None:
            detection = detect(log.sample)
            log_format, note = detection.log_format, detection.note
        else:
            confirm(log.sample, request.log_format)
            log_format, note = request.log_format, ""
        is_shorter = found.kind is ResumeKind.SHORTER and found.position is not None
        known = found.position.offset if is_shorter and found.position is not None else found.start
        head = LogHead(log.name, log_format.name, note, log_format.has_latency, known)
        if is_shorter:
            yield LogReading(head, iter(()), lambda: None)
            return
        stopped = threading.Event()
        gathered = _Gathered(log, log_format, request, rollup)
        with closing(prefetch(log.chunks(found.start, final=True, chunk_bytes=request.chunk_bytes))) as chunks:
            yield LogReading(head, _steps(chunks, gathered, stopped), stopped.set)


def _steps(chunks: Iterator[Chunk], gathered: _Gathered, stopped: threading.Event) -> Iterator[LogProgress | LogPart]:
    try:
        for chunk in chunks:
            yield gathered.add(chunk)
            if stopped.is_set():
                break
            if gathered.is_enough:
                yield gathered.part()
    except SourceError:
        if not gathered.is_empty:
            yield gathered.part()
        raise
    if not gathered.is_empty:
        yield gathered.part()


class _Gathered:
    """Chunks that wait until they are enough for a part."""

    def __init__(self, log: LogFile, log_format: LogFormat, request: LogRequest, rollup: Rollup) -> None:
        self._log = log
        self._log_format = log_format
        self._request = request
        self._rollup = rollup
        self._all_lines = 0
        self._clear()

    def _clear(self) -> None:
        self._intakes: list[Intake] = []
        self._encoded: list[Encoded] = []
        self._position: Position | None = None
        self._lines = self._blank = 0

    @property
    def is_empty(self) -> bool:
        return not self._intakes

    @property
    def is_enough(self) -> bool:
        return sum(intake.received for intake in self._intakes) >= self._request.part_lines

    def add(self, chunk: Chunk) -> LogProgress:
        log = self._log
        decoded = decode(chunk.data, self._log_format, self._request.labels)
        encoded, refused = self._rollup.encode(decoded.frame, now_us=self._request.now_us)
        if encoded is not None:
            self._encoded.append(encoded)
        self._intakes.append(intake_of(log.name, chunk, decoded, refused))
        self._position = log.position(chunk)
        self._lines += decoded.lines
        self._blank += decoded.blank
        self._all_lines += decoded.lines
        return LogProgress(log.bytes_read, log.total_bytes, self._all_lines)

    def part(self) -> LogPart:
        """Roll up what has gathered, at least one chunk."""
        assert self._position is not None
        deltas = self._rollup.sums(self._encoded, fine_from=self._request.fine_from)
        part = LogPart(deltas, _together(self._intakes), self._position, self._lines, self._blank)
        self._clear()
        return part


def _together(intakes: list[Intake]) -> Intake:
    rejected: Counter[str] = Counter()
    for intake in intakes:
        rejected.update(intake.rejected)
    received = sum(intake.received for intake in intakes)
    return Intake(intakes[0].source, received, dict(rejected), tuple(s for intake in intakes for s in intake.samples))


def intake_of(name: str, chunk: Chunk, decoded: Decoded, refused: dict[str, int]) -> Intake:
    """Return the ledger's figures of a chunk of the log `name`; the rollup `refused` so many requests, by reason."""
    rejected = Counter(decoded.rejected.counts)
    rejected.update(refused)
    samples = tuple(
        Rejection(sample.reason, f"{name}, line {sample.line + 1} after byte {chunk.offset_start}", sample.text)
        for sample in decoded.rejected.samples
    )
    return Intake(KEY_PREFIX + name, decoded.lines - decoded.blank, dict(rejected), samples)
