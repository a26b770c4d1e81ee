"""A reader over request rows in memory: the ports by brute force, one row at a time."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import ERROR_EVENT_SCHEMA
from mockforge_analytics.model.cells import MEASURES, NO_MAXIMUM, NO_MINIMUM
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.plan import (
    CLIENT_MEASURES,
    ERROR_MEASURES,
    GAUGE_MEASURES,
    ClientsFound,
    Coverage,
    ReadPlan,
    ReadResult,
    Slice,
    StatusRange,
)
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import MICROSECONDS, Window, floor_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mockforge_analytics.model.vitals import VitalSign
    from tests.traffic import Row

    Filters = Mapping[Dimension, tuple[str | StatusRange, ...]]
    Key = tuple[Any, ...]

_SCOPE: Final = {Dimension.PROTOCOL, Dimension.WORKSPACE, Dimension.ENVIRONMENT}
_SERIES: Final = _SCOPE | {Dimension.METHOD, Dimension.ENDPOINT, Dimension.STATUS}
_KNOWN: Final = {
    Fact.SCOPE: _SCOPE,
    Fact.SERIES: _SERIES,
    Fact.ERROR: _SERIES | {Dimension.ERROR_TYPE, Dimension.ERROR_CATEGORY},
    Fact.GAUGE: _SCOPE | {Dimension.SOURCE},
    Fact.CLIENT: _SCOPE | {Dimension.CLIENT, Dimension.AGENT, Dimension.AGENT_FAMILY, Dimension.AGENT_VERSION},
}
_MEASURES: Final = {
    Fact.SCOPE: MEASURES,
    Fact.SERIES: MEASURES,
    Fact.ERROR: ERROR_MEASURES,
    Fact.GAUGE: GAUGE_MEASURES,
    Fact.CLIENT: CLIENT_MEASURES,
}
_CASELESS: Final = {Dimension.PROTOCOL, Dimension.METHOD}


@dataclass(frozen=True)
class MemorySnapshot:
    """`rows` and `samples` as a database of the given coverage would answer for them."""

    rows: Sequence[Row]
    coverage: Coverage
    samples: Sequence[Row] = ()
    commit: int = 7
    plans: list[ReadPlan] = field(default_factory=list)

    def read(self, plan: ReadPlan) -> ReadResult:
        """Answer `plan`; an assertion fails where it breaks the rules of `ReadPlan`."""
        _check(plan)
        self.plans.append(plan)
        groups: dict[Key, list[Row]] = {}
        for entry, bucket in self._entries(plan):
            if matches(entry, plan.filters):
                key = () if plan.bucket is None else (floor_to(bucket, plan.bucket),)
                groups.setdefault((*key, *(entry[name] for name in plan.group_by)), []).append(entry)
        keys = sorted(groups)
        if plan.order_by is not None:
            order_by = plan.order_by
            keys.sort(key=lambda key: -_measure(order_by, groups[key]))
        shown = keys[: plan.limit]
        return ReadResult(
            _frame(plan, shown, [groups[key] for key in shown]),
            len(keys),
            _histograms([groups[key] for key in shown]) if plan.histograms else None,
        )

    def _entries(self, plan: ReadPlan) -> Iterator[tuple[Row, int]]:
        """Return what lies in the buckets the plan reads, each with the start of its bucket."""
        entries: Sequence[Row] = self.samples if plan.fact is Fact.GAUGE else self.rows
        for piece in plan.slices:
            for entry in entries:
                bucket = floor_to(entry["timestamp"] // MICROSECONDS, piece.tier.width)
                counted = plan.fact is not Fact.ERROR or entry["error_type"]
                if counted and piece.window.start <= bucket < piece.window.end and self._holds(piece, bucket):
                    yield entry, bucket

    def _holds(self, piece: Slice, bucket: int) -> bool:
        whole = Window(bucket, bucket + piece.tier.width)
        return self.coverage.ranges(piece.tier, whole) == [whole]

    def error_events(
        self, window: Window, filters: Filters, limit: int, before: tuple[int, int] | None = None
    ) -> pl.DataFrame:
        """Return the errors of `rows`, whose numbers are their ids."""
        found = [
            (entry["timestamp"], number, entry)
            for number, entry in enumerate(self.rows)
            if entry["error_type"] and _inside(entry, window) and matches(entry, filters)
        ]
        found.sort(key=lambda item: item[:2], reverse=True)
        page = [item for item in found if before is None or item[:2] < before][:limit]
        columns: dict[str, list[object]] = {"id": [number for _, number, _ in page]}
        columns |= {name: [entry.get(name) for *_, entry in page] for name in ERROR_EVENT_SCHEMA}
        return pl.DataFrame(columns, schema={"id": pl.Int64, **ERROR_EVENT_SCHEMA})

    def vitals(self, since_us: int) -> list[VitalSign]:
        """Return nothing: no target is read."""
        del since_us
        return []

    def client_endpoints(self, window: Window, clients: Sequence[str], filters: Filters) -> pl.DataFrame:
        """Count the requests of each of `clients` and endpoint."""
        counts: dict[tuple[str, str], int] = {}
        for entry in self.rows:
            if entry["client_ip"] in clients and _inside(entry, window) and matches(entry, filters):
                key = (entry["client_ip"], entry["endpoint"])
                counts[key] = counts.get(key, 0) + 1
        ordered = sorted(counts, key=lambda key: (-counts[key], key))
        return pl.DataFrame(
            [(*key, counts[key]) for key in ordered],
            schema={"client_ip": pl.String, "endpoint": pl.String, "request_count": pl.Int64},
            orient="row",
        )

    def endpoint_clients(
        self, windows: Sequence[Window], endpoints: Sequence[str], filters: Filters, limit: int
    ) -> ClientsFound:
        """Count the requests of each client to `endpoints`; nothing is past a cap."""
        mine: dict[str, list[Row]] = {}
        for entry in self.rows:
            inside = any(_inside(entry, window) for window in windows)
            if inside and entry["endpoint"] in endpoints and entry["client_ip"] and matches(entry, filters):
                mine.setdefault(entry["client_ip"], []).append(entry)
        listed = sorted(mine, key=lambda address: (-len(mine[address]), address))[:limit]
        hours = {address: [floor_to(e["timestamp"] // MICROSECONDS, 3_600) for e in mine[address]] for address in mine}
        agents = Counter((address, entry["user_agent_family"]) for address in listed for entry in mine[address])
        ordered = sorted(agents, key=lambda pair: (-agents[pair], pair[1]))
        counted = dict.fromkeys(("request_count", "overflow_count", "first_hour", "last_hour"), pl.Int64)
        return ClientsFound(
            pl.DataFrame(
                [(address, len(mine[address]), 0, min(hours[address]), max(hours[address])) for address in listed],
                schema={"client_ip": pl.String, **counted},
                orient="row",
            ),
            pl.DataFrame(
                [(*pair, agents[pair]) for pair in ordered],
                schema={"client_ip": pl.String, "user_agent_family": pl.String, "request_count": pl.Int64},
                orient="row",
            ),
            len(mine),
            sum(map(len, mine.values())),
            0,
            0,
        )


@dataclass(frozen=True)
class MemoryReader:
    """Opens the one snapshot it has."""

    state: MemorySnapshot

    @contextmanager
    def snapshot(self, deadline_seconds: float | None = None) -> Iterator[MemorySnapshot]:
        """Open it; a deadline that is over raises nothing here."""
        assert deadline_seconds is None or deadline_seconds > 0
        yield self.state


def matches(entry: Row, filters: Filters) -> bool:
    """Return whether every filter has a value that `entry` has."""
    return all(any(_equal(name, entry[name], value) for value in values) for name, values in filters.items())


def _equal(name: Dimension, stored: str | int, value: str | StatusRange) -> bool:
    if isinstance(value, StatusRange):
        return value.low <= int(stored) <= value.high
    if name in _CASELESS:
        return str(stored).lower() == value.lower()
    return bool(stored == value)


def _inside(entry: Row, window: Window) -> bool:
    return bool(window.start * MICROSECONDS <= entry["timestamp"] < window.end * MICROSECONDS)


def _check(plan: ReadPlan) -> None:
    known = _KNOWN[plan.fact]
    assert set(plan.group_by) <= known
    assert set(plan.filters) <= known
    assert set(plan.measures) <= set(_MEASURES[plan.fact])
    assert plan.limit is None or plan.order_by in plan.measures
    for piece in plan.slices:
        assert piece.tier.fact is plan.fact
        assert piece.window.start % piece.tier.width == piece.window.end % piece.tier.width == 0
        assert piece.window.seconds > 0
        assert plan.bucket is None or plan.bucket % piece.tier.width == 0
    for left, right in pairwise(plan.slices):
        assert left.window.end <= right.window.start


def _latencies(entries: Sequence[Row]) -> list[int]:
    return [latency for entry in entries if (latency := entry["latency_us"]) is not None]


def _measure(name: str, entries: Sequence[Row]) -> int:
    special: dict[str, Callable[[], int]] = {
        "request_count": lambda: len(entries),
        "error_count": lambda: sum(1 for entry in entries if entry["error_type"]),
        "latency_count": lambda: len(_latencies(entries)),
        "latency_sum": lambda: sum(_latencies(entries)),
        "latency_min": lambda: min(_latencies(entries), default=int(NO_MINIMUM)),
        "latency_max": lambda: max(_latencies(entries), default=NO_MAXIMUM),
        "last_seen": lambda: max(entry["timestamp"] for entry in entries),
        "unique_clients": lambda: len({entry["client_ip"] for entry in entries}),
        "connections_max": lambda: max(entry["value"] for entry in entries),
        "connections_last": lambda: max((entry["timestamp"], entry["value"]) for entry in entries)[1],
    }
    return special[name]() if name in special else sum(entry[name] for entry in entries)


def _frame(plan: ReadPlan, keys: Sequence[Key], groups: Sequence[Sequence[Row]]) -> pl.DataFrame:
    names = [*([] if plan.bucket is None else ["bucket"]), *plan.group_by]
    types = {"bucket": pl.Int64, Dimension.STATUS: pl.Int32}
    schema: dict[str, type[pl.DataType]] = {name: types.get(name, pl.String) for name in names}
    schema |= dict.fromkeys(plan.measures, pl.Int64)
    records = [
        (*key, *(_measure(name, group) for name in plan.measures)) for key, group in zip(keys, groups, strict=True)
    ]
    return pl.DataFrame(records, schema=schema, orient="row")


def _histograms(groups: Sequence[Sequence[Row]]) -> Histograms:
    pairs = [(number, latency) for number, group in enumerate(groups) for latency in _latencies(group)]
    group = np.array([number for number, _ in pairs], np.int64)
    seconds = np.array([latency / MICROSECONDS for _, latency in pairs], np.float64)
    return Histograms.build(group, seconds, len(groups))
