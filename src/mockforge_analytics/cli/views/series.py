"""Reports over time, the spread of latencies and the busiest moments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid
from mockforge_analytics.cli.views.common import (
    add_rows,
    bars,
    bytes_cell,
    count_cell,
    errors_cell,
    instant_cell,
    milliseconds,
    number_cell,
    percent_cell,
    text_cell,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from mockforge_analytics.cli.views.common import View
    from mockforge_analytics.query.results import LatencyDistribution, LatencyTrends, Peak, Peaks, Requests

__all__ = ["ROWS", "show_latency", "show_latency_distribution", "show_peaks", "show_requests"]

ROWS: Final = 60  # rows of a series on a terminal, where its granularity is left open
_WHOLE: Final = 100.0  # percent
_BAR: Final = 24
_SPREAD_ROWS: Final = 24
_MOST_PROTOCOLS: Final = 5


def show_requests(report: Requests, view: View) -> None:
    """Print the requests of each bucket, all protocols together and the busiest ones each."""
    import polars as pl

    view.heading("Requests over time", report)
    view.warnings(report)
    if not report.protocols:
        return
    several = report.protocols[:_MOST_PROTOCOLS] if len(report.protocols) > 1 else ()
    sums = (pl.col("request_count", "error_count", "requests_per_second").sum(),)
    whole = report.frame.group_by("timestamp", maintain_order=True).agg(*sums)
    by_protocol = {
        name: report.frame.filter(pl.col("protocol") == name).get_column("request_count").to_list() for name in several
    }
    grid = Grid(
        (
            Column("time", left=True),
            Column("requests"),
            Column("", left=True, rank=2, picture=True),
            Column("rate", "1/s", rank=3),
            Column("errors"),
            Column("error rate", "%", rank=1),
            *(Column(name, rank=4 + place) for place, name in enumerate(several)),
        )
    )
    counts = whole.get_column("request_count").to_list()
    top = max(counts, default=0) or 1
    drawn = bars((count / top for count in counts), _BAR)
    width = report.granularity or 1
    rows = []
    for place, (at, requests, errors, rate) in enumerate(whole.iter_rows()):
        error_rate = _WHOLE * errors / requests if requests else 0.0
        cells = (instant_cell(at, view, width=width), count_cell(requests), drawn[place], number_cell(rate))
        named = (count_cell(values[place]) for values in by_protocol.values())
        rows.append((*cells, errors_cell(errors, error_rate), percent_cell(error_rate), *named))
    add_rows(grid, rows, [not count for count in counts], view)
    view.screen.grid(grid)


def show_latency(report: LatencyTrends, view: View) -> None:
    """Print the latencies of each bucket."""
    view.heading("Latency over time", report)
    view.warnings(report)
    if not report.frame.get_column("latency_count").sum():
        view.screen.note("no request in this window carries a latency")
        return
    names = ("avg_latency_ms", "p50_latency_ms", "p95_latency_ms", "p99_latency_ms", "max_latency_ms")
    ranks = (2, 1, 0, 0, 3)
    grid = Grid(
        (
            Column("time", left=True),
            Column("requests", rank=4),
            *(Column(name.split("_")[0], "ms", rank=rank) for name, rank in zip(names, ranks, strict=True)),
            Column("p95 drawn", left=True, rank=5, picture=True),
        )
    )
    columns = [milliseconds(report.frame.get_column(name).to_list()) for name in names]
    slow = report.frame.get_column("p95_latency_ms").to_list()
    top = max((value for value in slow if value is not None), default=0) or 1
    drawn = bars(((value or 0) / top for value in slow), _BAR)
    times = report.frame.get_column("timestamp").to_list()
    counts = report.frame.get_column("request_count").to_list()
    rows = [
        (instant_cell(at, view, width=report.granularity or 1), count_cell(requests), *cells)
        for at, requests, *cells in zip(times, counts, *columns, drawn, strict=True)
    ]
    add_rows(grid, rows, [not count for count in counts], view)
    view.screen.grid(grid)


def show_latency_distribution(report: LatencyDistribution, view: View) -> None:
    """Print how many requests took how long, in rows that each span the same ratio of latencies."""
    view.heading("Latency distribution", report)
    view.warnings(report)
    latency = report.latency
    if not latency.count:
        view.screen.note("no request in this window carries a latency")
        return
    named = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99, "average": latency.average}
    text = " · ".join(f"{name} {figures.milliseconds(value)}" for name, value in named.items())
    view.screen.note(
        f"{text} · known for {figures.count(latency.count)} of {figures.count(report.total_requests)} requests"
    )
    grid = Grid(
        (
            Column("up to", "ms"),
            Column("requests"),
            Column("share", "%"),
            Column("together", "%"),
            Column("", left=True, rank=1, picture=True),
        )
    )
    rows = report.frame.rows() if not view.screen.pretty else list(_merged(report.frame))
    top = max(share for _, _, _, share, _ in rows)
    drawn = bars((share / top for _, _, _, share, _ in rows), _BAR)
    for (_, upper, count, share, running), picture in zip(rows, drawn, strict=True):
        bound = Cell(figures.number(upper), f"{upper:.6g}")
        grid.add((bound, count_cell(count), percent_cell(share), percent_cell(running), picture))
    view.screen.grid(grid)


def _merged(frame: pl.DataFrame) -> Iterable[tuple[float, float, int, float, float]]:
    """Yield the buckets of `frame` put together, so that at most `_SPREAD_ROWS` rows are left: sums stay exact."""
    import numpy as np

    upper = frame.get_column("upper_ms").to_numpy()
    octaves = np.log2(np.maximum(upper, np.finfo(np.float64).tiny))
    positive = upper > 0
    lowest = octaves[positive].min() if positive.any() else 0.0
    span = octaves[positive].max() - lowest if positive.any() else 0.0
    # Half octaves where they suffice, whole ones else, so that bounds stay round.
    step = next((width for width in (0.25, 0.5, 1.0, 2.0, 4.0) if span / width < _SPREAD_ROWS - 1), 8.0)
    group = np.where(positive, np.ceil(np.round(octaves / step, 6)), -np.inf)
    rows = frame.rows()
    for key in np.unique(group):
        members = [rows[place] for place in np.flatnonzero(group == key)]
        yield (
            members[0][0],
            members[-1][1],
            sum(row[2] for row in members),
            sum(row[3] for row in members),
            members[-1][4],
        )


def show_peaks(report: Peaks, view: View) -> None:
    """Print the busiest moments."""
    view.heading("Peaks", report)
    view.warnings(report)
    grid = Grid(
        (
            Column("of", left=True),
            Column("rate", "a second"),
            Column("count", rank=1),
            Column("from", left=True),
            Column("lasting", raw_unit="s"),
            Column("when", left=True, rank=2, picture=True),
        )
    )
    for name, peak in (("requests", report.requests), ("errors", report.errors)):
        if peak is not None:
            grid.add((text_cell(name), number_cell(peak.rate), count_cell(peak.count), *_when(peak, view)))
    for name, peak in (("bytes sent", report.bytes_sent), ("bytes received", report.bytes_received)):
        if peak is not None:
            rate = Cell(figures.size(round(peak.rate)), f"{peak.rate:.6g}")
            grid.add((Cell(name, name.replace(" ", "_")), rate, bytes_cell(peak.count), *_when(peak, view)))
    if grid.rows:
        view.screen.grid(grid)
    if report.active_connections is not None:
        view.screen.note(f"at most {figures.count(report.active_connections)} active connections")


def _when(peak: Peak, view: View) -> tuple[Cell, Cell, Cell]:
    lasting = Cell(figures.duration(peak.seconds), str(peak.seconds))
    return instant_cell(peak.start, view), lasting, Cell(figures.ago(view.now - peak.start))
