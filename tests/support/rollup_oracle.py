"""The rollup done one request at a time with dictionaries: what `Rollup.deltas` is held against.

It shares no code with the rollup but the schemas. It takes clean input: endpoints given, texts short.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from mockforge_analytics.model.histogram import bucket_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockforge_analytics.model.batch import Deltas

Row = dict[str, Any]
Key = tuple[Any, ...]

FIRST_ERROR = 400
NAMES = {404: "not_found", 429: "too_many_requests", 499: "client_closed_request", 500: "internal_error"}
SPOKEN = {
    "timeout": "timeout_error",
    "connection_refused": "network_error",
    "deadline_exceeded": "timeout_error",
}


@dataclass
class Sums:
    """Everything a frame adds, by keys that do not depend on order or split."""

    cells: dict[Key, list[int]] = field(default_factory=dict)
    histograms: dict[Key, Counter[int]] = field(default_factory=dict)
    seen: dict[Key, tuple[int, int]] = field(default_factory=dict)
    errors: dict[Key, tuple[int, int]] = field(default_factory=dict)
    clients: dict[Key, list[int]] = field(default_factory=dict)
    client_endpoints: dict[Key, int] = field(default_factory=dict)


def half_even_microseconds(seconds: float) -> int:
    """Return `seconds` times a million, multiplied as floats and rounded half to even by exact arithmetic."""
    return round(Fraction(seconds * 1e6))


def failure(row: Row) -> tuple[str, str] | None:
    """Return error type and category of a failed request, None of another."""
    status = row["status_code"] or 0
    own = row["error_type"] or ""
    if status < FIRST_ERROR and not (own and not (row["protocol"] == "HTTP" and status)):
        return None
    kind = own or NAMES.get(status, f"status_{status}")
    by_status = {4: "client_error", 5: "server_error"}.get(status // 100, "other")
    return kind, SPOKEN.get(own, by_status)


def _merge(sums: dict[Key, list[int]], key: Key, values: list[int]) -> None:
    into = sums.setdefault(key, [0] * len(values))
    for i, value in enumerate(values):
        into[i] += value


def _merge_range(ranges: dict[Key, tuple[int, int]], key: Key, low: int, high: int) -> None:
    before = ranges.get(key, (low, high))
    ranges[key] = min(before[0], low), max(before[1], high)


def add_up(rows: Iterable[Row]) -> Sums:
    """Return what `rows` add."""
    sums = Sums()
    latencies: dict[Key, list[int]] = defaultdict(list)
    for row in rows:
        scope = (row["protocol"], row["workspace_id"] or "", row["environment"] or "")
        series = (*scope, row["method"] or "", row["endpoint"] or "", row["status_code"] or 0)
        second = row["timestamp"] // 1_000_000
        failed = failure(row)
        known = row["latency"] is not None
        micros = half_even_microseconds(row["latency"]) if known else 0
        sizes = [row["bytes_sent"] or 0, row["bytes_received"] or 0]
        values = [1, int(failed is not None), int(known), micros]
        cell = (second // 10 * 10, *series)
        _merge(sums.cells, cell, [*values, *sizes])
        sums.histograms.setdefault(cell, Counter())
        if known:
            latencies[cell].append(micros)
            sums.histograms[cell][int(bucket_index(np.array([row["latency"]]))[0])] += 1
        _merge_range(sums.seen, series, row["timestamp"], row["timestamp"])
        if failed is not None:
            key = (second // 60 * 60, *series, *failed)
            count, last = sums.errors.get(key, (0, 0))
            sums.errors[key] = count + 1, max(last, row["timestamp"])
        if row["client_ip"]:
            client = (second // 3600 * 3600, *scope, row["client_ip"], row["user_agent"] or "")
            _merge(sums.clients, client, [*values, *sizes])
            pair = (*client, row["endpoint"] or "")
            sums.client_endpoints[pair] = sums.client_endpoints.get(pair, 0) + 1
    for cell, values in sums.cells.items():
        values += [min(latencies[cell], default=2**63 - 1), max(latencies[cell], default=-1)]
    return sums


def read(parts: Iterable[Deltas]) -> Sums:
    """Return what deltas add up to."""
    sums = Sums()
    extremes: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    for deltas in parts:
        _read_cells(deltas, sums, extremes)
        _read_errors(deltas, sums)
        _read_clients(deltas, sums)
    for cell, values in sums.cells.items():
        values += [min(low for low, _ in extremes[cell]), max(high for _, high in extremes[cell])]
    return sums


def _read_cells(deltas: Deltas, sums: Sums, extremes: Mapping[Key, list[tuple[int, int]]]) -> None:
    series = [row[:-2] for row in deltas.series.frame().iter_rows()]
    assert len(set(series)) == len(series)
    for row in deltas.series.frame().iter_rows():
        _merge_range(sums.seen, row[:-2], row[-2], row[-1])
    cells = deltas.cells
    keys = [
        (bucket, *series[number]) for bucket, number in zip(cells.bucket.tolist(), cells.series.tolist(), strict=True)
    ]
    assert len(set(keys)) == len(keys)
    offsets = cells.histograms.offsets.tolist()
    for i, key in enumerate(keys):
        requests, errors, count, total, low, high, sent, received = cells.measures[:, i].tolist()
        _merge(sums.cells, key, [requests, errors, count, total, sent, received])
        extremes[key].append((low, high))
        own = slice(offsets[i], offsets[i + 1])
        found = dict(zip(cells.histograms.index[own].tolist(), cells.histograms.count[own].tolist(), strict=True))
        sums.histograms.setdefault(key, Counter()).update(found)


def _read_errors(deltas: Deltas, sums: Sums) -> None:
    kinds = list(deltas.error_series.frame().iter_rows())
    assert len(set(kinds)) == len(kinds)
    errors = deltas.errors
    for bucket, number, count, last in zip(
        errors.bucket.tolist(), errors.series.tolist(), errors.count.tolist(), errors.last_seen.tolist(), strict=True
    ):
        before = sums.errors.get((bucket, *kinds[number]), (0, 0))
        sums.errors[bucket, *kinds[number]] = before[0] + count, max(before[1], last)


def _read_clients(deltas: Deltas, sums: Sums) -> None:
    names = ("timestamp", "protocol", "workspace_id", "environment", "client_ip", "user_agent")
    keys = list(deltas.clients.frame().select(names).iter_rows())
    assert len(set(keys)) == len(keys)
    counts = ("request_count", "error_count", "latency_count", "latency_sum", "bytes_sent", "bytes_received")
    for key, values in zip(keys, deltas.clients.frame().select(counts).iter_rows(), strict=True):
        _merge(sums.clients, key, list(values))
    for client, endpoint, count in deltas.client_endpoints.frame().iter_rows():
        pair = (*keys[client], endpoint)
        sums.client_endpoints[pair] = sums.client_endpoints.get(pair, 0) + count
