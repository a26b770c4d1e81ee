"""Any answer as tables: columns with units, rows of plain values. None means unknown or absent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.query.client_results import Clients, EndpointClients
from mockforge_analytics.query.metrics import METRICS
from mockforge_analytics.query.results import (
    Endpoints,
    ErrorEvents,
    Errors,
    LatencyDistribution,
    LatencyTrends,
    Overview,
    Peaks,
    Protocols,
    Report,
    Requests,
    StatusCodes,
    Totals,
    TrafficPatterns,
    Values,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from mockforge_analytics.query.figures import Latency
    from mockforge_analytics.query.results import EndpointRow, Moment, ProtocolRow, StatusClassRow, TrafficRow

__all__ = ["Cell", "Column", "Row", "Table", "table", "tables"]

Cell = str | int | float | tuple[str, ...] | None
Row = tuple[Cell, ...]

_LATENCY: Final = (
    "latency_count",
    "avg_latency_ms",
    "p50_latency_ms",
    "p95_latency_ms",
    "p99_latency_ms",
    "min_latency_ms",
    "max_latency_ms",
)
_TRAFFIC: Final = (
    "request_count",
    "share",
    "error_count",
    "error_rate",
    *_LATENCY,
    "bytes_sent",
    "bytes_received",
)
_STATUS_CLASS: Final = ("status_class", "request_count", "share")
_TOTALS: Final = (
    "total_requests",
    "total_errors",
    "error_rate",
    *_LATENCY,
    "requests_per_second",
    "total_bytes_sent",
    "total_bytes_received",
    "active_connections",
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name and unit, ``""`` for labels and plain counts."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Table:
    """Part of an answer. Every row has one value a column; with `single` it is one row by its nature."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    single: bool = False


def table(report: Report) -> Table:
    """Return the main table of an answer."""
    return tables(report)[0]


@singledispatch
def tables(report: Report) -> tuple[Table, ...]:
    """Return all tables of an answer, the main one first.

    Raises:
        QueryError: the answer is of a kind that has no tables.
    """
    message = f"{type(report).__name__} has no table"
    raise QueryError(message)


def _table(name: str, columns: Sequence[str], rows: Iterable[Row]) -> Table:
    units = (METRICS[column].unit if column in METRICS else "" for column in columns)
    return Table(name, tuple(map(Column, columns, units)), tuple(rows))


def _single(name: str, columns: Sequence[str], row: Row) -> Table:
    return replace(_table(name, columns, [row]), single=True)


def _frame_table(name: str, frame: pl.DataFrame) -> Table:
    return _table(name, frame.columns, frame.iter_rows())


def _latency(latency: Latency) -> Row:
    return (
        latency.count,
        latency.average,
        latency.p50,
        latency.p95,
        latency.p99,
        latency.minimum,
        latency.maximum,
    )


def _traffic(row: TrafficRow) -> Row:
    return (
        row.request_count,
        row.share,
        row.error_count,
        row.error_rate,
        *_latency(row.latency),
        row.bytes_sent,
        row.bytes_received,
    )


def _totals(report: Totals) -> Row:
    return (
        report.total_requests,
        report.total_errors,
        report.error_rate,
        *_latency(report.latency),
        report.requests_per_second,
        report.total_bytes_sent,
        report.total_bytes_received,
        report.active_connections,
    )


def _moment(moment: Moment | None) -> Row:
    return (None, None) if moment is None else (moment.at, moment.resolution)


def _classes(rows: Iterable[StatusClassRow]) -> Table:
    return _table("status_classes", _STATUS_CLASS, ((row.status_class, row.request_count, row.share) for row in rows))


@tables.register
def _(report: Totals) -> tuple[Table, ...]:
    return (_single("totals", _TOTALS, _totals(report)),)


_ENDPOINT: Final = ("protocol", "method", "endpoint", *_TRAFFIC)
_PROTOCOL: Final = ("protocol", *_TRAFFIC)


def _endpoints(name: str, rows: Iterable[EndpointRow]) -> Table:
    return _table(name, _ENDPOINT, ((row.protocol, row.method, row.endpoint, *_traffic(row)) for row in rows))


def _protocols(name: str, rows: Iterable[ProtocolRow]) -> Table:
    return _table(name, _PROTOCOL, ((row.protocol, *_traffic(row)) for row in rows))


_ENDS: Final = ("first_request", "first_request_resolution", "last_request", "last_request_resolution")


@tables.register
def _(report: Overview) -> tuple[Table, ...]:
    peak = report.peak
    busiest: Row = (None, None, None) if peak is None else (peak.rate, peak.start, peak.seconds)
    figures = (*_totals(report), *busiest, *_moment(report.first_request), *_moment(report.last_request))
    return (
        _single("totals", (*_TOTALS, "peak_requests_per_second", "peak_start", "peak_seconds", *_ENDS), figures),
        _classes(report.status_classes),
        _protocols("top_protocols", report.top_protocols),
        _endpoints("top_endpoints", report.top_endpoints),
    )


@tables.register
def _(report: Requests) -> tuple[Table, ...]:
    return (_frame_table("requests", report.frame),)


@tables.register
def _(report: LatencyTrends) -> tuple[Table, ...]:
    return (_frame_table("latency_trends", report.frame),)


@tables.register
def _(report: LatencyDistribution) -> tuple[Table, ...]:
    summary = (report.total_requests, *_latency(report.latency))
    return (
        _frame_table("latency_distribution", report.frame),
        _single("totals", ("total_requests", *_LATENCY), summary),
    )


@tables.register
def _(report: Errors) -> tuple[Table, ...]:
    columns = ("error_type", "error_category", "count", "share", "endpoints", "endpoint_count", "last_occurrence")
    rows = (
        (
            group.error_type,
            group.error_category,
            group.count,
            group.share,
            group.endpoints,
            group.endpoint_count,
            group.last_occurrence,
        )
        for group in report.groups
    )
    return (_table("errors", columns, rows),)


@tables.register
def _(report: ErrorEvents) -> tuple[Table, ...]:
    frame = report.frame
    seconds = frame.get_column("timestamp") / MICROSECONDS
    return (_frame_table("error_events", frame.with_columns(seconds.alias("timestamp"))),)


@tables.register
def _(report: Endpoints) -> tuple[Table, ...]:
    return (_endpoints("endpoints", report.rows),)


@tables.register
def _(report: Protocols) -> tuple[Table, ...]:
    return (_protocols("protocols", report.rows),)


@tables.register
def _(report: StatusCodes) -> tuple[Table, ...]:
    rows = ((row.status_code, *_traffic(row)) for row in report.rows)
    return (_table("status_codes", ("status_code", *_TRAFFIC), rows), _classes(report.classes))


@tables.register
def _(report: Clients) -> tuple[Table, ...]:
    columns = (
        "client_ip",
        "request_count",
        "share",
        "error_count",
        "error_rate",
        "latency_count",
        "avg_latency_ms",
        "bytes_sent",
        "bytes_received",
        "agent_families",
        "top_endpoints",
    )
    rows = (
        (
            row.client_ip,
            row.request_count,
            row.share,
            row.error_count,
            row.error_rate,
            row.latency_count,
            row.average_latency,
            row.bytes_sent,
            row.bytes_received,
            row.agent_families,
            row.top_endpoints,
        )
        for row in report.rows
    )
    totals = (report.total_requests, report.unique_clients)
    return (_table("clients", columns, rows), _single("totals", ("total_requests", "unique_clients"), totals))


@tables.register
def _(report: EndpointClients) -> tuple[Table, ...]:
    columns = (
        "client_ip",
        "request_count",
        "requests_at_most",
        "share",
        "first_hour",
        "last_hour",
        "agent_families",
    )
    totals = (
        "total_requests",
        "attributed_requests",
        "unattributed_requests",
        "overflow_requests",
        "unique_clients",
    )
    rows = (tuple(getattr(row, column) for column in columns) for row in report.rows)
    return (
        _table("endpoint_clients", columns, rows),
        _single("totals", totals, tuple(getattr(report, name) for name in totals)),
    )


@tables.register
def _(report: TrafficPatterns) -> tuple[Table, ...]:
    cells = (
        (
            cell.day.isoformat(),
            cell.hour,
            cell.day_of_week,
            cell.request_count,
            cell.error_count,
            cell.latency_count,
            cell.average_latency,
            cell.seconds,
        )
        for cell in report.cells
    )
    week = (
        (
            cell.day_of_week,
            cell.hour,
            cell.request_count,
            cell.error_count,
            cell.latency_count,
            cell.average_latency,
            cell.seconds,
        )
        for cell in report.week
    )
    counts = ("request_count", "error_count")
    return (
        _table(
            "traffic_patterns",
            ("date", "hour", "day_of_week", *counts, "latency_count", "avg_latency_ms", "covered_seconds"),
            cells,
        ),
        _table("week", ("day_of_week", "hour", *counts, "latency_count", "avg_latency_ms", "covered_seconds"), week),
    )


@tables.register
def _(report: Values) -> tuple[Table, ...]:
    return (_table("dimension_values", ("value", "count"), ((value.value, value.count) for value in report.values)),)


@tables.register
def _(report: Peaks) -> tuple[Table, ...]:
    peaks = {
        "requests": report.requests,
        "errors": report.errors,
        "bytes_sent": report.bytes_sent,
        "bytes_received": report.bytes_received,
    }
    rows = (
        (measure, peak.rate, peak.count, peak.start, peak.seconds)
        for measure, peak in peaks.items()
        if peak is not None
    )
    return (
        _table("peaks", ("measure", "peak_rate", "peak_count", "peak_start", "peak_seconds"), rows),
        _single("connections", ("active_connections",), (report.active_connections,)),
    )
