"""Bytes on disk against the upstream schema that holds the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import apsw

from bench.databases import history_file
from bench.outcome import Figure, Section, Table, number

if TYPE_CHECKING:
    from pathlib import Path

    from bench.context import Context

__all__ = ["measure"]

FULL: Final = "365 days, 200 series"
THIRD: Final = 1 / 3
MEGABYTE: Final = 1e6
_DIMENSIONS: Final = (
    "protocol TEXT NOT NULL, method TEXT, endpoint TEXT, status_code INTEGER, workspace_id TEXT, environment TEXT"
)
_MEASURES: Final = (
    "request_count INTEGER NOT NULL DEFAULT 0, error_count INTEGER NOT NULL DEFAULT 0, "
    "latency_sum REAL NOT NULL DEFAULT 0.0, latency_min REAL, latency_max REAL, latency_p50 REAL, latency_p95 REAL, "
    "latency_p99 REAL, bytes_sent INTEGER NOT NULL DEFAULT 0, bytes_received INTEGER NOT NULL DEFAULT 0"
)
_CONNECTIONS: Final = "active_connections_avg REAL DEFAULT 0.0, active_connections_max INTEGER DEFAULT 0"
# The tables of the upstream project's migrations, with their indexes: column or columns, and the condition of one.
_UPSTREAM: Final = {
    "metrics_aggregates_minute": (
        f"timestamp INTEGER NOT NULL, {_DIMENSIONS}, {_MEASURES}, active_connections INTEGER DEFAULT 0",
        (
            "timestamp DESC",
            "protocol",
            "endpoint",
            "workspace_id",
            "timestamp, protocol, endpoint",
            "timestamp, error_count",
        ),
    ),
    "metrics_aggregates_hour": (
        f"timestamp INTEGER NOT NULL, {_DIMENSIONS}, {_MEASURES}, {_CONNECTIONS}",
        ("timestamp DESC", "protocol", "endpoint", "workspace_id", "timestamp, protocol, endpoint"),
    ),
    "metrics_aggregates_day": (
        f"date TEXT NOT NULL, timestamp INTEGER NOT NULL, {_DIMENSIONS}, {_MEASURES}, {_CONNECTIONS}, "
        "unique_clients INTEGER DEFAULT 0, peak_hour INTEGER",
        ("date DESC", "timestamp DESC", "protocol", "endpoint", "workspace_id"),
    ),
}
_PARTIAL: Final = {"timestamp, error_count": "WHERE error_count > 0"}
_OURS: Final = {
    "cells of series": "series_",
    "cells of totals": "scope_",
    "error counts": "error_minute error_hour error_day",
    "single errors": "error_events",
    "clients": "client_",
    "endpoint totals": "endpoint_total",
}
_SAME_TIERS: Final = ("series_minute", "series_hour", "series_day")
_DICTIONARY: Final = ("series", "scope", "error_series", "gauge_series", "agent")


def measure(context: Context) -> list[Section]:
    """Return the section."""
    path = history_file(context, FULL)
    ours = _sizes(path)
    with context.folder() as folder:
        upstream = _upstream(context, path, folder / "upstream.db")
    cells = sum(size for name, size in ours.items() if name.startswith(("series_", "scope_")) or name in _DICTIONARY)
    theirs = sum(upstream.values())
    rows = [(name, f"{number(size / MEGABYTE)} MB") for name, size in _grouped(ours).items()]
    return [
        Section(
            "Bytes on disk",
            f"{FULL}, all tiers full. Upstream: its own minute, hour and day tables with their 16 indexes, REAL "
            "latencies, and the same rows, copied from the views of those names. Ours: every tier of series and totals "
            "(10 s to a day) with histograms and stored percentiles, and all dictionaries.",
            (
                Figure("our cells and dictionaries", cells / MEGABYTE, "MB"),
                Figure("upstream's three tables", theirs / MEGABYTE, "MB"),
                Figure("ours / upstream's", cells / theirs, "", THIRD),
                Figure("of ours the minute, hour and day tiers of series, as upstream has them / upstream's",
                       sum(ours[name] for name in _SAME_TIERS) / theirs, ""),
                Figure("our whole file, single errors, clients and totals of endpoints included",
                       sum(ours.values()) / MEGABYTE, "MB"),
            ),
            (
                Table("Our file.", ("what", "size"), rows),
                Table("Upstream's.", ("table", "size with indexes"),
                      [(name, f"{number(size / MEGABYTE)} MB") for name, size in upstream.items()]),
            ),
        )
    ]  # fmt: skip


def _sizes(path: Path) -> dict[str, int]:
    """Return the bytes of every table, with those of its indexes."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    select = (
        "SELECT coalesce(m.tbl_name, s.name), sum(s.pgsize) FROM dbstat s LEFT JOIN sqlite_schema m "
        "ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY 1"
    )
    try:
        return {str(name): int(size) for name, size in connection.execute(select)}
    finally:
        connection.close()


def _grouped(sizes: dict[str, int]) -> dict[str, int]:
    groups = dict.fromkeys((*_OURS, "dictionaries and the rest"), 0)
    for table, size in sizes.items():
        starts = [name for name, prefixes in _OURS.items() if table.startswith(tuple(prefixes.split()))]
        groups["dictionaries and the rest" if table in _DICTIONARY or not starts else starts[0]] += size
    return groups


def _upstream(context: Context, source: Path, path: Path) -> dict[str, int]:
    """Fill the upstream schema at `path` with the rows of `source`; return the bytes of its tables with indexes."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(str(path), flags=flags)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("ATTACH ? AS ours", (f"{source.as_uri()}?mode=ro",))
    for table, (columns, indexes) in context.each(list(_UPSTREAM.items()), "filling the upstream schema"):
        connection.execute(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, {columns}, "
            "created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')))"
        )
        for number_, on in enumerate(indexes):
            connection.execute(f"CREATE INDEX idx_{table}_{number_} ON {table} ({on}) {_PARTIAL.get(on, '')}")
        names = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
        listed = ", ".join(names)
        connection.execute(
            f"INSERT INTO main.{table} ({listed}) SELECT {listed} FROM ours.{table} ORDER BY id"  # noqa: S608 the names above
        )
    connection.close()
    return {name: size for name, size in _sizes(path).items() if name in _UPSTREAM}
