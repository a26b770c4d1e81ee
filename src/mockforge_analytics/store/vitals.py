"""Vital signs of targets: samples become sums by the hour, in the transaction of what they were read with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.vitals import SystemVitals, Vital, VitalSign, system_vitals
from mockforge_analytics.model.window import MICROSECONDS, Granularity, Window, floor_to
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    from collections.abc import Mapping

    import apsw
    import polars as pl

__all__ = ["DELETE_VITALS", "add_vitals", "read_vitals", "vitals_by_bucket"]

_HOUR: Final = int(Granularity.HOUR)
_ADD: Final = (
    "INSERT INTO vital_hour (hour, name, workspace_id, environment, protocol, source, total, samples, maximum, last, "
    "last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (hour, name, workspace_id, environment, protocol, source) DO UPDATE SET "
    "total = total + excluded.total, samples = samples + excluded.samples, maximum = max(maximum, excluded.maximum), "
    "last = iif(excluded.last_seen >= last_seen, excluded.last, last), last_seen = max(last_seen, excluded.last_seen)"
)
_NEWEST: Final = (
    "SELECT source, protocol, workspace_id, environment, name, last, max(last_seen) FROM vital_hour "
    "WHERE hour >= ? AND last_seen >= ? GROUP BY source, protocol, workspace_id, environment, name "
    "ORDER BY source, workspace_id, environment, protocol, name"
)
# Beside max(), SQLite gives the other columns of the row that has it (https://sqlite.org/lang_select.html#bareagg).
_OF_WINDOW: Final = (
    "SELECT hour / ?1 * ?1, workspace_id, environment, name, sum(total) / sum(samples), max(last_seen), last "
    "FROM vital_hour WHERE hour >= ?2 AND hour < ?3 AND name IN ('memory', 'cpu', 'threads', 'uptime') "
    "GROUP BY 1, 2, 3, 4, source"
)
DELETE_VITALS: Final = (
    "DELETE FROM vital_hour WHERE (hour, name, workspace_id, environment, protocol, source) IN "
    "(SELECT hour, name, workspace_id, environment, protocol, source FROM vital_hour WHERE hour < ? LIMIT ?)"
)


def add_vitals(connection: apsw.Connection, samples: pl.DataFrame | None) -> None:
    """Add `samples` (columns of `VITAL_SCHEMA`), inside the caller's transaction."""
    if samples is None or samples.is_empty():
        return
    rows: dict[tuple[object, ...], list[float]] = {}
    columns = ("timestamp", "name", "workspace_id", "environment", "protocol", "source", "value")
    for timestamp, *place, value in samples.select(*columns).sort("timestamp", maintain_order=True).iter_rows():
        key = (floor_to(timestamp // MICROSECONDS, _HOUR), *place)
        row = rows.setdefault(key, [0.0, 0, value, value, timestamp])
        row[0] += value
        row[1] += 1
        row[2:] = max(row[2], value), value, timestamp
    connection.executemany(_ADD, [(*key, *row) for key, row in rows.items()])


def read_vitals(connection: apsw.Connection, since_us: int) -> list[VitalSign]:
    """Return the newest sign of each kind and target, of those seen at `since_us` or later."""
    bounds = (floor_to(max(since_us, 0) // MICROSECONDS, _HOUR), since_us)
    return [
        VitalSign(str(source), str(protocol), str(workspace), str(environment), Vital(name), float(value), as_int(seen))
        for source, protocol, workspace, environment, name, value, seen in connection.execute(_NEWEST, bounds)
    ]


def vitals_by_bucket(
    connection: apsw.Connection, window: Window, width: int
) -> Mapping[tuple[int, str, str], SystemVitals]:
    """Return by bucket of `width` seconds, workspace and environment the averages of memory, processor and threads.

    Of uptimes it is the last one.
    """
    found: dict[tuple[int, str, str], list[tuple[Vital, float]]] = {}
    rows = connection.execute(_OF_WINDOW, (width, window.start, window.end))
    for bucket, workspace, environment, name, average, _, last in rows:
        vital = Vital(name)
        value = float(last if vital is Vital.UPTIME else average)
        found.setdefault((as_int(bucket), str(workspace), str(environment)), []).append((vital, value))
    return {place: system_vitals(values) for place, values in found.items()}
