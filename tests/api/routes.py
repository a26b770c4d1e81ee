"""Every route that answers questions, with a way to count the requests (or errors) that its answer speaks of."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.api.traffic import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from tests.support.server import Served

__all__ = ["ROUTES", "Route"]

SERIES_FILTERS: Final = frozenset({"protocol", "endpoint", "method", "status_code", "workspace_id", "environment"})
ERROR_FILTERS: Final = SERIES_FILTERS | {"error_type", "error_category"}
EVENT_FILTERS: Final = ERROR_FILTERS | {"client_ip"}
CLIENT_FILTERS: Final = frozenset({"protocol", "workspace_id", "environment", "client_ip", "user_agent_family"})


@dataclass(frozen=True)
class Route:
    """A route: what `count` makes of its answer is the number of requests that match, or of errors among them."""

    name: str
    count: Callable[[Any], int]
    filters: frozenset[str] = SERIES_FILTERS
    errors_only: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    bare: Callable[[httpx.Response], Any] | None = None

    def ask(self, served: Served, **parameters: Any) -> httpx.Response:
        """Ask it."""
        return served.get(self.name, **{**self.parameters, **parameters})

    def answer(self, response: httpx.Response) -> Any:
        """Return the data of a good answer."""
        assert response.status_code == 200, response.text
        return response.json()["data"] if self.bare is None else self.bare(response)

    def window(self, response: httpx.Response) -> tuple[int, int]:
        """Return the effective window of a good answer."""
        if self.bare is not None:
            return int(response.headers["X-Analytics-Start"]), int(response.headers["X-Analytics-End"])
        meta = response.json()["data"]["meta"]
        return meta["start_time"], meta["end_time"]


def _points(data: Any) -> int:
    assert all(line["total"] == sum(point["value"] for point in line["data"]) for line in data["series"])
    return sum(line["total"] for line in data["series"])


def _sum(name: str, column: str) -> Callable[[Any], int]:
    return lambda data: sum(item[column] for item in data[name])


def _csv(response: httpx.Response) -> list[dict[str, int]]:
    return [{"request_count": int(item["request_count"])} for item in csv.DictReader(io.StringIO(response.text))]


def _total(data: Any) -> int:
    return int(data["total_requests"])


def _rows(data: Any) -> int:
    return sum(item["request_count"] for item in data)


_WIDE: Final = {"duration": "6d", "limit": 10_000}
_HOURS: Final = {**_WIDE, "granularity": "hour"}

ROUTES: Final = {
    route.name if not route.parameters.get("group_by") else f"{route.name} by {route.parameters['group_by']}": route
    for route in (
        Route("overview", _total, parameters=_WIDE),
        Route("requests", _points, parameters=_HOURS),
        *(
            Route("requests", _points, parameters={**_HOURS, "group_by": group, "series_limit": 2})
            for group in ("status_class", "status_code", "method", "endpoint", "environment", "workspace_id", "none")
        ),
        Route("latency", _sum("trends", "request_count"), parameters=_HOURS),
        Route("latency/distribution", _total, parameters=_WIDE),
        Route("errors", lambda data: int(data["total_errors"]), ERROR_FILTERS, errors_only=True, parameters=_WIDE),
        Route("errors/trend", _points, ERROR_FILTERS, errors_only=True, parameters=_HOURS),
        Route("errors/events", lambda data: len(data["events"]), EVENT_FILTERS, errors_only=True, parameters=_WIDE),
        Route("endpoints", _sum("endpoints", "total_requests"), parameters={**_WIDE, "trend": "true"}),
        Route("protocols", _sum("protocols", "request_count"), parameters=_WIDE),
        Route("status-codes", _sum("status_codes", "request_count"), parameters=_WIDE),
        Route("clients", _sum("clients", "request_count"), CLIENT_FILTERS, parameters=_WIDE),
        Route(
            "endpoints/clients",
            _sum("clients", "request_count"),
            CLIENT_FILTERS | {"endpoint"},
            parameters={**_WIDE, "endpoint": [name or "(none)" for name in ENDPOINTS]},
        ),
        Route("traffic-patterns", _sum("patterns", "request_count"), parameters=_WIDE),
        Route("dimensions", _sum("values", "count"), parameters={**_WIDE, "dimension": "status_code"}),
        Route("export/csv", _rows, parameters=_HOURS, bare=_csv),
        Route("export/json", _rows, parameters=_HOURS, bare=lambda response: response.json()),
    )
}
