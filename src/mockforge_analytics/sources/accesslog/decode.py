"""A chunk of whole log lines to requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from mockforge_analytics.model.request import REQUEST_SCHEMA, empty_requests
from mockforge_analytics.sources.accesslog.fields import LINE
from mockforge_analytics.sources.accesslog.format import LogFormat
from mockforge_analytics.sources.accesslog.lines import (
    MAX_LINE_BYTES,
    Int64s,
    Lines,
    split_lines,
)
from mockforge_analytics.sources.accesslog.normalise import REASON, Labels, normalise
from mockforge_analytics.sources.accesslog.text import printable

__all__ = ["Decoded", "RejectedLine", "Rejections", "decode"]

MAX_SAMPLES_PER_REASON: Final = 5
MAX_SAMPLE_CHARS: Final = 200
BLANK: Final = "blank"


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that is no request: why, which line of its chunk (from 0, blank ones counted), and how it starts."""

    reason: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Rejections:
    """How many lines were rejected for which reason, and the first few of each."""

    counts: Mapping[str, int] = field(default_factory=dict)
    samples: tuple[RejectedLine, ...] = ()

    @property
    def total(self) -> int:
        """The number of rejected lines."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a chunk held: ``lines = len(frame) + rejected.total + blank``.

    `frame` has the columns of `REQUEST_SCHEMA`, one row a request, in the order of the lines.
    """

    frame: pl.DataFrame
    lines: int
    blank: int
    rejected: Rejections


def decode(chunk: bytes, log_format: LogFormat, labels: Labels | None = None) -> Decoded:
    """Return the requests in `chunk`, whole lines in `log_format`. Every line is a request, rejected, or blank."""
    lines = split_lines(chunk)
    if not len(lines):
        return Decoded(empty_requests(), lines.blank, lines.blank, Rejections())
    raw, missed = log_format.read(lines)
    frame = _normalise(raw, lines, log_format, labels)
    faulty = frame.get_column(REASON).is_not_null()
    if not len(missed) and not faulty.any():
        return Decoded(
            frame.select(*REQUEST_SCHEMA),
            len(lines) + lines.blank,
            lines.blank,
            Rejections(),
        )
    doubtful = frame.get_column(LINE).filter(faulty).to_numpy()
    again, refused = _reread(lines, np.sort(np.concatenate([missed, doubtful])), log_format, labels)
    requests = pl.concat([frame.filter(pl.col(REASON).is_null()), again.filter(pl.col(REASON).is_null())]).sort(LINE)
    refused = pl.concat([refused, again.select(LINE, REASON)]).filter(pl.col(REASON).is_not_null()).sort(LINE)
    blank = refused.filter(pl.col(REASON) == BLANK).height
    return Decoded(
        frame=requests.select(*REQUEST_SCHEMA),
        lines=len(lines) + lines.blank,
        blank=lines.blank + blank,
        rejected=_rejections(lines, refused.filter(pl.col(REASON) != BLANK)),
    )


def _normalise(raw: pl.DataFrame, lines: Lines, log_format: LogFormat, labels: Labels | None) -> pl.DataFrame:
    # JSON can spell a control character as \u0000, so the bytes of the chunk say nothing about its values.
    has_controls = lines.has_controls or log_format.has_escapes
    return normalise(raw, log_format.units, labels or Labels(), has_controls=has_controls)


def _reread(
    lines: Lines, indexes: Int64s, log_format: LogFormat, labels: Labels | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines `indexes` as normalised rows, and `LINE` and `REASON` of those that could not be read."""
    too_long = lines.end[indexes] - lines.start[indexes] > MAX_LINE_BYTES
    raw, unread = log_format.reread(lines, indexes[~too_long])
    refused = {
        LINE: [*indexes[too_long].tolist(), *unread],
        REASON: ["too_long"] * int(too_long.sum()),
    }
    refused[REASON] += [_unread_reason(lines.text(index), log_format) for index in unread]
    schema = {LINE: pl.Int64, REASON: pl.String}
    return _normalise(raw, lines, log_format, labels), pl.DataFrame(refused, schema=schema)


def _unread_reason(line: bytes, log_format: LogFormat) -> str:
    return log_format.mismatch if line.strip(b"\0 \t\r") else BLANK


def _rejections(lines: Lines, refused: pl.DataFrame) -> Rejections:
    counts = refused.group_by(REASON, maintain_order=True).len()
    first = refused.group_by(REASON, maintain_order=True).head(MAX_SAMPLES_PER_REASON)
    return Rejections(
        counts=dict(counts.iter_rows()),
        samples=tuple(
            RejectedLine(
                reason,
                int(lines.number[line]),
                printable(lines.text(line), MAX_SAMPLE_CHARS),
            )
            for reason, line in first.select(REASON, LINE).iter_rows()
        ),
    )
