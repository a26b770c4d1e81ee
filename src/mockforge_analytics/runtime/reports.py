"""The reports as methods, each answered from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from mockforge_analytics.query.parse import parse_spec

if TYPE_CHECKING:
    from mockforge_analytics.clock import Clock
    from mockforge_analytics.ports import Reader, Snapshot
    from mockforge_analytics.query import client_results, results
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["Parameter", "Reports"]

Parameter = str | int | float | Iterable[str | int | float] | None
Extra = ParamSpec("Extra")
Answer = TypeVar("Answer")


class Reports:
    """Answers questions from a reader.

    Every method takes either a `QuerySpec` or its parameters by name, as the command line and the API take them:
    ``overview(last="24h", status_code="5xx", endpoint="/users/:id")``. Without a time range the answer covers what
    the database holds. Each raises `QueryError` for a question it cannot answer exactly, naming the parameter.
    """

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    def _answer(
        self,
        report: Callable[Concatenate[Snapshot, QuerySpec, int, Extra], Answer],
        spec: QuerySpec | None,
        parameters: dict[str, Parameter],
        *extra: Extra.args,
        **named: Extra.kwargs,
    ) -> Answer:
        now_us = self._clock.now_us()
        question = parse_spec(parameters, now_us) if spec is None else spec
        with self._reader.snapshot() as snapshot:
            return report(snapshot, question, now_us, *extra, **named)

    def overview(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.Overview:
        """Totals, percentiles, rates, peaks, top protocols and top endpoints."""
        from mockforge_analytics.query.reports.overview import overview

        return self._answer(overview, spec, parameters)

    def requests(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.Requests:
        """Requests of each protocol over time."""
        from mockforge_analytics.query.reports.requests import requests

        return self._answer(requests, spec, parameters)

    def latency_trends(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.LatencyTrends:
        """Percentiles, average, minimum and maximum over time."""
        from mockforge_analytics.query.reports.latency import latency_trends

        return self._answer(latency_trends, spec, parameters)

    def latency_distribution(
        self, spec: QuerySpec | None = None, **parameters: Parameter
    ) -> results.LatencyDistribution:
        """How many requests took how long."""
        from mockforge_analytics.query.reports.latency import latency_distribution

        return self._answer(latency_distribution, spec, parameters)

    def errors(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.Errors:
        """Errors by type and category, exactly counted."""
        from mockforge_analytics.query.reports.errors import errors

        return self._answer(errors, spec, parameters)

    def error_events(
        self, spec: QuerySpec | None = None, *, before: tuple[int, int] | None = None, **parameters: Parameter
    ) -> results.ErrorEvents:
        """Single errors, newest first; `before` is the cursor of the page before."""
        from mockforge_analytics.query.reports.errors import error_events

        return self._answer(error_events, spec, parameters, before=before)

    def endpoints(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.Endpoints:
        """Endpoints with requests, errors, latencies and bytes."""
        from mockforge_analytics.query.reports.endpoints import endpoints

        return self._answer(endpoints, spec, parameters)

    def protocols(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.Protocols:
        """Protocols with requests, errors and latencies."""
        from mockforge_analytics.query.reports.protocols import protocols

        return self._answer(protocols, spec, parameters)

    def status_codes(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.StatusCodes:
        """Requests by status code and class."""
        from mockforge_analytics.query.reports.statuses import status_codes

        return self._answer(status_codes, spec, parameters)

    def clients(self, spec: QuerySpec | None = None, **parameters: Parameter) -> client_results.Clients:
        """Client addresses with requests, errors, agents and endpoints."""
        from mockforge_analytics.query.reports.clients import clients

        return self._answer(clients, spec, parameters)

    def endpoint_clients(
        self, spec: QuerySpec | None = None, **parameters: Parameter
    ) -> client_results.EndpointClients:
        """Client addresses that asked the endpoints of the question, which has to name some."""
        from mockforge_analytics.query.reports.endpoint_clients import endpoint_clients

        return self._answer(endpoint_clients, spec, parameters)

    def traffic_patterns(
        self, spec: QuerySpec | None = None, *, zone: str = "UTC", days: int | None = None, **parameters: Parameter
    ) -> results.TrafficPatterns:
        """Requests by date and hour, and by weekday and hour, in the time zone `zone` (IANA name)."""
        from mockforge_analytics.query.reports.patterns import traffic_patterns

        return self._answer(traffic_patterns, spec, parameters, zone=zone, days=days)

    def dimension_values(
        self, dimension: str, spec: QuerySpec | None = None, *, search: str = "", **parameters: Parameter
    ) -> results.Values:
        """The values of a dimension with their requests, those that contain `search`."""
        from mockforge_analytics.query.reports.values import dimension_values

        return self._answer(dimension_values, spec, parameters, dimension, search=search)

    def peaks(self, spec: QuerySpec | None = None, **parameters: Parameter) -> results.Peaks:
        """The highest rates and when they were."""
        from mockforge_analytics.query.reports.peaks import peaks

        return self._answer(peaks, spec, parameters)
