"""Tables of every report, and the registry that names their columns."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Final

import pytest

from mockforge_analytics.errors import QueryError
from mockforge_analytics.export.csv import table_csv
from mockforge_analytics.export.json import report_json
from mockforge_analytics.model.window import Window
from mockforge_analytics.query.metrics import LABELS, METRICS
from mockforge_analytics.query.reports.clients import clients
from mockforge_analytics.query.reports.endpoint_clients import endpoint_clients
from mockforge_analytics.query.reports.endpoints import endpoints
from mockforge_analytics.query.reports.errors import error_events, errors
from mockforge_analytics.query.reports.latency import latency_distribution, latency_trends
from mockforge_analytics.query.reports.overview import overview, totals
from mockforge_analytics.query.reports.patterns import traffic_patterns
from mockforge_analytics.query.reports.peaks import peaks
from mockforge_analytics.query.reports.protocols import protocols
from mockforge_analytics.query.reports.requests import requests
from mockforge_analytics.query.reports.statuses import status_codes
from mockforge_analytics.query.reports.values import dimension_values
from mockforge_analytics.query.results import Overview, Report
from mockforge_analytics.query.spec import QuerySpec
from mockforge_analytics.query.tables import table, tables
from tests.fakes.memory import MemorySnapshot
from tests.traffic import NOW, NOW_US, coverage_of, row

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS: Final = [
    row(NOW - 30 * number, endpoint=f"/{number % 3}", status_code=(200, 404, 0)[number % 3], latency_us=number or None)
    for number in range(60)
]
FULL: Final = MemorySnapshot(ROWS, coverage_of(ROWS))
EMPTY: Final = MemorySnapshot([], coverage_of([]))
REPORTS: Final[dict[str, Callable[[MemorySnapshot], Report]]] = {
    "totals": lambda snapshot: totals(snapshot, QuerySpec(), NOW_US),
    "overview": lambda snapshot: overview(snapshot, QuerySpec(), NOW_US),
    "requests": lambda snapshot: requests(snapshot, QuerySpec(), NOW_US),
    "latency_trends": lambda snapshot: latency_trends(snapshot, QuerySpec(), NOW_US),
    "latency_distribution": lambda snapshot: latency_distribution(snapshot, QuerySpec(), NOW_US),
    "errors": lambda snapshot: errors(snapshot, QuerySpec(), NOW_US),
    "error_events": lambda snapshot: error_events(snapshot, QuerySpec(), NOW_US),
    "endpoints": lambda snapshot: endpoints(snapshot, QuerySpec(), NOW_US),
    "protocols": lambda snapshot: protocols(snapshot, QuerySpec(), NOW_US),
    "status_codes": lambda snapshot: status_codes(snapshot, QuerySpec(), NOW_US),
    "clients": lambda snapshot: clients(snapshot, QuerySpec(), NOW_US),
    "endpoint_clients": lambda snapshot: endpoint_clients(snapshot, QuerySpec(endpoint=("/0", "/1")), NOW_US),
    "traffic_patterns": lambda snapshot: traffic_patterns(snapshot, QuerySpec(), NOW_US),
    "dimension_values": lambda snapshot: dimension_values(snapshot, QuerySpec(), NOW_US, "endpoint"),
    "peaks": lambda snapshot: peaks(snapshot, QuerySpec(), NOW_US),
}
REPORT: Final = pytest.mark.parametrize("name", REPORTS)
STATE: Final = pytest.mark.parametrize("snapshot", [FULL, EMPTY], ids=["traffic", "empty"])


@REPORT
@STATE
def test_every_column_is_defined_and_every_row_fits(name: str, snapshot: MemorySnapshot) -> None:
    for part in tables(REPORTS[name](snapshot)):
        for column in part.columns:
            assert column.name in METRICS or column.name in LABELS
            assert column.unit == (METRICS[column.name].unit if column.name in METRICS else "")
        for values in part.rows:
            assert len(values) == len(part.columns)
            assert all(value is None or isinstance(value, str | int | float | tuple) for value in values)
            assert all(math.isfinite(value) for value in values if isinstance(value, float))
        assert len(part.rows) == 1 or not part.single


@REPORT
def test_traffic_gives_rows(name: str) -> None:
    assert table(REPORTS[name](FULL)).rows


@REPORT
@STATE
def test_reports_become_json_and_csv(name: str, snapshot: MemorySnapshot) -> None:
    report = REPORTS[name](snapshot)
    document = json.loads(report_json(report))
    assert document["window"] == {"start": report.window.start, "end": report.window.end}
    for part in tables(report):
        found = document[part.name]
        assert len([found] if part.single else found) == len(part.rows)
        lines = list(table_csv(part))
        assert len(lines) == len(part.rows) + 1
        assert lines[0] == ",".join(column.name for column in part.columns) + "\n"


def test_the_overview_of_an_empty_database_is_zero_and_unknown() -> None:
    (figures,) = table(REPORTS["overview"](EMPTY)).rows
    by_name = dict(zip([column.name for column in table(REPORTS["overview"](EMPTY)).columns], figures, strict=True))
    zeros = ("total_requests", "total_errors", "error_rate", "latency_count", "requests_per_second", "total_bytes_sent")
    unknown = ("avg_latency_ms", "p95_latency_ms", "active_connections", "peak_start", "first_request", "last_request")
    assert [by_name[name] for name in zeros] == [0] * len(zeros)
    assert [by_name[name] for name in unknown] == [None] * len(unknown)


def test_the_overview_has_every_figure_of_its_type_in_its_tables() -> None:
    names = {column.name for part in tables(REPORTS["overview"](FULL)) for column in part.columns}
    names |= {part.name for part in tables(REPORTS["overview"](FULL))}
    own = {field.name for field in fields(Overview)} - {field.name for field in fields(Report)}
    assert own - {"latency", "peak"} <= names


def test_an_answer_without_a_table_says_so() -> None:
    report = Report(window=Window(0, 10), granularity=None, commit=1, warnings=(), filters={})
    with pytest.raises(QueryError, match="Report has no table"):
        tables(report)


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_definitions_are_one_sentence(metric: object) -> None:
    definition = METRICS[getattr(metric, "name", "")].definition
    assert re.fullmatch(r"[A-Z0-9][^\n]*\.", definition)
    assert not re.search(r"\.\s", definition.removesuffix("."))


def test_names_are_metrics_or_labels_but_not_both() -> None:
    assert not set(METRICS) & set(LABELS)


def test_days_of_patterns_are_iso_dates() -> None:
    (first, *_) = table(REPORTS["traffic_patterns"](FULL)).rows
    assert date.fromisoformat(str(first[0])) == date(2025, 6, 18)
