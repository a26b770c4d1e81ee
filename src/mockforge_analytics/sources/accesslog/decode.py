"""A chunk of whole log lines to requests."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.request import REQUEST_SCHEMA, empty_requests
from mockforge_analytics.sources.accesslog.fields import LINE
from mockforge_analytics.sources.accesslog.lines import MAX_LINE_BYTES, Int64s, Lines, split_lines
from mockforge_analytics.sources.accesslog.normalise import REASON, Labels, normalise
from mockforge_analytics.sources.accesslog.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockforge_analytics.sources.accesslog.format import LogFormat

__all__ = ["MAX_LINES_AT_ONCE", "Decoded", "RejectedLine", "Rejections", "decode"]

_MAX_SAMPLES_PER_REASON: Final = 5
_MAX_SAMPLE_CHARS: Final = 200

# A chunk of nothing but very short lines is decoded in parts: a line costs about 200 bytes whatever its length.
MAX_LINES_AT_ONCE: Final = 500_000
_BLANK: Final = "blank"


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

    def followed_by(self, later: Rejections, lines: int) -> Rejections:
        """Return both together, where `later` counts its lines from line `lines` of this one."""
        counts = Counter(self.counts)
        counts.update(later.counts)
        moved = [RejectedLine(sample.reason, sample.line + lines, sample.text) for sample in later.samples]
        kept = dict.fromkeys(counts, _MAX_SAMPLES_PER_REASON)
        samples = []
        for sample in (*self.samples, *moved):
            kept[sample.reason] -= 1
            if kept[sample.reason] >= 0:
                samples.append(sample)
        return Rejections(dict(counts), tuple(samples))


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
    if len(lines) <= MAX_LINES_AT_ONCE:
        return _decode_lines(lines, log_format, labels or Labels())
    first = lines.start[MAX_LINES_AT_ONCE::MAX_LINES_AT_ONCE].tolist()
    cuts = [0, *(lines.data.rfind(b"\n", 0, start) + 1 for start in first), len(lines.data)]
    data = lines.data
    del lines
    return _joined([decode(data[start:end], log_format, labels) for start, end in pairwise(cuts)])


def _joined(parts: list[Decoded]) -> Decoded:
    rejected = Rejections()
    lines = 0
    for part in parts:
        rejected = rejected.followed_by(part.rejected, lines)
        lines += part.lines
    frame = pl.concat([part.frame for part in parts])
    return Decoded(frame, lines, sum(part.blank for part in parts), rejected)


def _decode_lines(lines: Lines, log_format: LogFormat, labels: Labels) -> Decoded:
    total = len(lines) + lines.blank
    if not len(lines):
        return Decoded(empty_requests(), total, lines.blank, Rejections())
    raw, missed = log_format.read(lines)
    # JSON can spell a control character as \\u0000, so the bytes of the chunk say nothing about its values.
    has_controls = lines.has_controls or not log_format.is_text
    frame = _normalise(raw, log_format, labels, has_controls=has_controls)
    faulty = frame.get_column(REASON).is_not_null()
    if not len(missed) and not faulty.any():
        return Decoded(frame.select(*REQUEST_SCHEMA), total, lines.blank, Rejections())
    doubtful = frame.get_column(LINE).filter(faulty).to_numpy()
    again, refused = _reread(lines, np.sort(np.concatenate([missed, doubtful])), log_format, labels)
    requests = pl.concat([frame.filter(pl.col(REASON).is_null()), again.filter(pl.col(REASON).is_null())]).sort(LINE)
    refused = pl.concat([refused, again.select(LINE, REASON)]).filter(pl.col(REASON).is_not_null()).sort(LINE)
    rejected = refused.filter(pl.col(REASON) != _BLANK)
    return Decoded(
        frame=requests.select(*REQUEST_SCHEMA),
        lines=total,
        blank=lines.blank + refused.height - rejected.height,
        rejected=_rejections(lines, rejected),
    )


def _normalise(raw: pl.DataFrame, log_format: LogFormat, labels: Labels, *, has_controls: bool) -> pl.DataFrame:
    return normalise(raw, log_format.units, labels, has_controls=has_controls, has_escapes=log_format.is_text)


def _reread(lines: Lines, indexes: Int64s, log_format: LogFormat, labels: Labels) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines `indexes` as normalised rows, and `LINE` and `REASON` of those that could not be read."""
    too_long = lines.end[indexes] - lines.start[indexes] > MAX_LINE_BYTES
    raw, unread = log_format.reread(lines, indexes[~too_long])
    refused = {LINE: [*indexes[too_long].tolist(), *unread], REASON: ["too_long"] * int(too_long.sum())}
    refused[REASON] += [_unread_reason(lines.text(index), log_format) for index in unread]
    schema = {LINE: pl.Int64, REASON: pl.String}
    return _normalise(raw, log_format, labels, has_controls=True), pl.DataFrame(refused, schema=schema)


def _unread_reason(line: bytes, log_format: LogFormat) -> str:
    return log_format.mismatch if line.strip(b"\0 \t\r") else _BLANK


def _rejections(lines: Lines, refused: pl.DataFrame) -> Rejections:
    counts = refused.group_by(REASON, maintain_order=True).len()
    first = refused.group_by(REASON, maintain_order=True).head(_MAX_SAMPLES_PER_REASON)
    return Rejections(
        counts=dict(counts.iter_rows()),
        samples=tuple(
            RejectedLine(reason, int(lines.number[line]), printable(lines.text(line), _MAX_SAMPLE_CHARS))
            for reason, line in first.select(REASON, LINE).iter_rows()
        ),
    )
