"""Deltas made the slow way, one request at a time: the independent twin of the rollup, for tests of the store."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import (
    CLIENT_ENDPOINT_SCHEMA,
    CLIENT_SCHEMA,
    ERROR_EVENT_SCHEMA,
    SERIES_DELTA_SCHEMA,
    Batch,
    Deltas,
    ErrorCells,
    Intake,
)
from mockforge_analytics.model.cells import Cells
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NO_MINIMUM = 2**63 - 1
FIRST_ERROR = 400
FIRST_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Req:
    """One request; `at` in seconds (fractions allowed), `latency` in seconds or None."""

    at: float
    endpoint: str = "/a"
    status: int = 200
    method: str = "GET"
    latency: float | None = 0.01
    protocol: str = "HTTP"
    workspace: str = ""
    environment: str = ""
    sent: int = 100
    received: int = 10
    client: str = "192.0.2.1"
    agent: str = "curl/8.0"

    @property
    def is_error(self) -> bool:
        return self.status >= FIRST_ERROR

    @property
    def micros(self) -> int:
        return round(self.at * 1_000_000)

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        return (self.protocol, self.workspace, self.environment, self.method, self.endpoint, self.status)


def error_names(request: Req) -> tuple[str, str]:
    return f"status_{request.status}", "client_error" if request.status < FIRST_SERVER_ERROR else "server_error"


def deltas(requests: Sequence[Req], base: int = 10) -> Deltas:
    """Return the deltas of `requests` in buckets of `base` seconds."""
    keys = list(dict.fromkeys(request.key for request in requests))
    seen = [[r.micros for r in requests if r.key == key] for key in keys]
    rows = [(*key, min(times), max(times)) for key, times in zip(keys, seen, strict=True)]
    groups: dict[tuple[int, int], list[Req]] = defaultdict(list)
    for request in requests:
        groups[int(request.at) // base * base, keys.index(request.key)].append(request)
    errors = [request for request in requests if request.is_error]
    error_keys = list(dict.fromkeys((*request.key, *error_names(request)) for request in errors))
    error_groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for request in errors:
        number = error_keys.index((*request.key, *error_names(request)))
        error_groups[int(request.at) // 60 * 60, number].append(request.micros)
    clients, endpoints = _clients(requests)
    return Deltas(
        series=_rows(rows, SERIES_DELTA_SCHEMA),
        cells=_cells(groups),
        error_series=_rows(error_keys, ERROR_SERIES_SCHEMA),
        error_owners=np.array([keys.index(key[:-2]) for key in error_keys], np.int64),
        errors=ErrorCells(
            np.array([b for b, _ in error_groups], np.int64),
            np.array([s for _, s in error_groups], np.int64),
            np.array([len(t) for t in error_groups.values()], np.int64),
            np.array([max(t) for t in error_groups.values()], np.int64),
        ),
        clients=clients,
        client_endpoints=endpoints,
        events=pl.DataFrame([_event(r) for r in errors], schema=ERROR_EVENT_SCHEMA, orient="row"),
    )


def _rows(rows: list[tuple[Any, ...]], schema: Mapping[str, type[pl.DataType]]) -> Rows:
    return Rows.of(pl.DataFrame(rows, schema=schema, orient="row"), schema)


def _cells(groups: dict[tuple[int, int], list[Req]]) -> Cells:
    columns = []
    owners: list[int] = []
    seconds: list[float] = []
    for number, part in enumerate(groups.values()):
        known = [r.latency for r in part if r.latency is not None]
        micros = [round(x * 1_000_000) for x in known]
        columns.append(
            (
                len(part),
                sum(r.is_error for r in part),
                len(known),
                sum(micros),
                min(micros, default=NO_MINIMUM),
                max(micros, default=-1),
                sum(r.sent for r in part),
                sum(r.received for r in part),
            )
        )
        owners += [number] * len(known)
        seconds += known
    return Cells(
        np.array([b for b, _ in groups], np.int64),
        np.array([s for _, s in groups], np.int64),
        np.array(columns, np.int64).reshape(-1, 8).T.copy(),
        Histograms.build(np.array(owners, np.int64), np.array(seconds, np.float64), len(groups)),
    )


def _clients(requests: Sequence[Req]) -> tuple[Rows, Rows]:
    groups: dict[tuple[int, str, str, str, str, str], list[Req]] = defaultdict(list)
    for r in requests:
        groups[int(r.at) // 3600 * 3600, r.protocol, r.workspace, r.environment, r.client, r.agent].append(r)
    rows, endpoints = [], []
    for number, (key, part) in enumerate(groups.items()):
        known = [round(r.latency * 1_000_000) for r in part if r.latency is not None]
        sums = (sum(known), sum(r.sent for r in part), sum(r.received for r in part))
        family = key[-1].partition("/")[0]
        rows.append((*key, family, "", len(part), sum(r.is_error for r in part), len(known), *sums))
        endpoints += [(number, name, count) for name, count in Counter(r.endpoint for r in part).items()]
    return _rows(rows, CLIENT_SCHEMA), _rows(endpoints, CLIENT_ENDPOINT_SCHEMA)


def _event(r: Req) -> tuple[object, ...]:
    kind, category = error_names(r)
    return (
        r.micros, r.protocol, r.method, r.endpoint, r.status, kind, "failed", category,
        None, None, None, r.client, r.agent, r.workspace or None, r.environment or None, None,
    )  # fmt: skip


def batch(requests: Sequence[Req], *, received_at: float, base: int = 10, **extra: Any) -> Batch:
    """Return a batch of `requests` that arrives at `received_at` (seconds)."""
    intake = Intake("test", len(requests))
    made = deltas(requests, base) if requests else Deltas.empty()
    return Batch(round(received_at * 1_000_000), intake, made, **extra)
