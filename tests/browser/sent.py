"""Events as the tests send them, and what they come to: computed here from the list, not asked from the server."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.api.app import BASE_PATH
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.support.process import Server

__all__ = ["HOUR", "WEEK", "Sent", "Sums", "post", "shop_hour"]

HOUR: Final = 3600
WEEK: Final = 7 * 24 * HOUR
FIRST_ERROR: Final = 400
NONE: Final = "(none)"
# Protocol, method, endpoint, how often, and the usual latency in milliseconds.
ROUTES: Final = (
    ("HTTP", "GET", "/users", 300, 12.0),
    ("HTTP", "POST", "/orders", 170, 85.0),
    ("HTTP", "GET", "/orders/:id", 120, 40.0),
    ("HTTP", "DELETE", "/orders/:id", 30, 55.0),
    ("GraphQL", "POST", "/graphql", 110, 130.0),
    ("gRPC", "CALL", "shop.Cart/Add", 70, 7.0),
    ("WebSocket", None, "/feed", 25, 900.0),
)
STATUSES: Final = (200, 200, 200, 200, 200, 200, 200, 200, 200, 201, 304, 400, 404, 404, 500, 503)
AGENTS: Final = (
    ("curl/8.5.0", "curl"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox"),
    ("python-requests/2.32.3", "Python Requests"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it is sent; `at` in Unix seconds."""

    at: float
    protocol: str = "HTTP"
    method: str | None = "GET"
    endpoint: str = "/users"
    status: int | None = 200
    latency_ms: float | None = 10.0
    bytes_sent: int = 100
    bytes_received: int = 10
    client: str = "192.0.2.1"
    agent: str = "curl/8.5.0"
    workspace: str | None = None
    environment: str | None = None
    error_type: str | None = None
    message: str | None = None

    @property
    def is_error(self) -> bool:
        return self.status is not None and self.status >= FIRST_ERROR

    def event(self) -> dict[str, Any]:
        """Return it as `POST events` takes it."""
        fields = {
            "timestamp": self.at,
            "protocol": self.protocol,
            "method": self.method,
            "path": self.endpoint,
            "endpoint": self.endpoint,
            "status_code": self.status,
            "latency_ms": self.latency_ms,
            "bytes_sent": self.bytes_sent,
            "bytes_received": self.bytes_received,
            "client_ip": self.client,
            "user_agent": self.agent,
            "workspace_id": self.workspace,
            "environment": self.environment,
            "error_type": self.error_type,
            "error_message": self.message,
        }
        return {name: value for name, value in fields.items() if value is not None}


def shop_hour(start: float, seed: int, scale: float = 1.0) -> list[Sent]:
    """Return an hour of a shop's traffic from `start` on: the same for the same seed."""
    source = random.Random(seed)
    rows = []
    for protocol, method, endpoint, weight, usual in ROUTES:
        for _ in range(round(weight * scale)):
            coded = protocol in {"HTTP", "GraphQL"}
            rows.append(
                Sent(
                    at=start + source.randrange(HOUR * 1000) / 1000,
                    protocol=protocol,
                    method=method,
                    endpoint=endpoint,
                    status=source.choice(STATUSES) if coded else None,
                    latency_ms=round(usual * source.lognormvariate(0, 0.5), 3),
                    bytes_sent=source.randrange(50, 9000),
                    bytes_received=source.randrange(10, 900),
                    client=f"192.0.2.{source.randrange(1, 9)}",
                    agent=source.choice(AGENTS)[0],
                    workspace=source.choice(["shop", "shop", "lab", None]),
                    environment=source.choice(["production", "production", "staging"]),
                )
            )
    return sorted(rows, key=lambda row: row.at)


@dataclass(frozen=True)
class Sums:
    """What `rows` come to."""

    rows: Sequence[Sent]

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def errors(self) -> int:
        return sum(row.is_error for row in self.rows)

    @property
    def error_rate(self) -> float:
        return 100 * self.errors / self.total

    @property
    def bytes_sent(self) -> int:
        return sum(row.bytes_sent for row in self.rows)

    @property
    def bytes_received(self) -> int:
        return sum(row.bytes_received for row in self.rows)

    @property
    def average(self) -> float:
        latencies = self._latencies
        return sum(latencies) / len(latencies)

    def percentile(self, percent: float) -> float:
        """Return the nearest rank of the latencies, in milliseconds."""
        ordered = sorted(self._latencies)
        return ordered[max(math.ceil(percent / 100 * len(ordered)), 1) - 1]

    def by(self, key: Callable[[Sent], Any]) -> dict[Any, int]:
        """Return how many requests have each value of `key`."""
        return dict(Counter(key(row) for row in self.rows))

    def only(self, keep: Callable[[Sent], bool]) -> Sums:
        """Return the sums of the rows that `keep` holds for."""
        return Sums([row for row in self.rows if keep(row)])

    def of(self, protocol: str, method: str | None, endpoint: str) -> Sums:
        """Return the sums of one endpoint."""
        return self.only(lambda row: (row.protocol, row.method, row.endpoint) == (protocol, method, endpoint))

    def from_client(self, address: str) -> Sums:
        """Return the sums of one client."""
        return self.only(lambda row: row.client == address)

    def between(self, start: float, end: float) -> Sums:
        """Return the sums of a half-open stretch of time."""
        return self.only(lambda row: start <= row.at < end)

    @property
    def _latencies(self) -> list[float]:
        return [row.latency_ms for row in self.rows if row.latency_ms is not None]


def post(server: Server, rows: Iterable[Sent]) -> None:
    """Send `rows`, all of which must be stored and in the reports at once."""
    events = [row.event() for row in rows]
    answer = server.client.post(f"{BASE_PATH}/events", json=events)
    assert answer.is_success, answer.text
    data = answer.json()["data"]
    assert data["stored"] == len(events), data
    until(lambda: int(server.data("status")["database"]["commit"]) >= int(data["commit"]), "the commit")
