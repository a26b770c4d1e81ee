"""The small parts of a fold: error events, ledger, rejected samples and the tokens of batches."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mockforge_analytics.model.batch import ERROR_EVENT_SCHEMA
from mockforge_analytics.model.window import MICROSECONDS, Granularity
from mockforge_analytics.store.repeats import keep_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from mockforge_analytics.config import CapConfig
    from mockforge_analytics.store.staged import LedgerRow, Staged

_Event = tuple[Any, ...]

__all__ = ["KEPT_SAMPLES", "SideFold", "add_to_ledger"]

KEPT_SAMPLES: Final = 1_000  # rejected samples in the database, the newest
_MINUTE_US: Final = int(Granularity.MINUTE) * MICROSECONDS
_TIME, _ENDPOINT, _TYPE, _WORKSPACE = (
    list(ERROR_EVENT_SCHEMA).index(name) for name in ("timestamp", "endpoint", "error_type", "workspace_id")
)
_INSERT_EVENT: Final = (
    "INSERT INTO error_events (timestamp_us, protocol, method, endpoint, status_code, error_type, error_message, "
    "error_category, request_id, trace_id, span_id, client_ip, user_agent, workspace_id, environment, metadata, "
    "timestamp, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_COUNT_EVENTS: Final = (
    "SELECT endpoint, error_type, workspace_id, count(*) FROM error_events "
    "WHERE timestamp_us >= ? AND timestamp_us < ? GROUP BY 1, 2, 3"
)
_ADD_LEDGER: Final = (
    "INSERT INTO ledger (source, minute, received, stored, deduplicated, rejected, overflowed, reasons) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, minute) DO UPDATE SET "
    "received = received + excluded.received, stored = stored + excluded.stored, "
    "deduplicated = deduplicated + excluded.deduplicated, "
    "rejected = rejected + excluded.rejected, overflowed = overflowed + excluded.overflowed, "
    "reasons = excluded.reasons"
)


class SideFold:
    """Adds events, ledger, samples and tokens of staged batches, inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection, caps: CapConfig) -> None:
        self._connection = connection
        self._caps = caps

    def fold(self, staged: Sequence[Staged], now: int) -> None:
        """Add everything small of `staged`; `now` in seconds."""
        self._events([part.events for part in staged if part.events], now)
        add_to_ledger(self._connection, [row for part in staged for row in part.ledger])
        samples = [sample for part in staged for sample in part.samples]
        if samples:
            insert = "INSERT INTO rejected_sample (source, received_at, reason, place, sample) VALUES (?, ?, ?, ?, ?)"
            self._connection.executemany(insert, samples[-KEPT_SAMPLES:])
            trim = "DELETE FROM rejected_sample WHERE id <= (SELECT max(id) FROM rejected_sample) - ?"
            self._connection.execute(trim, (KEPT_SAMPLES,))
        keep_tokens(self._connection, staged)

    def _events(self, parts: list[tuple[tuple[Any, ...], ...]], now: int) -> None:
        """Insert events up to the caps a minute; what is past them is in the exact counts all the same.

        The rollup has capped each part, so a minute that only one part has events of, and the table none, is whole.
        Events are numbered in the order they came in, which is the number they were read with while they waited.
        """
        events = [event for part in parts for event in part]
        time = np.fromiter((event[_TIME] for event in events), np.int64, count=len(events))
        owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        minute = time // _MINUTE_US
        admitted: list[int] = []
        for one in np.unique(minute).tolist():
            places = np.flatnonzero(minute == one)
            stored = self._stored_events(one * _MINUTE_US)
            if stored or owner[places[0]] != owner[places[-1]]:
                order = places[np.argsort(time[places], kind="stable")]
                admitted += self._admit(events, order.tolist(), stored)
            else:
                admitted += places.tolist()
        rows = ((*events[place], events[place][_TIME] // MICROSECONDS, now) for place in sorted(admitted))
        self._connection.executemany(_INSERT_EVENT, rows)

    def _admit(self, events: list[_Event], order: list[int], counts: Counter[tuple[Any, ...]]) -> list[int]:
        """Return which of the events numbered `order` there is still room for; `counts` says what is stored."""
        admitted = []
        for place in order:
            event = events[place]
            workspace = event[_WORKSPACE]
            if counts[(workspace,)] >= self._caps.error_events_per_minute_total:
                continue
            key = (event[_ENDPOINT], event[_TYPE], workspace)
            if counts[key] < self._caps.error_events_per_minute:
                counts[key] += 1
                counts[(workspace,)] += 1
                admitted.append(place)
        return admitted

    def _stored_events(self, minute_us: int) -> Counter[tuple[Any, ...]]:
        counts: Counter[tuple[Any, ...]] = Counter()
        rows = self._connection.execute(_COUNT_EVENTS, (minute_us, minute_us + _MINUTE_US))
        for endpoint, kind, workspace, count in rows:
            counts[(endpoint, kind, workspace)] += count
            counts[(workspace,)] += count
        return counts


def add_to_ledger(connection: apsw.Connection, rows: Sequence[LedgerRow]) -> None:
    """Add `rows` to the ledger, inside the caller's transaction."""
    merged: dict[tuple[str, int], tuple[list[int], Counter[str]]] = {}
    for row in rows:
        sums, reasons = merged.setdefault((row.source, row.minute), ([0, 0, 0, 0, 0], Counter()))
        for i, value in enumerate((row.received, row.stored, row.deduplicated, row.rejected, row.overflowed)):
            sums[i] += value
        reasons.update(row.reasons)
    for (source, minute), (sums, reasons) in merged.items():
        select = "SELECT reasons FROM ledger WHERE source = ? AND minute = ?"
        known = connection.execute(select, (source, minute)).fetchone()
        if known is not None:
            reasons.update(json.loads(known[0]))
        text = json.dumps(dict(sorted(reasons.items())), separators=(",", ":"))
        connection.execute(_ADD_LEDGER, (source, minute, *sums, text))
