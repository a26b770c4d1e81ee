"""From a batch of names to a staged batch of ids: age limits, cardinality caps and the ledger's figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.batch import ERROR_EVENT_SCHEMA, ErrorCells
from mockforge_analytics.model.cells import Cells, Measure
from mockforge_analytics.model.codes import bucket_key, encode, group
from mockforge_analytics.model.dimensions import OVERFLOW, SCOPE_SCHEMA
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity
from mockforge_analytics.store.plain_rows import Column, PlainRows, plain_column, tuples
from mockforge_analytics.store.reach import DAY_TIER
from mockforge_analytics.store.staged import (
    CLIENT_SUMS,
    GaugeCells,
    LedgerRow,
    Staged,
    no_client_endpoints,
    no_clients,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from mockforge_analytics.config import CapConfig
    from mockforge_analytics.model.batch import Batch, Deltas
    from mockforge_analytics.store.caps import SeenSeries
    from mockforge_analytics.store.names import NameWriter
    from mockforge_analytics.store.reach import Reach

__all__ = ["TOKEN_REUSED", "TOO_OLD", "Outcome", "Stager", "without_requests"]

Int64s = NDArray[np.int64]

TOO_OLD: Final = "too_old"
TOKEN_REUSED: Final = "token_reused"
_FEW: Final = 256  # clients; to ask Polars takes 200 µs for one and for all
_HOUR: Final = int(Granularity.HOUR)
_SCOPE: Final = list(SCOPE_SCHEMA)
_SERIES: Final = [*_SCOPE, "endpoint", "method", "status_code"]
_AGENT: Final = ["user_agent", "user_agent_family", "user_agent_version"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What staging a batch came to, in requests."""

    staged: Staged
    stored: int
    too_old: int
    overflowed: int


@dataclass(frozen=True, slots=True)
class _Series:
    """The series of a batch: the scope of each, and for each (hour, series) pair of `keys` the id it counts under."""

    scope: list[int]
    keys: Int64s
    ids: Int64s

    def resolve(self, bucket: Int64s, local: Int64s) -> Int64s:
        """Return the series id of cells with these buckets (seconds) and local series numbers."""
        return self.ids[np.searchsorted(self.keys, _pair_keys(bucket, local, len(self.scope)))]


def _pair_keys(bucket: Int64s, local: Int64s, n: int) -> Int64s:
    return bucket // Granularity.HOUR * n + local


class Stager:
    """Stages batches inside the writer's transaction."""

    def __init__(self, names: NameWriter, seen: SeenSeries, caps: CapConfig) -> None:
        self._names = names
        self._seen = seen
        self._caps = caps

    def stage(self, batch: Batch, reach: Reach, pending: Sequence[Staged]) -> Outcome:
        """Return `batch` with ids for names. `pending` are the batches that no fold has taken up yet."""
        deltas = batch.deltas
        kept = np.flatnonzero(reach.covers(DAY_TIER, deltas.cells.bucket))
        total = int(deltas.cells.measures[Measure.REQUESTS].sum())
        cells = deltas.cells if len(kept) == len(deltas.cells) else deltas.cells.take(kept)
        stored = int(cells.measures[Measure.REQUESTS].sum())
        series = self._resolve_series(deltas, cells, pending)
        ids = series.resolve(cells.bucket, cells.series)
        overflow = (self._names.find_overflow(scope) for scope in set(series.scope))
        over = np.isin(ids, np.fromiter((known for known in overflow if known is not None), np.int64))
        overflowed = int(cells.measures[Measure.REQUESTS][over].sum())
        renamed = Cells(cells.bucket, ids, cells.measures, cells.histograms)
        clients, client_endpoints = self._clients(deltas, reach)
        staged = Staged(
            cells=renamed.merged(1) if overflowed else renamed,
            seen=_seen(deltas.series, cells, ids),
            errors=self._errors(deltas, series, reach, pending),
            gauges=self._gauges(batch.gauges),
            clients=clients,
            client_endpoints=client_endpoints,
            events=_events(deltas.events, reach),
            ledger=_ledger(batch, total, stored, overflowed),
            samples=tuple(
                (batch.intake.source, batch.received_at, s.reason, s.place, s.sample) for s in batch.intake.samples
            ),
            tokens={token: batch.digests.get(token) for token in batch.tokens},
            received_at=batch.received_at,
        )
        return Outcome(staged, stored, total - stored, overflowed)

    def _resolve_series(self, deltas: Deltas, cells: Cells, pending: Sequence[Staged]) -> _Series:
        """Give every (hour, series) pair of the batch an id, the overflow series past the cap of the hour."""
        rows = tuples(deltas.series, _SERIES)
        scope_of = {key: self._names.scope(key) for key in dict.fromkeys(row[:3] for row in rows)}
        scopes = [scope_of[row[:3]] for row in rows]
        series_keys = [(scope, *row[3:]) for scope, row in zip(scopes, rows, strict=True)]
        found: list[int | None] = [self._names.find_series(key) for key in series_keys]
        n = max(len(rows), 1)
        keys = np.unique(_pair_keys(cells.bucket, cells.series, n))
        ids = []
        for hour, local in zip(*(a.tolist() for a in np.divmod(keys, n)), strict=True):
            known = self._seen.series(rows[local][1], hour * _HOUR, pending)
            series = found[local]
            if series is None or series not in known:
                if len(known) >= self._caps.series_per_hour:
                    ids.append(self._names.overflow_series(scopes[local]))
                    continue
                if series is None:
                    series = found[local] = self._names.add_series(series_keys[local])
                known.add(series)
            ids.append(series)
        return _Series(scopes, keys, np.array(ids, np.int64))

    def _errors(self, deltas: Deltas, series: _Series, reach: Reach, pending: Sequence[Staged]) -> ErrorCells:
        errors = deltas.errors
        kept = np.flatnonzero(reach.covers(DAY_TIER, errors.bucket))
        if not len(kept):
            return ErrorCells.empty()
        local = {row: number for number, row in enumerate(tuples(deltas.series, _SERIES))}
        owners = np.array([local[row] for row in tuples(deltas.error_series, _SERIES)], np.int64)
        kinds = tuples(deltas.error_series, ("error_type", "error_category"))
        bucket, member = errors.bucket[kept], errors.series[kept]
        owner = series.resolve(bucket, owners[member])
        found = group(bucket_key(bucket, _HOUR), (owner, int(owner.max()) + 1), (member, len(kinds)))
        first = found.first
        ids = [
            self._error_series(hour * _HOUR, own, kinds[kind][0], kinds[kind][1], pending)
            for hour, own, kind in zip(
                (bucket[first] // _HOUR).tolist(), owner[first].tolist(), member[first].tolist(), strict=True
            )
        ]
        return _merge_errors(bucket, np.array(ids, np.int64)[found.of_row], errors.count[kept], errors.last_seen[kept])

    def _error_series(self, hour: int, owner: int, kind: str, category: str, pending: Sequence[Staged]) -> int:
        known = self._seen.errors(self._names.scope_of(owner)[1][1], hour, pending)
        found = self._names.find_error_series((owner, kind, category))
        if found is not None and found in known:
            return found
        if len(known) >= self._caps.series_per_hour:
            key = (owner, OVERFLOW, category)
            found = self._names.find_error_series(key)
            return self._names.add_error_series(key) if found is None else found
        found = self._names.add_error_series((owner, kind, category)) if found is None else found
        known.add(found)
        return found

    def _gauges(self, gauges: pl.DataFrame | None) -> GaugeCells:
        if gauges is None or gauges.is_empty():
            return GaugeCells.empty()
        time = gauges["timestamp"].to_numpy().astype(np.int64)
        named = zip(
            *(gauges[name].to_list() for name in ("protocol", "workspace_id", "environment", "source")), strict=True
        )
        series = np.array([self._names.gauge_series(self._names.scope((p, w, e)), s) for p, w, e, s in named], np.int64)
        value = gauges["value"].to_numpy().astype(np.int64)
        bucket = time // MICROSECONDS // BASE_SECONDS * BASE_SECONDS
        return GaugeCells(bucket, series, value, np.ones(len(value), np.int64), value, value, time)

    def _clients(self, deltas: Deltas, reach: Reach) -> tuple[PlainRows, PlainRows]:
        clients = deltas.clients
        if clients.is_empty():
            return no_clients(), no_client_endpoints()
        columns: dict[str, Column] = {
            "hour": clients.get_column("timestamp").to_numpy(),
            "scope_id": self._scopes(clients),
            "agent_id": self._agents(clients),
            "client_ip": plain_column(clients.get_column("client_ip")),
            **{name: clients.get_column(name).to_numpy() for name in CLIENT_SUMS},
        }
        rows, endpoints = PlainRows(columns), PlainRows.of(deltas.client_endpoints)
        kept = reach.covers(DAY_TIER, rows.integers("hour"))
        if not kept.all():
            owner = endpoints.integers("client")
            endpoints = endpoints.take(np.flatnonzero(kept[owner]))
            number = np.cumsum(kept) - 1
            endpoints = PlainRows({**endpoints.columns, "client": number[endpoints.integers("client")]})
            rows = rows.take(np.flatnonzero(kept))
        return rows, endpoints

    def _scopes(self, clients: pl.DataFrame) -> Int64s:
        of_row, distinct = _distinct(clients, _SCOPE)
        return np.array([self._names.scope(key) for key in distinct], np.int64)[of_row]

    def _agents(self, clients: pl.DataFrame) -> Int64s:
        """Return the id of each row's user agent; its text alone tells it apart, family and version follow from it."""
        texts = encode(clients.get_column("user_agent"))
        rows = np.zeros(len(texts), np.int64)
        rows[texts.of_row[::-1]] = np.arange(len(clients))[::-1]  # the first row of each
        distinct = zip(*(clients.get_column(name).gather(rows).to_list() for name in _AGENT), strict=True)
        return np.array([self._names.agent(*key) for key in distinct], np.int64)[texts.of_row]


def _distinct(frame: pl.DataFrame, names: Sequence[str]) -> tuple[Int64s, list[tuple[Any, ...]]]:
    """Return the distinct rows of the text columns `names`, and which of them each row is."""
    if len(frame) <= _FEW:
        numbers: dict[tuple[Any, ...], int] = {}
        of_row = [numbers.setdefault(row, len(numbers)) for row in tuples(frame, names)]
        return np.array(of_row, np.int64), list(numbers)
    codes = [encode(frame.get_column(name)) for name in names]
    groups = group(*((column.of_row, len(column)) for column in codes))
    texts = [column.values.gather(column.of_row[groups.first]).to_list() for column in codes]
    return groups.of_row, list(zip(*texts, strict=True))


def _seen(series: pl.DataFrame, cells: Cells, ids: Int64s) -> Int64s:
    """Return (series id, first, last) for every pair of local series and id that has a cell.

    The times in `series` are of all its requests; those of cells that were refused or count elsewhere lie outside the
    hours of the cells that are left.
    """
    if not len(ids):
        return np.zeros((3, 0), np.int64)
    pairs = group((cells.series, len(series)), (ids, int(ids.max()) + 1))
    local = cells.series[pairs.first]
    low, high = np.full(len(pairs), np.iinfo(np.int64).max), np.zeros(len(pairs), np.int64)
    np.minimum.at(low, pairs.of_row, cells.bucket)
    np.maximum.at(high, pairs.of_row, cells.bucket // Granularity.HOUR * Granularity.HOUR + Granularity.HOUR)
    first = np.maximum(series["first_seen"].to_numpy()[local], low * MICROSECONDS)
    last = np.minimum(series["last_seen"].to_numpy()[local], high * MICROSECONDS - 1)
    return np.stack([ids[pairs.first], first, last])


def _merge_errors(bucket: Int64s, ids: Int64s, count: Int64s, last_seen: Int64s) -> ErrorCells:
    keys, group = np.unique(np.stack([bucket, ids]), axis=1, return_inverse=True)
    total, last = np.zeros(keys.shape[1], np.int64), np.zeros(keys.shape[1], np.int64)
    np.add.at(total, group, count)
    np.maximum.at(last, group, last_seen)
    return ErrorCells(keys[0], keys[1], total, last)


def _events(events: pl.DataFrame, reach: Reach) -> tuple[tuple[object, ...], ...]:
    if events.is_empty():
        return ()
    day = events["timestamp"].to_numpy() // MICROSECONDS
    kept = reach.covers(DAY_TIER, day)
    return tuple(tuples(events if kept.all() else events.filter(kept), list(ERROR_EVENT_SCHEMA)))


def without_requests(batch: Batch, reason: str | None = None) -> Staged:
    """Return the ledger row that is left of `batch` where all of it is rejected for `reason`, or else deduplicated."""
    intake = batch.intake
    rejected = 0 if reason is None else intake.received
    reasons = {} if reason is None else {reason: rejected}
    row = LedgerRow(intake.source, _minute(batch), intake.received, 0, intake.received - rejected, rejected, 0, reasons)
    return Staged(ledger=(row,) if intake.received else (), received_at=batch.received_at)


def _ledger(batch: Batch, total: int, stored: int, overflowed: int) -> tuple[LedgerRow, ...]:
    intake = batch.intake
    reasons = dict(intake.rejected)
    if total > stored:
        reasons[TOO_OLD] = reasons.get(TOO_OLD, 0) + total - stored
    rejected = sum(reasons.values())
    if not intake.received:
        return ()
    return (LedgerRow(intake.source, _minute(batch), intake.received, stored, 0, rejected, overflowed, reasons),)


def _minute(batch: Batch) -> int:
    return batch.received_at // MICROSECONDS // Granularity.MINUTE * int(Granularity.MINUTE)
