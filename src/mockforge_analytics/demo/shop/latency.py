"""How long each route takes, and when it misbehaves."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["PROFILE", "Behaviour", "Fault", "LogNormal"]


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A log-normal response time: half of the requests are faster than `median_ms`.

    `sigma` is the standard deviation of the natural logarithm; 0.5 puts p99 at 3.2 medians, 0.7 at 5.1.
    """

    median_ms: float
    sigma: float

    def sample_s(self, rng: random.Random) -> float:
        """Return one response time in seconds."""
        return self.median_ms * math.exp(rng.gauss(0.0, self.sigma)) / 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """Route `route` misbehaves from `start_s` until `end_s` (seconds since the app's first request, half-open).

    Its response times grow by `latency_factor`, and `error_share` (0..1) of its requests end with `status`.
    """

    route: str
    start_s: float
    end_s: float
    latency_factor: float = 1.0
    error_share: float = 0.0
    status: int = 500


PROFILE: dict[str, LogNormal] = {
    "health": LogNormal(0.4, 0.2),
    "home": LogNormal(1.0, 0.2),
    "login": LogNormal(70.0, 0.25),
    "logout": LogNormal(3.0, 0.3),
    "products": LogNormal(14.0, 0.4),
    "product": LogNormal(6.0, 0.4),
    "reviews": LogNormal(11.0, 0.45),
    "search": LogNormal(38.0, 0.6),
    "recommendations": LogNormal(55.0, 0.5),
    "cart": LogNormal(8.0, 0.4),
    "checkout": LogNormal(160.0, 0.45),
    "orders": LogNormal(22.0, 0.5),
    "order": LogNormal(12.0, 0.4),
    "me": LogNormal(5.0, 0.3),
    "user": LogNormal(7.0, 0.3),
    "uploads": LogNormal(45.0, 0.6),
    "report": LogNormal(700.0, 0.7),
    "graphql": LogNormal(30.0, 0.5),
}


class Behaviour:
    """Decides the response time and the planned failure of each request; same seed and order, same decisions."""

    def __init__(self, *, seed: int, faults: Sequence[Fault], now: Callable[[], float], scale: float = 1.0) -> None:
        unknown = sorted({fault.route for fault in faults} - PROFILE.keys())
        if unknown:
            message = f"faults name unknown routes {unknown}; known are {sorted(PROFILE)}"
            raise ValueError(message)
        self._rng = random.Random(seed)
        self._faults = tuple(faults)
        self._now = now
        self._scale = scale
        self._origin: float | None = None

    def decide(self, route: str) -> tuple[float, int | None]:
        """Return (seconds to take, status of a planned failure or None) for one request to `route`."""
        seconds = PROFILE[route].sample_s(self._rng) * self._scale
        now = self._now()
        if self._origin is None:
            self._origin = now
        elapsed = now - self._origin
        for fault in self._faults:
            if fault.route == route and fault.start_s <= elapsed < fault.end_s:
                failed = self._rng.random() < fault.error_share
                return seconds * fault.latency_factor, fault.status if failed else None
        return seconds, None
