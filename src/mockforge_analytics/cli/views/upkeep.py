"""Holds and retention runs as tables and as documents."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid
from mockforge_analytics.cli.views.common import count_cell, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.model.status import Hold
    from mockforge_analytics.store.retention import RetentionReport

__all__ = ["hold_documents", "hold_grid", "retention_document", "show_holds", "show_retention"]


def show_holds(holds: Sequence[Hold], screen: Screen) -> None:
    """Print the holds."""
    if not holds:
        screen.note("no holds: retention applies to everything")
        return
    screen.grid(hold_grid(holds))
    screen.note("lift one with: mockforge-analytics holds lift ID")


def hold_grid(holds: Iterable[Hold]) -> Grid:
    """Return the holds as a table."""
    grid = Grid(
        (
            Column("id"),
            Column("from", left=True),
            Column("until", left=True),
            Column("since", left=True, rank=1),
            Column("because", left=True, least=20),
        )
    )
    for hold in holds:
        days = (_day(hold.window.start), _day(hold.window.end))
        grid.add((count_cell(hold.id), *days, _day(hold.created_at), text_cell(hold.reason)))
    return grid


def _day(seconds: int) -> Cell:
    return Cell(figures.instant(seconds, UTC)[:10])


def hold_documents(holds: Iterable[Hold]) -> list[dict[str, object]]:
    """Return the holds as plain values; times are Unix seconds."""
    return [
        {
            "id": hold.id,
            "start": hold.window.start,
            "end": hold.window.end,
            "reason": hold.reason,
            "created_at": hold.created_at,
        }
        for hold in holds
    ]


def show_retention(report: RetentionReport, screen: Screen) -> None:
    """Print what a run deleted."""
    if report.clock.held_back:
        screen.warning(
            f"the clock is far ahead of the last run ({figures.instant(report.clock.at, UTC)} UTC), so only what was "
            "due then is deleted: run again in half a day, or say --trust-clock if the clock is right"
        )
    gone = {table: rows for table, rows in report.deleted.items() if rows}
    if gone:
        grid = Grid((Column("rows deleted"), Column("table", left=True)))
        for table, rows in gone.items():
            grid.add((count_cell(rows), text_cell(table)))
        screen.grid(grid)
    screen.line(f"{figures.count(sum(gone.values()))} rows deleted, {figures.size(report.bytes_freed)} given back")
    if not report.finished:
        screen.note("stopped early; the next run goes on")


def retention_document(report: RetentionReport) -> dict[str, object]:
    """Return what a run did as plain values; floors are Unix seconds."""
    return {
        "finished": report.finished,
        "clock_held_back": report.clock.held_back,
        "deleted": report.deleted,
        "bytes_freed": report.bytes_freed,
        "floors": report.floors,
    }
