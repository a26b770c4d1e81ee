"""Events to columns, and which of them make no sense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.batch import GAUGE_SCHEMA
from mockforge_analytics.model.dimensions import OWN_WORKSPACE
from mockforge_analytics.model.request import CANONICAL_PROTOCOLS, EARLIEST, FUTURE_TOLERANCE
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.sources.events.event import ABSENT, NO_EVENT, Event, Fault
from mockforge_analytics.sources.events.metadata import metadata_text
from mockforge_analytics.sources.events.paths import bare_paths
from mockforge_analytics.sources.events.table import EventTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["DEFAULT_GAUGE_SOURCE", "GaugeColumns", "RequestColumns", "Terms", "gauge_columns", "request_columns"]

Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]

DEFAULT_GAUGE_SOURCE: Final = "events"
_DEFAULT_PROTOCOL: Final = "HTTP"
_CANONICAL: Final = {name.lower(): name for name in CANONICAL_PROTOCOLS}
_METHOD: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_MILLISECONDS: Final = 1e3
# Seconds reach 1e11 in the year 5138; milliseconds as small as that lie in 1973, and so on three digits further.
_UNITS: Final = ((1e17, "nanoseconds"), (1e14, "microseconds"), (1e11, "milliseconds"))


def _keeps_all(seconds: Int64s) -> NDArray[np.bool_]:
    return np.ones(len(seconds), np.bool_)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is taken: at `now` (microseconds), where `workspace` is set of that workspace only, and of `seconds` (Unix
    time) for which `keeps` is true.
    """

    now: int
    workspace: str | None = None
    keeps: Callable[[Int64s], NDArray[np.bool_]] = _keeps_all


@dataclass(frozen=True, slots=True, eq=False)
class RequestColumns:
    """Sound requests, the index of each, and the faults of the others."""

    table: EventTable
    index: Int64s
    faults: list[Fault]


@dataclass(frozen=True, slots=True, eq=False)
class GaugeColumns:
    """Sound samples of connections, the index of each, and the faults of the others."""

    frame: pl.DataFrame
    index: Int64s
    faults: list[Fault]


class _Findings:
    """The faults found so far, by row of the events looked at; a row has the first one only."""

    def __init__(self, index: Int64s) -> None:
        self._index = index
        self._faults: dict[int, Fault] = {}

    def add(self, rows: Iterable[int], code: str, reason: Callable[[int], str] | str) -> None:
        """Note that `rows` are refused for `reason`, or for what `reason` says of each."""
        for row in rows:
            if row not in self._faults:
                sentence = reason if isinstance(reason, str) else reason(row)
                self._faults[row] = Fault(int(self._index[row]), code, sentence)

    @property
    def faults(self) -> list[Fault]:
        """Those found."""
        return list(self._faults.values())

    def sound(self) -> NDArray[np.bool_] | None:
        """Return which rows have none, None where all are sound."""
        if not self._faults:
            return None
        sound = np.ones(len(self._index), np.bool_)
        sound[list(self._faults)] = False
        return sound


def request_columns(events: Sequence[Event], index: Int64s, terms: Terms) -> RequestColumns:
    """Return `events` as columns of `REQUEST_SCHEMA`; a fault has the `index` of its event."""
    found = _Findings(index)
    texts = _texts(events)
    _find_empty(texts, events, found)
    columns: dict[str, Any] = {
        **texts,
        "timestamp": _timestamps(events, terms, found),
        "protocol": _protocols(texts["protocol"]),
        "method": _methods(texts["method"], found),
        "path": bare_paths(texts["path"]),
        "status_code": [event.status_code or None for event in events],
        "latency": _latencies(events, found),
        "workspace_id": _workspaces(texts["workspace_id"], terms.workspace, found),
        "metadata": _metadata(events, found),
    }
    sound = found.sound()
    return RequestColumns(EventTable(events, columns).only(sound), _rows(index, sound), found.faults)


def gauge_columns(events: Sequence[Event], index: Int64s, terms: Terms) -> GaugeColumns:
    """Return control `events` as columns of `GAUGE_SCHEMA`; a fault has the `index` of its event."""
    found = _Findings(index)
    values = [event.value for event in events]
    found.add(
        (row for row, value in enumerate(values) if value is None),
        "value",
        "an event of type connections has a value: the number of connections open at that time",
    )
    workspaces = _workspaces([event.workspace_id for event in events], terms.workspace, found)
    columns: dict[str, Any] = {
        "timestamp": _timestamps(events, terms, found),
        "protocol": _protocols([event.protocol for event in events]),
        "workspace_id": [workspace or "" for workspace in workspaces],
        "environment": [event.environment or "" for event in events],
        "source": [event.source or DEFAULT_GAUGE_SOURCE for event in events],
        "value": values,
    }
    sound = found.sound()
    frame = pl.DataFrame([pl.Series(name, columns[name], dtype=kind) for name, kind in GAUGE_SCHEMA.items()])
    return GaugeColumns(frame if sound is None else frame.filter(sound), _rows(index, sound), found.faults)


def _rows(index: Int64s, sound: NDArray[np.bool_] | None) -> Int64s:
    return index if sound is None else index[sound]


def _texts(events: Sequence[Event]) -> dict[str, list[str | None]]:
    # Written out: attribute access in a comprehension takes half the time of `attrgetter` and of `getattr`.
    return {
        "protocol": [event.protocol for event in events],
        "method": [event.method for event in events],
        "path": [event.path for event in events],
        "endpoint": [event.endpoint for event in events],
        "client_ip": [event.client_ip for event in events],
        "user_agent": [event.user_agent for event in events],
        "workspace_id": [event.workspace_id for event in events],
        "environment": [event.environment for event in events],
        "error_type": [event.error_type for event in events],
    }


def _find_empty(texts: dict[str, list[str | None]], events: Sequence[Event], found: _Findings) -> None:
    """Refuse what was hardly meant as an event, such as a list of events in an object of its own."""
    if None not in texts["path"]:
        return
    fields = zip(*(texts[name] for name in ("path", "endpoint", "method", "protocol", "error_type")), strict=True)
    empty = [row for row, given in enumerate(fields) if not any(given) and events[row].status_code is None]
    reason = "an event has at least one of protocol, method, path, endpoint, status_code and error_type"
    found.add(empty, NO_EVENT, reason)


def _protocols(names: list[str | None]) -> list[str | None]:
    canonical = {name: _CANONICAL.get(name.lower(), name) if name else _DEFAULT_PROTOCOL for name in set(names)}
    return _renamed(names, canonical)


def _renamed(names: list[str | None], others: Mapping[str | None, str | None]) -> list[str | None]:
    """Return what `others` has for each of `names`; most senders write names as we do."""
    if all(name == other for name, other in others.items()):
        return names
    return [others[name] for name in names]


def _timestamps(events: Sequence[Event], terms: Terms, found: _Findings) -> Int64s:
    given = [event.timestamp for event in events]
    try:
        seconds = np.array(given, np.float64)  # None becomes NaN
    except TypeError:
        seconds = np.array([time.timestamp() if isinstance(time, datetime) else time for time in given], np.float64)
    with np.errstate(over="ignore"):  # infinite is refused below
        micros = np.rint(seconds * MICROSECONDS)
    latest = terms.now + FUTURE_TOLERANCE
    found.add(np.flatnonzero(micros < EARLIEST).tolist(), "timestamp", "timestamp lies before 1970-01-02")
    found.add(np.flatnonzero(micros > latest).tolist(), "timestamp", lambda row: _future_reason(given[row]))
    micros[~((micros >= EARLIEST) & (micros <= latest))] = terms.now
    times = micros.astype(np.int64)
    kept = terms.keeps(times // MICROSECONDS)
    if not kept.all():
        found.add(np.flatnonzero(~kept).tolist(), "timestamp", "timestamp is older than what the retention keeps")
    return times


def _future_reason(given: float | datetime | None) -> str:
    for least, unit in _UNITS:
        if isinstance(given, int | float) and given >= least:
            return f"timestamp must be in seconds; this looks like {unit}"
    return "timestamp lies more than two days in the future"


def _methods(methods: list[str | None], found: _Findings) -> list[str | None]:
    """Return `methods` in upper case, "" as null."""
    upper: dict[str | None, str | None] = {name: name.upper() if name else None for name in set(methods)}
    wrong = {name for name in upper if name and not _METHOD.fullmatch(name)}
    if wrong:
        reason = "method must be a token of at most 32 characters (RFC 9110 section 5.6.2)"
        found.add((row for row, name in enumerate(methods) if name in wrong), "method", reason)
    return _renamed(methods, upper)


def _latencies(events: Sequence[Event], found: _Findings) -> Float64s:
    """Return latencies in seconds, NaN where unknown."""
    seconds: Float64s = np.array([event.latency_ms for event in events], np.float64) / _MILLISECONDS
    other = [event.latency for event in events]
    if other.count(None) < len(other):
        given = np.array(other, np.float64)
        both = np.flatnonzero(~np.isnan(given) & ~np.isnan(seconds)).tolist()
        found.add(both, "latency", "latency (seconds) and latency_ms exclude each other: give one of them")
        seconds = np.where(np.isnan(given), seconds, given)
    return seconds


def _workspaces(names: list[str | None], only: str | None, found: _Findings) -> list[str | None]:
    own = (row for row, name in enumerate(names) if name == OWN_WORKSPACE)
    found.add(own, "workspace_id", f"workspace_id {OWN_WORKSPACE} is that of the server's own requests: take another")
    if only is None:
        return names
    foreign = (row for row, name in enumerate(names) if name and name != only)
    found.add(foreign, "workspace_id", f"workspace_id must be {only} or absent: the token is bound to that workspace")
    return [only] * len(names)


def _metadata(events: Sequence[Event], found: _Findings) -> list[str | None]:
    raw = [event.metadata for event in events]
    texts: list[str | None] = [None] * len(raw)
    if raw.count(ABSENT) == len(raw):
        return texts
    for row, value in enumerate(raw):
        if value is not ABSENT:
            try:
                texts[row] = metadata_text(bytes(value))
            except msgspec.ValidationError as error:
                found.add((row,), "metadata", str(error))
    return texts
