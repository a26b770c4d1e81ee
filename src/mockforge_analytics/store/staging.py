"""From a batch of names to a staged batch of ids: age limits, cardinality caps and the ledger's figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.batch import ERROR_EVENT_SCHEMA, ErrorCells
from mockforge_analytics.model.cells import Cells, Measure
from mockforge_analytics.model.codes import bucket_key, group
from mockforge_analytics.model.dimensions import OVERFLOW, SCOPE_SCHEMA
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity
from mockforge_analytics.store.plain_rows import Column, PlainRows, text_column
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
    from collections.abc import Callable, Sequence

    import polars as pl

    from mockforge_analytics.config import CapConfig
    from mockforge_analytics.model.batch import Batch, Deltas
    from mockforge_analytics.model.rows import Rows
    from mockforge_analytics.store.caps import SeenSeries
    from mockforge_analytics.store.names import NameWriter
    from mockforge_analytics.store.reach import Reach

    _Load = Callable[[str, int, Sequence[Staged]], set[int]]

__all__ = ["TOKEN_REUSED", "TOO_OLD", "Outcome", "Stager", "without_requests"]

Int64s = NDArray[np.int64]

TOO_OLD: Final = "too_old"
TOKEN_REUSED: Final = "token_reused"
_FEW: Final = 16  # rows, of which a loop takes less time than a dozen steps on arrays
_HOUR: Final = int(Granularity.HOUR)
_SCOPE: Final = list(SCOPE_SCHEMA)
_SERIES: Final = ["endpoint", "method", "status_code"]
_PARSED: Final = ("user_agent_family", "user_agent_version")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What staging a batch came to, in requests."""

    staged: Staged
    stored: int
    too_old: int
    overflowed: int


@dataclass(frozen=True, slots=True)
class _Scopes:
    """The scopes of rows: row ``r`` has the id ``ids[of_row[r]]`` and is in the workspace ``workspaces[of_row[r]]``."""

    of_row: Int64s
    ids: list[int]
    workspaces: list[str]

    def of_rows(self) -> Int64s:
        """Return the id of each row."""
        return np.array(self.ids, np.int64)[self.of_row]


@dataclass(frozen=True, slots=True)
class _Series:
    """The series of a batch: their scopes, and for each (hour, series) pair of `keys` the id it counts under."""

    scopes: _Scopes
    keys: Int64s
    ids: Int64s

    def resolve(self, bucket: Int64s, local: Int64s) -> Int64s:
        """Return the series id of cells with these buckets (seconds) and local series numbers."""
        return self.ids[np.searchsorted(self.keys, _pair_keys(bucket, local, len(self.scopes.of_row)))]


class _Room:
    """What the hours of a batch have seen; each of its places is in an `hour` (seconds) and a scope of `workspaces`."""

    def __init__(
        self, load: _Load, hour: Int64s, scope: Int64s, workspaces: Sequence[str], pending: Sequence[Staged]
    ) -> None:
        if len(hour) <= _FEW:
            self._of_place: Sequence[int] = range(len(hour))
            places = zip(scope.tolist(), hour.tolist(), strict=True)
        else:
            groups = group(bucket_key(hour, _HOUR), (scope, len(workspaces)))
            self._of_place = groups.of_row.tolist()
            places = zip(scope[groups.first].tolist(), hour[groups.first].tolist(), strict=True)
        keys = [(workspaces[number], start) for number, start in places]
        loaded = {key: load(*key, pending) for key in dict.fromkeys(keys)}
        self._sets = [loaded[key] for key in keys]
        self._only = self._sets[0] if len(loaded) == 1 else None

    def known(self, place: int) -> set[int]:
        """Return the ids that the hour and workspace of `place` have seen."""
        return self._sets[self._of_place[place]]

    def strangers(self, ids: Sequence[int | None]) -> list[int]:
        """Return at which places the id, None for a new one, is not known."""
        if self._only is not None and self._only.issuperset(ids):
            return []
        sets = map(self._sets.__getitem__, self._of_place)
        return [place for place, (found, known) in enumerate(zip(ids, sets, strict=True)) if found not in known]


def _distinct(values: Int64s) -> Int64s:
    """Return the distinct ones of `values` in ascending order; of a thousand in a tenth of the time of `np.unique`."""
    ordered: Int64s = np.sort(values)
    begins = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return ordered[begins]


def _pair_keys(bucket: Int64s, local: Int64s, n: int) -> Int64s:
    return bucket // _HOUR * n + local


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
        overflow = [known for known in map(self._names.find_overflow, series.scopes.ids) if known is not None]
        overflowed = int(cells.measures[Measure.REQUESTS][np.isin(ids, overflow)].sum()) if overflow else 0
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

    def _scopes(self, rows: Rows) -> _Scopes:
        groups = rows.group(*_SCOPE)
        names = rows.tuples(_SCOPE, groups.first)
        return _Scopes(groups.of_row, [self._names.scope(key) for key in names], [name[1] for name in names])

    def _resolve_series(self, deltas: Deltas, cells: Cells, pending: Sequence[Staged]) -> _Series:
        """Give every (hour, series) pair of the batch an id, the overflow series past the cap of the hour."""
        rows = deltas.series
        scopes = self._scopes(rows)
        n = len(rows)
        keys = _distinct(_pair_keys(cells.bucket, cells.series, n))
        if not len(keys):
            return _Series(scopes, keys, keys)
        hour, local = np.divmod(keys, n)
        scope = scopes.of_row[local]
        found = self._names.known_series(scopes.of_rows(), rows)
        locals_ = local.tolist()
        ids = [found[row] for row in locals_]
        room = _Room(self._seen.series, hour * _HOUR, scope, scopes.workspaces, pending)
        for place in room.strangers(ids):
            known, row = room.known(place), locals_[place]
            series = found[row]
            if series is None or series not in known:
                own = scopes.ids[scopes.of_row[row]]
                if len(known) >= self._caps.series_per_hour:
                    ids[place] = self._names.overflow_series(own)
                    continue
                if series is None:
                    (names,) = rows.tuples(_SERIES, np.array([row]))
                    series = found[row] = self._names.add_series((own, *names))
                known.add(series)
            ids[place] = series
        return _Series(scopes, keys, np.array(ids, np.int64))

    def _errors(self, deltas: Deltas, series: _Series, reach: Reach, pending: Sequence[Staged]) -> ErrorCells:
        errors = deltas.errors
        kept = np.flatnonzero(reach.covers(DAY_TIER, errors.bucket))
        if not len(kept):
            return ErrorCells.empty()
        bucket, member = errors.bucket[kept], errors.series[kept]
        local = deltas.error_owners[member]
        owner = series.resolve(bucket, local)
        found = group(bucket_key(bucket, _HOUR), (owner, int(owner.max()) + 1), (member, len(deltas.error_series)))
        first = found.first
        kinds = deltas.error_series.tuples(("error_type", "error_category"), member[first])
        keys = [(own, *kind) for own, kind in zip(owner[first].tolist(), kinds, strict=True)]
        scopes = series.scopes
        hour, scope = bucket[first] // _HOUR * _HOUR, scopes.of_row[local[first]]
        room = _Room(self._seen.errors, hour, scope, scopes.workspaces, pending)
        ids = self._names.known_error_series(keys)
        for place in room.strangers(ids):
            ids[place] = self._error_series(keys[place], room.known(place))
        return _merge_errors(bucket, np.array(ids, np.int64)[found.of_row], errors.count[kept], errors.last_seen[kept])

    def _error_series(self, key: tuple[int, str, str], known: set[int]) -> int:
        """Return the id that an error series counts under in an hour where those of the ids `known` were seen."""
        found = self._names.find_error_series(key)
        if found is not None and found in known:
            return found
        if len(known) >= self._caps.series_per_hour:
            key = (key[0], OVERFLOW, key[2])
            found = self._names.find_error_series(key)
            return self._names.add_error_series(key) if found is None else found
        found = self._names.add_error_series(key) if found is None else found
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
        clients, endpoints_of = deltas.clients, deltas.client_endpoints
        if not len(clients):
            return no_clients(), no_client_endpoints()
        columns: dict[str, Column] = {
            "hour": clients.integers("timestamp"),
            "scope_id": self._scopes(clients).of_rows(),
            "agent_id": self._agents(clients),
            "client_ip": text_column(clients.codes("client_ip")),
            **{name: clients.integers(name) for name in CLIENT_SUMS},
        }
        named: dict[str, Column] = {
            "client": endpoints_of.integers("client"),
            "endpoint": text_column(endpoints_of.codes("endpoint")),
            "request_count": endpoints_of.integers("request_count"),
        }
        rows, endpoints = PlainRows(columns), PlainRows(named)
        kept = reach.covers(DAY_TIER, rows.integers("hour"))
        if not kept.all():
            owner = endpoints.integers("client")
            endpoints = endpoints.take(np.flatnonzero(kept[owner]))
            number = np.cumsum(kept) - 1
            endpoints = PlainRows({**endpoints.columns, "client": number[endpoints.integers("client")]})
            rows = rows.take(np.flatnonzero(kept))
        return rows, endpoints

    def _agents(self, clients: Rows) -> Int64s:
        """Return the id of each row's user agent; its text alone tells it apart, family and version follow from it."""
        agent = clients.codes("user_agent")
        if len(clients) <= _FEW:
            parsed = clients.tuples(_PARSED)
            return np.array(self._names.agents(agent.listed(), parsed.__getitem__), np.int64)
        first = np.full(len(agent), -1)
        first[agent.of_row[::-1]] = np.arange(len(clients))[::-1]
        used = np.flatnonzero(first >= 0)
        rows = first[used]
        if (rows[1:] < rows[:-1]).any():
            used = used[np.argsort(rows)]
            rows = first[used]
        texts = agent.texts
        names = [texts[code] for code in used.tolist()]
        first[used] = self._names.agents(names, lambda place: clients.tuples(_PARSED, rows[place : place + 1])[0])
        return first[agent.of_row]


def _seen(series: Rows, cells: Cells, ids: Int64s) -> Int64s:
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
    np.maximum.at(high, pairs.of_row, cells.bucket // _HOUR * _HOUR + _HOUR)
    first = np.maximum(series.integers("first_seen")[local], low * MICROSECONDS)
    last = np.minimum(series.integers("last_seen")[local], high * MICROSECONDS - 1)
    return np.stack([ids[pairs.first], first, last])


def _merge_errors(bucket: Int64s, ids: Int64s, count: Int64s, last_seen: Int64s) -> ErrorCells:
    order = np.lexsort((ids, bucket))
    bucket, ids = bucket[order], ids[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (bucket[1:] != bucket[:-1]) | (ids[1:] != ids[:-1])
    starts = np.flatnonzero(begins)
    return ErrorCells(
        bucket[starts],
        ids[starts],
        np.add.reduceat(count[order], starts),
        np.maximum.reduceat(last_seen[order], starts),
    )


def _events(events: pl.DataFrame, reach: Reach) -> tuple[tuple[object, ...], ...]:
    if events.is_empty():
        return ()
    day = events["timestamp"].to_numpy() // MICROSECONDS
    kept = reach.covers(DAY_TIER, day)
    left = events if kept.all() else events.filter(kept)
    return tuple(zip(*(left.get_column(name).to_list() for name in ERROR_EVENT_SCHEMA), strict=True))


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
