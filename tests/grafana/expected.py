"""What every query of the boards and rules must give, computed from the traffic that was sent.

What only the server knows of itself, such as how long its commits took, comes from the scraped texts.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.grafana.history import Labels, Moment, labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.traffic import Row

__all__ = ["ALERTS", "HEALTH", "OVERVIEW", "RECORDED", "UPSTREAM"]

Values = dict[Labels, float]
OVER: Final = 300
OWN_BOUNDS: Final = tuple(2.0**power for power in range(-10, 5))
UPSTREAM_BOUNDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
P: Final = "mockforge_analytics_"


def failed(entry: Row) -> bool:
    return bool(entry["status_code"] >= 400)


def groups(rows: Iterable[Row], *names: str) -> set[tuple[str, ...]]:
    return {tuple(entry[name] for name in names) for entry in rows}


def rate(at: Moment, *names: str, errors: bool = False, seconds: int = OVER) -> Values:
    """Return requests (or errors) a second of every group that was ever there."""
    counted = Counter(tuple(entry[name] for name in names) for entry in at.rows(seconds) if failed(entry) or not errors)
    return {
        labels(**dict(zip(names, group, strict=True))): counted[group] / seconds for group in groups(at.rows(), *names)
    }


def interpolated(part: float, buckets: Sequence[tuple[float, float]]) -> float:
    """Return a quantile of cumulated counts by upper bound, the last being +Inf, as PromQL defines it."""
    rank = part * buckets[-1][1]
    if not buckets[-1][1]:
        return math.nan
    place = next(i for i, (_, count) in enumerate(buckets) if count >= rank)
    if place == len(buckets) - 1:
        return buckets[-2][0]
    low, before = buckets[place - 1] if place else (0.0, 0.0)
    high, count = buckets[place]
    return low + (high - low) * (rank - before) / (count - before)


def percentile(rows: Iterable[Row], part: float, bounds: Sequence[float]) -> float:
    seconds = [entry["latency_us"] / 1e6 for entry in rows if entry["latency_us"] is not None]
    cumulated = [(bound, float(sum(value <= bound for value in seconds))) for bound in (*bounds, math.inf)]
    return interpolated(part, cumulated)


def own_percentile(part: float) -> Callable[[Moment], Values]:
    return lambda at: {labels(): 1_000 * percentile(at.rows(OVER), part, OWN_BOUNDS)}


def error_percent(at: Moment) -> Values:
    rows = at.rows(OVER)
    return {labels(): 100 * sum(map(failed, rows)) / len(rows)}


def by_category(at: Moment, name: str) -> Values:
    counts = Counter(
        "server_error" if entry["status_code"] >= 500 else "client_error" for entry in at.rows(OVER) if failed(entry)
    )
    return {labels(**{name: kind}): counts[kind] / OVER for kind in ("client_error", "server_error")}


def connections(at: Moment) -> Values:
    return {labels(protocol=name): float(value) for (name, _), value in at.last_write.open.items()}


def scraped(name: str) -> Callable[[Moment], Values]:
    return lambda at: {labels(): sum(at.now(name).values())}


def measured(name: str, *by: str) -> Callable[[Moment], Values]:
    """Return the 95th percentiles of a histogram of the server's own, from two scrapes."""

    def value(at: Moment) -> Values:
        found: dict[Labels, list[tuple[float, float]]] = {}
        for key, count in at.increase(f"{P}{name}_duration_seconds_bucket", OVER).items():
            known = dict(key)
            group = labels(**{one: known[one] for one in by})
            found.setdefault(group, []).append((float(known["le"]), count))
        return {group: interpolated(0.95, sorted(buckets)) for group, buckets in found.items()}

    return value


def growth(name: str) -> Callable[[Moment], Values]:
    return lambda at: {labels(): sum(at.increase(name, OVER).values()) / OVER}


def constant(value: float) -> Callable[[Moment], Values]:
    return lambda _: {labels(): value}


def nothing(_: Moment) -> Values:
    return {}


OVERVIEW: Final[Mapping[tuple[str, str], Callable[[Moment], Values]]] = {
    ("Request Rate", "requests"): rate,
    ("P95 Latency", "P95"): own_percentile(0.95),
    ("Error Rate", "errors"): error_percent,
    ("Requests by Protocol", "{{protocol}}"): lambda at: rate(at, "protocol"),
    ("Top Endpoints by Request Rate", "{{method}} {{endpoint}}"): lambda at: rate(at, "method", "endpoint"),
    ("Latency Percentiles", "P50"): own_percentile(0.5),
    ("Latency Percentiles", "P95"): own_percentile(0.95),
    ("Latency Percentiles", "P99"): own_percentile(0.99),
    ("Active Connections", "{{protocol}}"): connections,
    ("System Metrics", "memory"): scraped("process_resident_memory_bytes"),
    ("System Metrics", "processor"): lambda at: {
        key: 100 * value for key, value in growth("process_cpu_seconds_total")(at).items()
    },
    ("Errors by Type", "{{error_category}}"): lambda at: by_category(at, "error_category"),
}


def age(at: Moment) -> Values:
    return {labels(): at.at - max(entry["timestamp"] for entry in at.rows()) / 1e6}


def outcome(name: str) -> Callable[[Moment], Values]:
    return lambda at: {labels(): at.outcome(name, OVER) / OVER}


HEALTH: Final[Mapping[tuple[str, str], Callable[[Moment], Values]]] = {
    ("Ready", "ready"): constant(1),
    ("Newest Request", "age"): age,
    ("Write Queue", "full"): constant(0),
    ("Stream Clients", "clients"): constant(0),
    ("Received by Source", "{{source}}"): lambda at: {labels(source="library"): at.outcome("received", OVER) / OVER},
    **{("What Became of Them", n): outcome(n) for n in ("stored", "deduplicated", "rejected", "overflowed")},
    ("Silence of Sources", "{{source}}"): lambda at: {labels(source="library"): float(at.at - at.at // 60 * 60)},
    ("Commit and Fold", "commit"): measured("commit"),
    ("Commit and Fold", "fold"): measured("fold"),
    ("Reports", "{{report}}"): measured("query", "report"),
    ("Waiting Requests", "queued"): constant(0),
    ("Waiting Requests", "pending"): scraped(f"{P}pending_requests"),
    **{("Room", n): scraped(f"{P}{n}_bytes") for n in ("database", "database_free", "wal", "disk_free")},
    **{("Live Stream", n): constant(0) for n in ("frames", "coalesced_frames", "slow_clients", "refused_clients")},
}

SCOPE: Final = ("protocol", "environment", "workspace_id")


def ratio(at: Moment, seconds: int, least: int, most: float, *names: str) -> Values:
    """Return the part of requests that failed, where it is above `most` and there are `least` errors."""
    requests, errors = rate(at, *names, seconds=seconds), rate(at, *names, seconds=seconds, errors=True)
    return {
        key: errors[key] / count
        for key, count in requests.items()
        if count and errors[key] / count > most and round(errors[key] * seconds) >= least
    }


def percentiles(at: Moment, seconds: int, part: float, *names: str) -> Values:
    return {
        labels(**dict(zip(names, group, strict=True))): percentile(
            [e for e in at.rows(seconds) if tuple(e[n] for n in names) == group], part, OWN_BOUNDS
        )
        for group in groups(at.rows(), *names)
    }


RECORDED: Final[Mapping[str, Callable[[Moment], Values]]] = {
    "scope:mockforge_analytics_requests:rate5m": lambda at: rate(at, *SCOPE),
    "scope:mockforge_analytics_errors:rate5m": lambda at: rate(at, *SCOPE, errors=True),
    "scope:mockforge_analytics_errors:ratio_rate5m": lambda at: ratio(at, OVER, 0, -1, *SCOPE),
    "scope:mockforge_analytics_request_duration_seconds:p95_rate5m": lambda at: percentiles(at, OVER, 0.95, *SCOPE),
}


def slow(at: Moment) -> Values:
    known = Counter(e["environment"] for e in at.rows(600) if e["latency_us"] is not None)
    found = percentiles(at, 600, 0.99, "environment")
    return {key: value for key, value in found.items() if value > 1 and known[dict(key)["environment"]] >= 5}


def refused(at: Moment) -> Values:
    rejected, received = at.outcome("rejected", 900), at.outcome("received", 900)
    return {labels(source="library"): rejected / received} if rejected >= 3 and rejected / received > 0.01 else {}


ALERTS: Final[Mapping[str, Callable[[Moment], Values]]] = {
    "MockForgeErrorRateHigh": lambda at: ratio(at, 600, 3, 0.05, "environment"),
    "MockForgeErrorRateVeryHigh": lambda at: ratio(at, 600, 3, 0.25, "environment"),
    "MockForgeLatencyHigh": slow,
    "MockForgeNoRequests": nothing,
    "MockForgeAnalyticsNotReady": nothing,
    "MockForgeAnalyticsAbsent": nothing,
    "MockForgeAnalyticsRejects": refused,
    "MockForgeAnalyticsQueueFull": nothing,
}


def renamed(values: Values, **names: str) -> Values:
    """Return `values` with other names of labels, and protocols as MockForge writes them."""
    return {
        labels(**{names.get(n, n): v.lower() if n == "protocol" else v for n, v in key}): value
        for key, value in values.items()
    }


def upstream_percentile(part: float) -> Callable[[Moment], Values]:
    return lambda at: {labels(): 1_000 * percentile(at.rows(OVER), part, UPSTREAM_BOUNDS)}


_QUANTILE: Final = "histogram_quantile({}, sum(rate(mockforge_request_duration_seconds_bucket[5m])) by (le)) * 1000"
# MockForge's own board (contract section 9.1), word for word.
UPSTREAM: Final[Mapping[str, Callable[[Moment], Values]]] = {
    "sum(rate(mockforge_requests_total[5m]))": rate,
    **{_QUANTILE.format(text): upstream_percentile(float(text)) for text in ("0.50", "0.95", "0.99")},
    "(sum(rate(mockforge_errors_total[5m])) / sum(rate(mockforge_requests_total[5m]))) * 100": error_percent,
    "sum by (protocol) (rate(mockforge_requests_total[5m]))": lambda at: renamed(rate(at, "protocol")),
    "topk(10, sum by (path, method) (rate(mockforge_requests_by_path_total[5m])))": lambda at: renamed(
        rate(at, "method", "endpoint"), endpoint="path"
    ),
    "sum(mockforge_requests_in_flight)": lambda at: {labels(): float(at.last_write.open["HTTP", "prod"])},
    "mockforge_ws_connections_active": lambda at: {
        labels(__name__="mockforge_ws_connections_active"): float(at.last_write.open["WebSocket", "prod"])
    },
    "mockforge_smtp_connections_active": lambda _: {labels(__name__="mockforge_smtp_connections_active"): 0.0},
    "mockforge_mqtt_connections_active": lambda _: {labels(__name__="mockforge_mqtt_connections_active"): 0.0},
    "mockforge_memory_usage_bytes / 1024 / 1024": lambda at: {
        labels(): sum(at.now("mockforge_memory_usage_bytes").values()) / 1024 / 1024
    },
    "mockforge_cpu_usage_percent": lambda at: {
        labels(__name__="mockforge_cpu_usage_percent"): sum(at.now("mockforge_cpu_usage_percent").values())
    },
    "sum by (error_type) (rate(mockforge_errors_total[5m]))": lambda at: {
        **by_category(at, "error_type"),
        labels(error_type="grpc_error"): 0.0,
    },
}
