"""The questions whose answers are timed: every report, without a filter and with one of each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mockforge_analytics.query.parse import parse_spec
from mockforge_analytics.query.reports.overview import totals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.runtime.reports import Parameter

__all__ = ["HEADLINES", "NO_FILTER", "OTHERS", "Question"]

NO_FILTER: Final = "–"
_OTHER_MS: Final = 25.0
_WINDOW: Final = "7d"
_SERIES_FILTERS: Final = {
    "protocol": "http",
    "environment": "prod",
    "workspace_id": "(none)",
    "endpoint": "/api/v1/resource-7/:id",
    "method": "GET",
    "status_code": "5xx",
}
_ERROR_FILTERS: Final = {**_SERIES_FILTERS, "error_type": "http_500", "error_category": "server_error"}
_CLIENT_FILTERS: Final = {
    "protocol": "http",
    "environment": "prod",
    "workspace_id": "(none)",
    "client_ip": "10.3.77.9",
    "user_agent_family": "Chrome",
}
_DIMENSION: Final = "endpoint"


@dataclass(frozen=True, slots=True)
class Question:
    """A report over the last seven days, with at most one filter, to be answered within `target_ms` when warm."""

    report: str
    target_ms: float = _OTHER_MS
    filters: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> tuple[str, str]:
        """The report and the name of the filter, a dash where there is none."""
        return self.report, next(iter(self.filters), NO_FILTER)

    def ask(self, database: AnalyticsDatabase) -> object:
        """Return the answer."""
        parameters: dict[str, Parameter] = {"last": _WINDOW, **self.filters}
        if self.report == "totals":
            now_us = database.clock.now_us()
            with database.store.snapshot() as snapshot:
                return totals(snapshot, parse_spec(parameters, now_us), now_us)
        if self.report == "endpoint_clients":
            parameters["endpoint"] = _SERIES_FILTERS["endpoint"]
        if self.report == "dimension_values":
            return database.dimension_values(_DIMENSION, spec=None, search="", **parameters)
        return getattr(database, self.report)(**parameters)


HEADLINES: Final = (
    Question("totals", 5.0),
    Question("overview", 15.0),
    Question("requests", 5.0),
    Question("traffic_patterns", 5.0),
    Question("latency_trends", 10.0),
)
_REPORTS: Final = {
    **dict.fromkeys((question.report for question in HEADLINES), _SERIES_FILTERS),
    "endpoints": _SERIES_FILTERS,
    "protocols": _SERIES_FILTERS,
    "status_codes": _SERIES_FILTERS,
    "latency_distribution": _SERIES_FILTERS,
    "peaks": _SERIES_FILTERS,
    "dimension_values": _SERIES_FILTERS,
    "errors": _ERROR_FILTERS,
    "error_events": _ERROR_FILTERS,
    "clients": _CLIENT_FILTERS,
    "endpoint_clients": _CLIENT_FILTERS,
}
_UNFILTERED: Final = tuple(Question(report) for report in _REPORTS if report not in {q.report for q in HEADLINES})
OTHERS: Final = _UNFILTERED + tuple(
    Question(report, filters={name: value}) for report, filters in _REPORTS.items() for name, value in filters.items()
)
