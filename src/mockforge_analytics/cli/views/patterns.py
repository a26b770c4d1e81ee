"""Traffic patterns as a heat map of weekday and hour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.text import Text

    from mockforge_analytics.cli.views.common import View
    from mockforge_analytics.query.results import TrafficPatterns, WeekCell

__all__ = ["show_traffic_patterns"]

# Day of week (0 is Sunday) and its name, in the order of ISO 8601.
_DAYS: Final = ((1, "Mon"), (2, "Tue"), (3, "Wed"), (4, "Thu"), (5, "Fri"), (6, "Sat"), (0, "Sun"))
_HOURS: Final = 24
_SECONDS_PER_HOUR: Final = 3_600
_LEVELS: Final = 4
_SHADES: Final = " ░▒▓█"
# One hue, ever brighter; the shades (or the numbers) say the same without colour.
_STYLES: Final = ("dim", "color(25)", "color(32)", "color(39)", "color(51)")
_NOT_COVERED: Final = "·"
_LABEL: Final = 5  # characters left of the hours
_TOTAL: Final = 14  # characters right of them
_NARROWEST: Final = 2
_NUMBERED: Final = 5  # characters an hour needs for its number
_WIDEST: Final = 6
_ROUNDS_TO_TEN: Final = 9.95
_ROUNDS_TO_THOUSAND: Final = 999.5


def show_traffic_patterns(report: TrafficPatterns, view: View) -> None:
    """Print requests an hour for each hour of the week: the average of all hours of that name in the window."""
    view.heading(f"Traffic by weekday and hour of {report.zone}", report)
    view.warnings(report)
    if not report.cells:
        return
    rates = {(cell.day_of_week, cell.hour): _rate(cell) for cell in report.week}
    if not view.screen.pretty:
        view.screen.note("requests an hour, the average over all hours of that name in the window")
        view.screen.grid(_plain_grid(rates))
        return
    top = max(rate for rate in rates.values() if rate is not None) or 1.0
    totals = {day: sum(cell.request_count for cell in report.week if cell.day_of_week == day) for day, _ in _DAYS}
    for line in _map(rates, totals, top, view.screen.width):
        view.screen.console.print(line)
    view.screen.line()
    for line in _legend(rates, top):
        view.screen.console.print(line)


def _rate(cell: WeekCell) -> float | None:
    """Return requests an hour; an hour that the window cuts counts as a whole one, so that none is overstated."""
    return cell.request_count * _SECONDS_PER_HOUR / max(cell.seconds, _SECONDS_PER_HOUR) if cell.seconds else None


def _plain_grid(rates: Mapping[tuple[int, int], float | None]) -> Grid:
    grid = Grid((Column("day", left=True), *(Column(f"{hour:02}") for hour in range(_HOURS))))
    for day, name in _DAYS:
        row = (rates[day, hour] for hour in range(_HOURS))
        grid.add((Cell(name), *(Cell(figures.UNKNOWN if rate is None else f"{rate:.6g}") for rate in row)))
    return grid


def _map(
    rates: Mapping[tuple[int, int], float | None], totals: Mapping[int, int], top: float, width: int
) -> list[Text]:
    from rich.text import Text

    cells = min(max((width - _LABEL - _TOTAL) // _HOURS, _NARROWEST), _WIDEST)
    step = 1 if cells > _NARROWEST else 2
    hours = "".join(f"{hour:02}".ljust(cells * step) for hour in range(0, _HOURS, step))
    lines = [Text(" " * _LABEL + hours + "requests".rjust(_TOTAL - 2), style="bold")]
    for day, name in _DAYS:
        line = Text(name.ljust(_LABEL), style="bold", no_wrap=True)
        for hour in range(_HOURS):
            rate = rates[day, hour]
            level = 0 if rate is None else _level(rate, top)
            line.append(_drawn(rate, level, cells), style=f"not bold {_STYLES[level]}")
        line.append(figures.count(totals[day]).rjust(_TOTAL - 2), style="not bold")
        lines.append(line)
    return lines


def _level(rate: float, top: float) -> int:
    return math.ceil(_LEVELS * rate / top) if rate else 0


def _drawn(rate: float | None, level: int, cells: int) -> str:
    if rate is None:
        return _NOT_COVERED.ljust(cells)
    return _short(rate).ljust(cells) if cells >= _NUMBERED else _SHADES[level] * cells


def _short(value: float) -> str:
    """Return a number in at most four characters."""
    for unit in ("", "k", "M", "G"):
        if value < _ROUNDS_TO_TEN:
            return f"{value:.1f}{unit}" if value else "0"
        if value < _ROUNDS_TO_THOUSAND:
            return f"{value:.0f}{unit}"
        value /= 1_000
    return "many"


def _legend(rates: Mapping[tuple[int, int], float | None], top: float) -> list[Text]:
    from rich.text import Text

    line = Text(" " * _LABEL, no_wrap=True)
    for level in range(1, _LEVELS + 1):
        line.append(_SHADES[level] * 2, style=_STYLES[level])
        line.append(f" up to {figures.number(top * level / _LEVELS)}   ")
    line.append("requests an hour", style="bold")
    known = {key: rate for key, rate in rates.items() if rate is not None}
    busiest = max(known, key=lambda key: known[key])
    name = dict(_DAYS)[busiest[0]]
    text = (
        f"busiest: {name} {busiest[1]:02}–{busiest[1] + 1:02} h with {figures.number(known[busiest])} requests an hour"
    )
    missing = f"   {_NOT_COVERED} not in the window" if len(known) < len(rates) else ""
    averaged = "average over all hours of that name in the window"
    return [line, Text(" " * _LABEL + text + missing), Text(" " * _LABEL + averaged, style="dim")]
