"""What came of imports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid
from mockforge_analytics.cli.views.common import count_cell, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.runtime.follow import FollowProgress
    from mockforge_analytics.runtime.imports import ImportSummary

__all__ = ["REASONS", "Followed", "show_followed", "show_summaries"]

_MICROSECONDS: Final = 1_000_000
_MINUTE: Final = 60
_SAMPLE: Final = 30  # characters of a sample that stay where the terminal is narrow

# What a reason for a refused line means, for people.
REASONS: Final = {
    "format": "the line does not have the fields of the format",
    "json": "the line is not the JSON of the format",
    "too_long": "the line is longer than 64 KiB",
}


@dataclass(slots=True)
class Followed:
    """What came of following logs so far, by file."""

    formats: dict[str, str] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    rejected: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, piece: FollowProgress) -> None:
        """Count a piece of a log."""
        self.formats[piece.name] = piece.format
        self.lines[piece.name] += piece.lines
        self.stored[piece.name] += piece.stored
        self.rejected.setdefault(piece.name, Counter()).update(piece.rejected)

    @property
    def sentence(self) -> str:
        """The counts of all files together."""
        rejected = sum(counts.total() for counts in self.rejected.values())
        more = f", {figures.count(rejected)} rejected" if rejected else ""
        return f"{figures.count(self.lines.total())} lines, {figures.count(self.stored.total())} stored{more}"

    def documents(self) -> list[dict[str, object]]:
        """Return the counts of each file as plain values."""
        return [
            {
                "name": name,
                "format": self.formats[name],
                "lines": self.lines[name],
                "stored": self.stored[name],
                "rejected": dict(self.rejected[name]),
            }
            for name in self.formats
        ]


def show_followed(followed: Followed, screen: Screen) -> None:
    """Print the counts of each file."""
    screen.title("Followed", [followed.sentence])
    grid = Grid((Column("lines"), Column("stored"), Column("rejected"), Column("format", left=True), _FILE))
    for name, log_format in followed.formats.items():
        rejected = followed.rejected[name].total()
        counts = (count_cell(followed.lines[name]), count_cell(followed.stored[name]), count_cell(rejected))
        grid.add((*counts, text_cell(log_format), text_cell(name)))
    if grid.rows:
        screen.grid(grid)


_FILE: Final = Column("file", left=True, least=20)


def show_summaries(summaries: Sequence[ImportSummary], database: Path, screen: Screen) -> None:
    """Print one part a file, and where it all went."""
    for summary in summaries:
        screen.title(summary.name)
        screen.pairs(_pairs(summary))
        _show_rejected(summary, screen)
        for note in _notes(summary):
            screen.warning(note)
        screen.line()
    if summaries:
        option = "" if str(database) == "mockforge-analytics.db" else f" --database {database}"
        screen.note(f"stored in {database}; next: mockforge-analytics report overview{option}")


def _pairs(summary: ImportSummary) -> Iterator[tuple[str, str]]:
    yield "format", summary.format
    speed = f" ({summary.lines / summary.seconds:,.0f} lines/s)" if summary.lines and summary.seconds else ""
    yield "lines", f"{figures.count(summary.lines)} in {_took(summary.seconds)}{speed}"
    yield "stored", figures.count(summary.stored)
    if summary.rejected:
        yield "rejected", figures.count(sum(summary.rejected.values()))
    if summary.blank:
        yield "blank", figures.count(summary.blank)
    if summary.overflowed:
        yield "overflowed", f"{figures.count(summary.overflowed)} of the stored ones"
    if summary.already_imported:
        yield "already there", f"{figures.size(summary.already_imported)} imported before"
    if summary.first is not None and summary.last is not None:
        yield "period", figures.period(summary.first / _MICROSECONDS, summary.last / _MICROSECONDS, UTC, "UTC")
    yield "latency", "in the log" if summary.has_latency else f"not in the log: reports show {figures.UNKNOWN} for it"


def _took(seconds: float) -> str:
    return f"{figures.number(seconds, 2)} s" if seconds < _MINUTE else figures.duration(seconds)


def _show_rejected(summary: ImportSummary, screen: Screen) -> None:
    if not summary.rejected:
        return
    samples = {sample.reason: sample.sample for sample in reversed(summary.samples)}
    grid = Grid((Column("lines"), Column("rejected because", left=True), Column("such as", left=True, least=_SAMPLE)))
    for reason, count in sorted(summary.rejected.items(), key=lambda entry: -entry[1]):
        because = Cell(REASONS.get(reason, reason.replace("_", " ")), reason)
        grid.add((count_cell(count), because, text_cell(samples.get(reason))))
    screen.grid(grid)


def _notes(summary: ImportSummary) -> Iterator[str]:
    if summary.note:
        yield summary.note
    if summary.held:
        yield (
            "part of this log is older than retention keeps: it stays nevertheless, under a hold, until that is lifted "
            "(`mockforge-analytics holds`)"
        )
    if summary.overflowed:
        yield (
            "more different endpoints than the cap allows: those past it count as __overflow__, totals stay exact "
            "(try --templating adaptive, or raise caps.series_per_hour)"
        )
