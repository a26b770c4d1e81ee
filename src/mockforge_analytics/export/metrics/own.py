"""The traffic under our own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.export.metrics.buckets import LATENCY_BOUNDS
from mockforge_analytics.export.metrics.definitions import TRAFFIC
from mockforge_analytics.export.metrics.families import counter, gauge, histogram
from mockforge_analytics.export.metrics.grouping import Groups
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.dimensions import ErrorCategory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.core import Metric

    from mockforge_analytics.export.metrics.traffic import Counts
    from mockforge_analytics.model.commit import SeriesName

__all__ = ["error_category", "status_class", "traffic_families"]

_CLASSES: Final = range(1, 6)
_CLASS_WIDTH: Final = 100
_NO_CLASS: Final = "none"
# Shown as zero beside the first request, so that the first error is an increase that Prometheus sees.
_ALWAYS: Final = (ErrorCategory.CLIENT, ErrorCategory.SERVER)


def status_class(status_code: int) -> str:
    """Return ``2xx`` and the like, ``none`` for what is no status of HTTP."""
    number = status_code // _CLASS_WIDTH
    return f"{number}xx" if number in _CLASSES else _NO_CLASS


def error_category(status_code: int) -> ErrorCategory:
    """Return the category that the status of a failed request alone tells (contract section 7)."""
    by_class = {"4xx": ErrorCategory.CLIENT, "5xx": ErrorCategory.SERVER}
    return by_class.get(status_class(status_code), ErrorCategory.OTHER)


def traffic_families(
    counts: Counts, connections: Mapping[tuple[str, str, str], int], *, created: bool, native: bool = False
) -> Iterator[Metric]:
    """Yield the traffic, with the times since when it is counted where `created`, and native histograms where `native`.

    `connections` are those open now by protocol, workspace and environment.
    """
    groups = Groups(counts, _series, created=created)
    yield counter(TRAFFIC["requests"], groups.values(Measure.REQUESTS))
    yield counter(TRAFFIC["errors"], _errors(counts, created=created))
    yield histogram(
        TRAFFIC["request_duration_seconds"],
        LATENCY_BOUNDS,
        groups.histograms(groups.latencies),
        groups.natives() if native else None,
    )
    scopes = Groups(counts, _scope, created=created)
    yield counter(TRAFFIC["sent_bytes"], scopes.values(Measure.BYTES_SENT))
    yield counter(TRAFFIC["received_bytes"], scopes.values(Measure.BYTES_RECEIVED))
    open_now = {(protocol, environment, workspace): n for (protocol, workspace, environment), n in connections.items()}
    yield gauge(TRAFFIC["active_connections"], open_now)


def _series(name: SeriesName) -> tuple[str, ...]:
    shown = status_class(name.status_code)
    return name.protocol, name.method, name.endpoint, shown, name.environment, name.workspace_id


def _scope(name: SeriesName) -> tuple[str, ...]:
    return name.protocol, name.environment, name.workspace_id


def _errors(counts: Counts, *, created: bool) -> dict[tuple[str, ...], tuple[float, float | None]]:
    """Return the failed requests of each endpoint by category."""
    by_code = Groups(counts, lambda name: (*_endpoint(name), error_category(name.status_code)), created=created)
    counted = by_code.values(Measure.ERRORS)
    whole = Groups(counts, _endpoint, created=created)
    found: dict[tuple[str, ...], tuple[float, float | None]] = {}
    for (protocol, method, endpoint, environment, workspace), since in zip(whole.labels, whole.created, strict=True):
        for category in ErrorCategory:
            value, _ = counted.get((protocol, method, endpoint, environment, workspace, category), (0.0, None))
            if value or category in _ALWAYS:
                found[protocol, method, endpoint, str(category), environment, workspace] = (value, since)
    return found


def _endpoint(name: SeriesName) -> tuple[str, ...]:
    return name.protocol, name.method, name.endpoint, name.environment, name.workspace_id
