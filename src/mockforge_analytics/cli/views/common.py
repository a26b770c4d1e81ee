"""What several views of reports do the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.query.figures import Latency
    from mockforge_analytics.query.results import Report, TrafficRow

__all__ = [
    "ERROR_STYLE",
    "LATENCY_COLUMNS",
    "TRAFFIC_COLUMNS",
    "View",
    "add_rows",
    "bars",
    "bytes_cell",
    "count_cell",
    "errors_cell",
    "instant_cell",
    "latency_cells",
    "milliseconds",
    "number_cell",
    "percent_cell",
    "stretches",
    "text_cell",
    "traffic_cells",
]

ERROR_STYLE: Final = "red"
_BAR_STYLE: Final = "cyan"
_SOME_ERRORS: Final = 1.0  # percent of errors from which on a row is marked
_RAW_DECIMALS: Final = 3  # of milliseconds: latencies are known to the microsecond


@dataclass(frozen=True, slots=True)
class View:
    """What drawing needs to know: where to, the zone of the times with its name, and the time it is (seconds)."""

    screen: Screen
    zone: tzinfo
    zone_name: str
    now: float

    def heading(self, name: str, report: Report) -> None:
        """Print what an answer is of: name, effective window, filters, width of the rows."""
        from mockforge_analytics.query.spec import describe_filters

        window = report.window
        facts = [self.period(window.start, window.end), figures.duration(window.seconds)]
        if report.granularity is not None:
            facts.append(f"by {report.granularity.label}")
        self.screen.title(name, facts)
        for filtered, values in describe_filters(report.filters).items():
            self.screen.note(f"only {filtered}: {' or '.join(values)}")

    def warnings(self, report: Report) -> None:
        """Print what must be known to read the answer right."""
        for warning in report.warnings:
            self.screen.warning(warning)

    def period(self, start: float, end: float) -> str:
        """Return a window in the zone of the view."""
        return figures.period(start, end, self.zone, self.zone_name)

    def moment(self, at: float, resolution: float = 0) -> str:
        """Return an instant with its distance from now."""
        text = figures.instant(at, self.zone)
        within = f" (within {figures.duration(resolution)})" if resolution else ""
        return f"{text}{within}, {figures.ago(self.now - at)}"


def stretches(empty: Sequence[bool], least: int = 3) -> dict[int, int]:
    """Return start and length of each run of at least `least` that are empty."""
    found: dict[int, int] = {}
    start = 0
    for place, is_empty in enumerate([*empty, False]):
        if is_empty:
            continue
        if place - start >= least:
            found[start] = place - start
        start = place + 1
    return found


def add_rows(grid: Grid, rows: Sequence[Sequence[Cell]], empty: Sequence[bool], view: View) -> None:
    """Add `rows` to `grid`; on a terminal long stretches that are `empty` become one remark."""
    gaps = stretches(empty) if view.screen.pretty else {}
    place = 0
    while place < len(rows):
        if length := gaps.get(place):
            grid.remark(f"  ⋮ {length:,} rows without requests")
            place += length
        else:
            grid.add(rows[place])
            place += 1


def count_cell(value: int | None) -> Cell:
    """Show a whole number."""
    return Cell(figures.count(value), figures.UNKNOWN if value is None else str(value))


def percent_cell(value: float) -> Cell:
    """Show a part of a hundred."""
    return Cell(figures.percent(value), f"{value:.4f}")


def number_cell(value: float | None) -> Cell:
    """Show a rate with three digits."""
    return Cell(figures.number(value), figures.UNKNOWN if value is None else f"{value:.6g}")


def bytes_cell(value: int) -> Cell:
    """Show a number of bytes."""
    return Cell(figures.size(value), str(value))


def text_cell(value: str | int | None) -> Cell:
    """Show a name; a missing one is as unknown as a missing number."""
    return Cell(figures.UNKNOWN if value is None or value == "" else str(value))


def errors_cell(errors: int, rate: float) -> Cell:
    """Show a number of errors, marked where they are more than a few of all."""
    return Cell(figures.count(errors), str(errors), ERROR_STYLE if rate >= _SOME_ERRORS else "")


def instant_cell(at: float, view: View, *, width: int = 1) -> Cell:
    """Show an instant, for programs in one word (ISO 8601)."""
    from datetime import datetime

    return Cell(figures.instant(at, view.zone, width=width), datetime.fromtimestamp(at, view.zone).isoformat())


def milliseconds(values: Sequence[float | None]) -> list[Cell]:
    """Show latencies of one column, all with as many decimals as the shortest needs."""
    places = figures.decimals(values)
    return [
        Cell(figures.fixed(value, places), figures.UNKNOWN if value is None else f"{value:.{_RAW_DECIMALS}f}")
        for value in values
    ]


def bars(parts: Iterable[float], cells: int = 12) -> list[Cell]:
    """Draw each part (0 to 1)."""
    return [Cell(figures.bar(part, cells), style=_BAR_STYLE) for part in parts]


LATENCY_COLUMNS: Final = (
    Column("avg", "ms", rank=3),
    Column("p50", "ms", rank=2),
    Column("p95", "ms", rank=1),
    Column("p99", "ms", rank=4),
    Column("max", "ms", rank=5),
)


def latency_cells(latencies: Sequence[Latency]) -> list[tuple[Cell, ...]]:
    """Show the latencies of several rows in `LATENCY_COLUMNS`."""
    columns = [
        milliseconds([getattr(latency, name) for latency in latencies])
        for name in ("average", "p50", "p95", "p99", "maximum")
    ]
    return list(zip(*columns, strict=True))


TRAFFIC_COLUMNS: Final = (
    Column("requests"),
    Column("share", "%", rank=1),
    Column("", left=True, rank=8, picture=True),
    Column("errors", rank=2),
    Column("error rate", "%", rank=1),
    *LATENCY_COLUMNS,
    Column("sent", raw_unit="bytes", rank=6),
    Column("received", raw_unit="bytes", rank=7),
)


def traffic_cells(rows: Sequence[TrafficRow]) -> list[tuple[Cell, ...]]:
    """Show the figures of several rows in `TRAFFIC_COLUMNS`."""
    shares = bars([row.share / 100 for row in rows])
    latencies = latency_cells([row.latency for row in rows])
    return [
        (
            count_cell(row.request_count),
            percent_cell(row.share),
            share,
            errors_cell(row.error_count, row.error_rate),
            percent_cell(row.error_rate),
            *latency,
            bytes_cell(row.bytes_sent),
            bytes_cell(row.bytes_received),
        )
        for row, share, latency in zip(rows, shares, latencies, strict=True)
    ]
