"""The overview on a terminal: the figures of a window on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid
from mockforge_analytics.cli.views.common import bars, count_cell, percent_cell
from mockforge_analytics.cli.views.lists import endpoint_grid, protocol_grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.cli.views.common import View
    from mockforge_analytics.query.figures import Latency
    from mockforge_analytics.query.results import Overview, StatusClassRow

__all__ = ["show_overview", "status_class_grid"]

_WHOLE: Final = 100.0  # percent
_CLASS_STYLES: Final = {"2xx": "green", "3xx": "blue", "4xx": "yellow", "5xx": "red"}
_CLASS_BAR: Final = 30


def show_overview(report: Overview, view: View) -> None:
    """Print totals, latency, status classes and the top lists."""
    view.heading("Overview", report)
    screen = view.screen
    screen.pairs(_figures(report, view))
    view.warnings(report)
    if not report.total_requests:
        return
    screen.line()
    screen.grid(status_class_grid(report.status_classes))
    if len(report.top_protocols) > 1:
        screen.line()
        screen.title("Top protocols")
        screen.grid(protocol_grid(report.top_protocols))
    screen.line()
    screen.title("Top endpoints")
    screen.grid(endpoint_grid(report.top_endpoints))


def _figures(report: Overview, view: View) -> Iterable[tuple[str, str]]:
    yield (
        "requests",
        f"{figures.count(report.total_requests)} · {figures.number(report.requests_per_second)}/s on average",
    )
    if report.peak is not None:
        peak, at = report.peak, figures.instant(report.peak.start, view.zone)
        yield "peak", f"{figures.number(peak.rate)}/s in the {figures.duration(peak.seconds)} from {at} on"
    yield "errors", f"{figures.count(report.total_errors)} · {figures.percent(report.error_rate)} % of the requests"
    yield from _latency(report.latency, report.total_requests)
    yield "sent", figures.size(report.total_bytes_sent)
    yield "received", figures.size(report.total_bytes_received)
    if report.active_connections is not None:
        yield "connections", f"{figures.count(report.active_connections)} at most"
    if report.first_request is not None and report.last_request is not None:
        yield "first request", view.moment(report.first_request.at, report.first_request.resolution)
        yield "last request", view.moment(report.last_request.at, report.last_request.resolution)


def _latency(latency: Latency, requests: int) -> Iterable[tuple[str, str]]:
    if not latency.count:
        yield "latency", f"{figures.UNKNOWN} (no request carries one)" if requests else figures.UNKNOWN
        return
    named = {"average": latency.average, "p50": latency.p50, "p95": latency.p95, "p99": latency.p99}
    yield "latency", " · ".join(f"{name} {figures.milliseconds(value)}" for name, value in named.items())
    extremes = f"{figures.milliseconds(latency.minimum)} to {figures.milliseconds(latency.maximum)}"
    known = "" if latency.count == requests else f" · known for {figures.count(latency.count)} requests"
    yield "", extremes + known


def status_class_grid(rows: Iterable[StatusClassRow]) -> Grid:
    """Return the classes of status codes, each with its share drawn."""
    grid = Grid(
        (Column("status", left=True), Column("requests"), Column("share", "%"), Column("", left=True, picture=True))
    )
    for row in rows:
        (drawn,) = bars([row.share / _WHOLE], _CLASS_BAR)
        style = _CLASS_STYLES.get(row.status_class, "")
        cells = Cell(row.status_class, style=style), count_cell(row.request_count), percent_cell(row.share)
        grid.add((*cells, Cell(drawn.text, style=style)))
    return grid
