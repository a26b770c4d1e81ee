"""Every report by plain loops over single requests and exact sorts: what the query layer must agree with.

Nothing here knows of tiers, cells or histograms. A report is asked with a half-open window of whole seconds and a
question whose filters hold; its own window and granularity are ignored.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockforge_analytics.model.window import Window
    from mockforge_analytics.query.spec import QuerySpec
    from tests.traffic import Row

MICROSECONDS: Final = 1_000_000
MILLI: Final = 1_000
NINETY_FIVE: Final = (95, 100)
NINETY_NINE: Final = (99, 100)
FIFTY: Final = (1, 2)
CASELESS: Final = ("protocol", "method")
TEXTS: Final = (
    *CASELESS,
    "endpoint",
    "workspace_id",
    "environment",
    "error_type",
    "error_category",
    "client_ip",
    "user_agent",
    "user_agent_family",
)


def selected(rows: Iterable[Row], window: Window, spec: QuerySpec) -> list[Row]:
    """Return the requests of the window that all filters let through."""
    return [
        entry
        for entry in rows
        if window.start * MICROSECONDS <= entry["timestamp"] < window.end * MICROSECONDS and _passes(entry, spec)
    ]


def _passes(entry: Row, spec: QuerySpec) -> bool:
    for name in TEXTS:
        wanted, stored = getattr(spec, name), entry[name]
        if name in CASELESS:
            wanted, stored = [value.lower() for value in wanted], stored.lower()
        if wanted and stored not in wanted:
            return False
    status = entry["status_code"]
    return not spec.status_code or any(part.low <= status <= part.high for part in spec.status_code)


def failed(entry: Row) -> bool:
    """Return whether a request is an error."""
    return bool(entry["error_type"])


def nearest_rank(ordered: Sequence[int], fraction: tuple[int, int]) -> float | None:
    """Return the value at rank ceil(q * n) of sorted microseconds, in milliseconds."""
    if not ordered:
        return None
    numerator, denominator = fraction
    rank = max(-(-numerator * len(ordered) // denominator), 1)
    return ordered[rank - 1] / MILLI


def latency(rows: Iterable[Row]) -> dict[str, float | int | None]:
    """Return the exact latency figures in milliseconds."""
    known = sorted(entry["latency_us"] for entry in rows if entry["latency_us"] is not None)
    return {
        "count": len(known),
        "average": sum(known) / len(known) / MILLI if known else None,
        "p50": nearest_rank(known, FIFTY),
        "p95": nearest_rank(known, NINETY_FIVE),
        "p99": nearest_rank(known, NINETY_NINE),
        "minimum": known[0] / MILLI if known else None,
        "maximum": known[-1] / MILLI if known else None,
    }


def figures(rows: Sequence[Row], total: int) -> dict[str, Any]:
    """Return the figures of one group out of `total` requests."""
    errors = sum(1 for entry in rows if failed(entry))
    return {
        "request_count": len(rows),
        "share": 100 * len(rows) / total if total else 0.0,
        "error_count": errors,
        "error_rate": 100 * errors / len(rows) if rows else 0.0,
        "latency": latency(rows),
        "bytes_sent": sum(entry["bytes_sent"] for entry in rows),
        "bytes_received": sum(entry["bytes_received"] for entry in rows),
    }


def grouped(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """Return the requests of each combination of values."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for entry in rows:
        groups.setdefault(tuple(entry[name] for name in names), []).append(entry)
    return groups


def breakdown(rows: Sequence[Row], *names: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Return (values, figures) of each group, most requests first, equal ones by their values."""
    groups = grouped(rows, *names)
    ordered = sorted(groups, key=lambda key: (-len(groups[key]), key))
    return [(key, figures(groups[key], len(rows))) for key in ordered]


def by_bucket(rows: Iterable[Row], width: int) -> dict[int, list[Row]]:
    """Return the requests of each bucket that has some."""
    buckets: dict[int, list[Row]] = {}
    for entry in rows:
        second = entry["timestamp"] // MICROSECONDS
        buckets.setdefault(second - second % width, []).append(entry)
    return buckets


def bucket_starts(window: Window, width: int) -> list[int]:
    """Return every bucket that shares an instant with the window."""
    return list(range(window.start - window.start % width, window.end, width))


def status_class(code: int) -> str:
    """Return the class of a status code."""
    return "none" if code == 0 else f"{code // 100}xx"


def error_groups(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return errors by type and category, most frequent first."""
    groups = grouped([entry for entry in rows if failed(entry)], "error_type", "error_category")
    total = sum(len(group) for group in groups.values())
    ordered = sorted(groups, key=lambda key: (-len(groups[key]), key))
    found = []
    for key in ordered:
        endpoints = Counter(entry["endpoint"] for entry in groups[key])
        found.append(
            {
                "error_type": key[0],
                "error_category": key[1],
                "count": len(groups[key]),
                "share": 100 * len(groups[key]) / total,
                "endpoints": sorted(endpoints, key=lambda name: (-endpoints[name], name)),
                "last_occurrence": max(entry["timestamp"] for entry in groups[key]) / MICROSECONDS,
            }
        )
    return found


def top(rows: Iterable[Row], name: str) -> list[str]:
    """Return the values of a column that are not empty, most requests first."""
    counts = Counter(entry[name] for entry in rows)
    return [value for value in sorted(counts, key=lambda value: (-counts[value], value)) if value]


def local_hour(entry: Row, zone: str) -> tuple[str, int, int]:
    """Return ISO date, hour and day of the week (Sunday 0) of a request in `zone`."""
    moment = datetime.fromtimestamp(entry["timestamp"] // MICROSECONDS, UTC).astimezone(ZoneInfo(zone))
    return moment.date().isoformat(), moment.hour, moment.isoweekday() % 7


def local_seconds(window: Window, zone: str) -> Counter[tuple[str, int]]:
    """Return how many seconds of the window each local hour has, second by minute of a quarter."""
    seconds: Counter[tuple[str, int]] = Counter()
    step = 10  # every bound of a window is a multiple of it
    for start in range(window.start, window.end, step):
        moment = datetime.fromtimestamp(start, UTC).astimezone(ZoneInfo(zone))
        seconds[moment.date().isoformat(), moment.hour] += step
    return seconds
