"""What came of imports."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid
from mockforge_analytics.cli.views.common import count_cell, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.runtime.imports import ImportSummary

__all__ = ["REASONS", "show_summaries"]

_MICROSECONDS: Final = 1_000_000
_SAMPLE: Final = 30  # characters of a sample that stay where the terminal is narrow

# What a reason for a refused line means, for people.
REASONS: Final = {
    "format": "the line does not have the fields of the format",
    "json": "the line is not the JSON of the format",
    "too_long": "the line is longer than 64 KiB",
}


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
    yield "lines", f"{figures.count(summary.lines)} in {figures.duration(summary.seconds)}{speed}"
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
