"""`report NAME`: every report as a table, as JSON and as CSV."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mockforge_analytics.cli.group import Group
from mockforge_analytics.cli.question import Form, Question, asks
from mockforge_analytics.cli.session import open_database
from mockforge_analytics.cli.views import lists, overview, patterns, series

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.cli.views.common import View
    from mockforge_analytics.query.results import Report
    from mockforge_analytics.query.spec import QuerySpec
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["app"]

Answer = TypeVar("Answer", bound="Report")

_HELP = (
    "Answer questions about the traffic in a database.\n\n"
    "Without a time range a report covers everything the database holds. Times without an offset are those of "
    "--zone. A filter that a report cannot answer exactly is refused with the reason. On a terminal a report is "
    "drawn to fit it; in a pipe it has one word a value, no colours, and lines that are not data start with #."
)

_EPILOG = """Examples:

mockforge-analytics report overview

mockforge-analytics report endpoints --last 24h --order p95_latency_ms --limit 20

mockforge-analytics report requests --status 5xx --start 2025-01-31 --end 2025-02-01 --granularity hour

mockforge-analytics report errors --endpoint /users/:id --json

mockforge-analytics report endpoint-clients --endpoint /users/:id --last 24h"""

app = typer.Typer(cls=Group, no_args_is_help=True, help=_HELP, epilog=_EPILOG)


def _answer(
    question: Question,
    ask: Callable[[AnalyticsDatabase, QuerySpec], Answer],
    show: Callable[[Answer, View], None],
) -> None:
    """Print the answer of `ask` in the form that the question wants."""
    with open_database(question.database, question.config) as database:
        now_us = database.clock.now_us()
        report = ask(database, question.spec(now_us))
        if question.form is Form.TABLE:
            view = _view(question, now_us)
            show(report, view)
            _explain_emptiness(report, database, view)
        else:
            _write(report, question.form)


def _view(question: Question, now_us: int) -> View:
    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.cli.views.common import View
    from mockforge_analytics.model.window import MICROSECONDS

    return View(Screen(), question.tzinfo(), question.zone, now_us / MICROSECONDS)


def _explain_emptiness(report: Report, database: AnalyticsDatabase, view: View) -> None:
    """Say what the database does hold where nothing matched."""
    from mockforge_analytics.cli.views.empty import is_empty
    from mockforge_analytics.model.window import MICROSECONDS

    if not is_empty(report):
        return
    with database.store.snapshot() as snapshot:
        first, last = snapshot.coverage.first, snapshot.coverage.last
    if first is None or last is None:
        view.screen.note("the database is empty: import a log with `mockforge-analytics import FILE`")
        return
    held = view.period(first / MICROSECONDS, last / MICROSECONDS)
    view.screen.note(f"nothing matches; the database holds requests from {held}")


def _write(report: Report, form: Form) -> None:
    from mockforge_analytics.cli.screen import complain, write_text

    if form is Form.JSON:
        from mockforge_analytics.export.json import report_json

        write_text([report_json(report)])
        return
    from mockforge_analytics.export.csv import table_csv
    from mockforge_analytics.query.tables import table

    write_text(table_csv(table(report)))
    for warning in report.warnings:
        complain(f"note: {warning}")


@app.command("overview")
@asks()
def _overview(question: Question) -> None:
    """Totals, latency, peak, status classes, top protocols and top endpoints on one page."""
    _answer(question, lambda database, spec: database.overview(spec), overview.show_overview)


@app.command("requests")
@asks("granularity")
def _requests(question: Question) -> None:
    """Requests and errors over time."""
    _answer(question, _fitting(question, lambda database, spec: database.requests(spec)), series.show_requests)


@app.command("latency")
@asks("granularity")
def _latency(question: Question) -> None:
    """Latency over time: average, percentiles and maximum."""
    _answer(question, _fitting(question, lambda database, spec: database.latency_trends(spec)), series.show_latency)


def _fitting(
    question: Question, ask: Callable[[AnalyticsDatabase, QuerySpec], Answer]
) -> Callable[[AnalyticsDatabase, QuerySpec], Answer]:
    """Return `ask` with rows wide enough for a terminal, where the question leaves their width open."""
    if question.form is not Form.TABLE or question.parameters["granularity"] is not None:
        return ask

    def coarser(database: AnalyticsDatabase, spec: QuerySpec) -> Answer:
        from mockforge_analytics.errors import QueryError

        try:
            return ask(database, replace(spec, max_points=series.ROWS))
        except QueryError:  # more days than rows are wanted: then all of them, or what else is wrong is said again
            return ask(database, spec)

    return coarser


@app.command("latency-distribution")
@asks()
def _latency_distribution(question: Question) -> None:
    """How many requests took how long."""
    _answer(question, lambda database, spec: database.latency_distribution(spec), series.show_latency_distribution)


@app.command("errors")
@asks("limit")
def _errors(question: Question) -> None:
    """Errors by type and category, exactly counted, with the most affected endpoints."""
    _answer(question, lambda database, spec: database.errors(spec), lists.show_errors)


BeforeOption = Annotated[
    str | None,
    typer.Option("--before", metavar="PAGE", help="Go on where a page ended, as it says.", show_default=False),
]


@app.command("error-events")
@asks("limit")
def _error_events(question: Question, before: BeforeOption = None) -> None:
    """Single errors, newest first: a bounded sample of them is stored."""
    page = None if before is None else _page(before)
    _answer(question, lambda database, spec: database.error_events(spec, before=page), lists.show_error_events)


def _page(text: str) -> tuple[int, int]:
    from mockforge_analytics.errors import QueryError

    at, _, last = text.partition(":")
    if not (at.isascii() and at.isdigit() and last.isascii() and last.isdigit() and len(text) <= _PAGE_CHARACTERS):
        message = f"before {text[:80]!r} is not a page; accepted is what the page before it said after --before"
        raise QueryError(message, field="before")
    return int(at), int(last)


_PAGE_CHARACTERS = 40


@app.command("endpoints")
@asks("order", "limit")
def _endpoints(question: Question) -> None:
    """Endpoints with requests, errors, latencies and bytes, in any order."""
    _answer(question, lambda database, spec: database.endpoints(spec), lists.show_endpoints)


@app.command("protocols")
@asks()
def _protocols(question: Question) -> None:
    """Protocols with requests, errors, latencies and bytes."""
    _answer(question, lambda database, spec: database.protocols(spec), lists.show_protocols)


@app.command("status-codes")
@asks("limit")
def _status_codes(question: Question) -> None:
    """Status codes with requests, latencies and bytes."""
    _answer(question, lambda database, spec: database.status_codes(spec), lists.show_status_codes)


@app.command("clients")
@asks("limit")
def _clients(question: Question) -> None:
    """Client addresses with requests, errors, user agents and endpoints."""
    _answer(question, lambda database, spec: database.clients(spec), lists.show_clients)


@app.command("endpoint-clients")
@asks("limit")
def _endpoint_clients(question: Question) -> None:
    """Client addresses that asked the endpoints given with --endpoint, with how often at least and at most."""
    _answer(question, lambda database, spec: database.endpoint_clients(spec), lists.show_endpoint_clients)


DaysOption = Annotated[
    int | None,
    typer.Option("--days", metavar="DAYS", help="From 0:00 so many days before today on.", show_default=False),
]


@app.command("traffic-patterns")
@asks()
def _traffic_patterns(question: Question, days: DaysOption = None) -> None:
    """Weekdays and hours as a heat map: when is it busy?"""
    _answer(
        question,
        lambda database, spec: database.traffic_patterns(spec, zone=question.zone, days=days),
        patterns.show_traffic_patterns,
    )


DimensionArgument = Annotated[
    str, typer.Argument(metavar="DIMENSION", help="protocol, method, endpoint, status_code, client_ip and so on.")
]
SearchOption = Annotated[
    str, typer.Option("--search", metavar="TEXT", help="Only values that contain this.", show_default=False)
]


@app.command("dimension-values")
@asks("limit")
def _dimension_values(question: Question, dimension: DimensionArgument, search: SearchOption = "") -> None:
    """The values of a dimension with their requests: what filters can be set to."""
    _answer(
        question,
        lambda database, spec: database.dimension_values(dimension, spec, search=search),
        lists.show_values,
    )


@app.command("peaks")
@asks()
def _peaks(question: Question) -> None:
    """The highest rates and when they were."""
    _answer(question, lambda database, spec: database.peaks(spec), series.show_peaks)
