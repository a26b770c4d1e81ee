"""Snapshots: one row of totals for every closed hour and day of a workspace and environment.

Beside the traffic stands what its targets said of themselves; a time of which only that is known has a row, too.

They are worked out from the tiers and compared with what is there, so writing them again changes
nothing, and a row that late data made wrong is corrected. A row whose tiers are gone stays as it is until its own
retention ends.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from string import Template
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mockforge_analytics.model.tiers import Fact, Tier, tiers_of
from mockforge_analytics.model.window import MICROSECONDS, Granularity, Window, floor_to
from mockforge_analytics.store.connection import translated
from mockforge_analytics.store.keys import bucket_range
from mockforge_analytics.store.rows import as_int
from mockforge_analytics.store.vitals import vitals_by_bucket

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from mockforge_analytics.config import RetentionConfig
    from mockforge_analytics.model.vitals import SystemVitals
    from mockforge_analytics.store.committer import Committer

__all__ = ["SnapshotReport", "write_snapshots"]

_TOP_ENDPOINTS: Final = 10
_MILLISECOND: Final = 1_000.0  # microseconds


@dataclass(frozen=True, slots=True)
class SnapshotReport:
    """How many rows were new, and how many had to be corrected."""

    added: int
    corrected: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """One type of snapshot: its width, and the tiers its figures come from."""

    name: str
    width: int
    totals: Tier
    series: Tier
    gauges: Tier


def _tier(fact: Fact, width: Granularity) -> Tier:
    return next(tier for tier in tiers_of(fact) if tier.width is width)


_KINDS: Final = (
    _Kind(
        "hourly",
        int(Granularity.HOUR),
        _tier(Fact.SCOPE, Granularity.FIFTEEN_MINUTES),
        _tier(Fact.SERIES, Granularity.HOUR),
        _tier(Fact.GAUGE, Granularity.HOUR),
    ),
    _Kind(
        "daily",
        int(Granularity.DAY),
        _tier(Fact.SCOPE, Granularity.DAY),
        _tier(Fact.SERIES, Granularity.DAY),
        _tier(Fact.GAUGE, Granularity.DAY),
    ),
)
_FILLED_DAYS: Final = Template(
    "SELECT (id >> 34) / $days FROM $table WHERE id >= ? AND id < ? "
    "UNION SELECT hour / 86400 FROM vital_hour WHERE hour >= ? AND hour < ? ORDER BY 1"
)
_TOTALS: Final = Template(
    "SELECT (c.id >> 34) / $ratio * $width, p.workspace_id, p.environment, p.protocol, sum(c.request_count), "
    "sum(c.error_count), sum(c.latency_count), sum(c.latency_sum) FROM $table c JOIN scope p "
    "ON p.id = c.id & 268435455 WHERE c.id >= ? AND c.id < ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 5 DESC, 4"
)
_GAUGES: Final = Template(
    "SELECT (c.id >> 34) * $width, p.workspace_id, p.environment, sum(c.maximum) FROM $table c JOIN gauge_series g "
    "ON g.id = c.id & 268435455 JOIN scope p ON p.id = g.scope_id WHERE c.id >= ? AND c.id < ? GROUP BY 1, 2, 3"
)
_TOP: Final = Template(
    "SELECT s.endpoint, p.protocol, s.method, sum(c.request_count), sum(c.error_count), sum(c.latency_count), "
    "sum(c.latency_sum) FROM $table c JOIN series s ON s.id = c.id & 268435455 JOIN scope p ON p.id = s.scope_id "
    "WHERE c.id >= ? AND c.id < ? AND p.workspace_id = ? AND p.environment = ? GROUP BY 1, 2, 3 "
    "ORDER BY 4 DESC, 1, 2, 3 LIMIT ?"
)
_KNOWN: Final = (
    "SELECT timestamp, coalesce(workspace_id, ''), coalesce(environment, ''), id, total_requests, total_errors, "
    "avg_latency_ms, active_connections, protocol_stats, memory_usage_bytes, cpu_usage_percent, thread_count, "
    "uptime_seconds FROM analytics_snapshots "
    "WHERE snapshot_type = ? AND timestamp >= ? AND timestamp < ?"
)
_INSERT: Final = (
    "INSERT INTO analytics_snapshots (timestamp, snapshot_type, workspace_id, environment, created_at, total_requests, "
    "total_errors, avg_latency_ms, active_connections, protocol_stats, memory_usage_bytes, cpu_usage_percent, "
    "thread_count, uptime_seconds, top_endpoints) "
    "VALUES (?, ?, nullif(?, ''), nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE: Final = (
    "UPDATE analytics_snapshots SET total_requests = ?, total_errors = ?, avg_latency_ms = ?, active_connections = ?, "
    "protocol_stats = ?, memory_usage_bytes = ?, cpu_usage_percent = ?, thread_count = ?, uptime_seconds = ?, "
    "top_endpoints = ? WHERE id = ?"
)

Place = tuple[int, str, str]  # start of the bucket in seconds, workspace, environment
Traffic = tuple[int, int, float | None, int, str]  # requests, errors, average latency, connections, protocols as JSON
System = tuple[int | None, float | None, int | None, int | None]  # memory, processor, threads, uptime
Figures = tuple[Any, ...]  # of `Traffic`, then of `System`


def write_snapshots(
    call: Callable[[Callable[[Committer], Any]], Any], retention: RetentionConfig, now_us: int
) -> SnapshotReport:
    """Bring the snapshots of every closed hour and day that the tiers still hold whole up to date at `now_us`.

    `call` runs its argument on the writer, once a day of history and kind; other writes get in between. What waits for
    a fold is not in the figures; the run after the fold adds it.
    """
    now = now_us // MICROSECONDS
    added = corrected = 0
    for kind in _KINDS:
        first = floor_to(max(now - retention.snapshots_days * int(Granularity.DAY), 0), kind.width)
        for window in call(partial(_days, kind=kind, closed=Window(first, floor_to(now, kind.width)))):
            fresh, changed = call(partial(_write_day, kind=kind, window=window, now=now))
            added, corrected = added + fresh, corrected + changed
    return SnapshotReport(added, corrected)


def _days(committer: Committer, *, kind: _Kind, closed: Window) -> list[Window]:
    """Return the parts of `closed` that hold cells and that every tier of `kind` still keeps, day by day."""
    day = int(Granularity.DAY)
    low, high = bucket_range(closed.start, closed.end, kind.totals.width)
    select = _FILLED_DAYS.substitute(table=kind.totals.name, days=day // kind.totals.width)
    with translated(committer.path):
        rows = committer.connection.execute(select, (low, high, closed.start, closed.end))
        days = [as_int(number) * day for (number,) in rows]
    tiers = (kind.totals, kind.series, kind.gauges)
    return [
        part
        for start in days
        if all(committer.reach.covers(tier, np.array([start]))[0] for tier in tiers)
        and (part := Window(start, start + day).intersection(closed)) is not None
    ]


def _write_day(committer: Committer, *, kind: _Kind, window: Window, now: int) -> tuple[int, int]:
    """Write what is new or different in `window`; return how many rows were added and corrected."""

    def work(connection: apsw.Connection) -> tuple[int, int]:
        known = {
            (as_int(row[0]), str(row[1]), str(row[2])): (as_int(row[3]), row[4:])
            for row in connection.execute(_KNOWN, (kind.name, window.start, window.end))
        }
        added = corrected = 0
        for place, figures in _figures(connection, kind, window).items():
            row = known.get(place)
            if row is None:
                values = (place[0], kind.name, *place[1:], now, *figures, _top(connection, kind, place))
                connection.execute(_INSERT, values)
                added += 1
            elif row[1] != figures:
                connection.execute(_UPDATE, (*figures, _top(connection, kind, place), row[0]))
                corrected += 1
        return added, corrected

    return committer.change(work, reload=False)


def _figures(connection: apsw.Connection, kind: _Kind, window: Window) -> dict[Place, Figures]:
    select = _TOTALS.substitute(table=kind.totals.name, ratio=kind.width // kind.totals.width, width=kind.width)
    protocols: dict[Place, list[tuple[Any, ...]]] = {}
    for bucket, workspace, environment, *sums in connection.execute(
        select, bucket_range(window.start, window.end, kind.totals.width)
    ):
        protocols.setdefault((as_int(bucket), str(workspace), str(environment)), []).append(tuple(sums))
    gauges = {
        (as_int(bucket), str(workspace), str(environment)): as_int(peak)
        for bucket, workspace, environment, peak in connection.execute(
            _GAUGES.substitute(table=kind.gauges.name, width=kind.width),
            bucket_range(window.start, window.end, kind.gauges.width),
        )
    }
    vitals = vitals_by_bucket(connection, window, kind.width)
    return {
        place: (*_add_up(protocols.get(place, []), gauges.get(place, 0)), *_system(vitals.get(place)))
        for place in sorted({*protocols, *vitals})
    }


def _system(vitals: SystemVitals | None) -> System:
    if vitals is None:
        return None, None, None, None
    return _whole(vitals.memory_bytes), vitals.cpu_percent, _whole(vitals.threads), _whole(vitals.uptime_seconds)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _add_up(rows: list[tuple[Any, ...]], connections: int) -> Traffic:
    """Add up rows of (protocol, requests, errors, latency count, latency sum)."""
    requests, errors, known, latency = (sum(as_int(row[i]) for row in rows) for i in range(1, 5))
    by_protocol = {
        str(row[0]): {"request_count": row[1], "error_count": row[2], "avg_latency_ms": _average(row[3], row[4])}
        for row in rows
    }
    return requests, errors, _average(known, latency), connections, _json(by_protocol)


def _top(connection: apsw.Connection, kind: _Kind, place: Place) -> str:
    bounds = bucket_range(place[0], place[0] + kind.width, kind.series.width)
    rows = connection.execute(_TOP.substitute(table=kind.series.name), (*bounds, *place[1:], _TOP_ENDPOINTS))
    return _json(
        [
            {
                "endpoint": endpoint,
                "protocol": protocol,
                "method": method or None,
                "request_count": requests,
                "error_count": errors,
                "avg_latency_ms": _average(as_int(known), as_int(latency)),
            }
            for endpoint, protocol, method, requests, errors, known, latency in rows
        ]
    )


def _average(count: int, microseconds: int) -> float | None:
    return microseconds / _MILLISECOND / count if count else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
