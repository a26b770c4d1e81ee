"""Retention: floors rise in one small transaction, then what lies below them goes, in slices between other writes.

Nothing that waits for a fold is touched, nothing on an island is. Finer tiers go first and the days of the series last:
a day that still has rows there may have lost minutes already, and a held import must not take it for empty. A run that
is stopped anywhere is taken up by the next one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mockforge_analytics.model.tiers import TIERS, Fact, Tier, tiers_of
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity, Window
from mockforge_analytics.store.client_fold import CLIENT_TIER
from mockforge_analytics.store.connection import translated
from mockforge_analytics.store.holds import list_holds, without
from mockforge_analytics.store.keys import CLIENT_SHIFT, bucket_range, bucket_starts
from mockforge_analytics.store.name_garbage import collect_names, has_garbage
from mockforge_analytics.store.reach import DAY_TIER, due_floors
from mockforge_analytics.store.retention_clock import ClockReading, read_clock, record_clock
from mockforge_analytics.store.rows import as_int
from mockforge_analytics.store.side_facts import add_to_ledger
from mockforge_analytics.store.sql import delete_cells, oldest_cells
from mockforge_analytics.store.staged import LedgerRow
from mockforge_analytics.store.vitals import DELETE_VITALS

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from mockforge_analytics.config import RetentionConfig
    from mockforge_analytics.store.committer import Committer
    from mockforge_analytics.store.reach import Reach

__all__ = ["RetentionReport", "run_retention"]

_SLICE_ROWS: Final = 5_000
_VACUUM_PAGES: Final = 512
_END_OF_TIME: Final = 1 << 32  # seconds; no bucket begins later
_LEDGER_SECONDS: Final = 30 * int(Granularity.DAY)
_TOKEN_SECONDS: Final = 7 * int(Granularity.DAY)
_SAMPLE_SECONDS: Final = 30 * int(Granularity.DAY)


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What a run did.

    Attributes:
        clock: what the floors were counted from, and whether they stayed because the clock is not believed yet.
        floors: the floor of each tier after the run, seconds.
        deleted: rows deleted of each table; tables that lost nothing are there with 0.
        bytes_freed: how much smaller the database file becomes with the next checkpoint.
        finished: False where the run was stopped.
    """

    clock: ClockReading
    floors: dict[str, int]
    deleted: dict[str, int]
    bytes_freed: int
    finished: bool


@dataclass(slots=True)
class _Run:
    """One run over a database that `call` reaches; what it deletes is counted as it goes."""

    call: Callable[[Callable[[Committer], Any]], Any]
    progress: Callable[[str, int], None]
    asked_to_stop: Callable[[], bool]
    deleted: dict[str, int] = field(default_factory=dict)
    was_stopped: bool = False

    def stopped(self) -> bool:
        """Whether to end here; asked between slices."""
        self.was_stopped = self.was_stopped or self.asked_to_stop()
        return self.was_stopped

    def repeat(self, table: str, slice_of: Callable[[Committer], int]) -> None:
        """Delete slice after slice of `table` until one comes back short of `_SLICE_ROWS`."""
        self.deleted.setdefault(table, 0)
        while not self.stopped():
            gone: int = self.call(slice_of)
            if gone:
                self.deleted[table] += gone
                self.progress(table, self.deleted[table])
            if gone < _SLICE_ROWS:
                return


def run_retention(
    call: Callable[[Callable[[Committer], Any]], Any],
    retention: RetentionConfig,
    now_us: int,
    *,
    trust_clock: bool = False,
    live_only: bool = False,
    progress: Callable[[str, int], None] = lambda _table, _rows: None,
    stopped: Callable[[], bool] = lambda: False,
) -> RetentionReport:
    """Delete what `retention` no longer keeps at `now_us` (microseconds) and give the space back to the disk.

    `call` runs its argument on the writer, such as `SqliteStore.call`; other writes get their turn between two calls.
    With `live_only` nothing but the 10-second tiers is trimmed, which is cheap enough for every few minutes. With
    `trust_clock` a clock far ahead of the last run is believed at once (see `retention_clock`). `progress` hears of the
    rows deleted of a table so far; the run ends early, without harm, when `stopped` says so.

    Raises:
        StoreError: a slice failed; those before it are deleted, the rest is taken up by the next run.
    """
    now = now_us // MICROSECONDS
    run = _Run(call, progress, stopped)
    reading: ClockReading = call(
        partial(_raise_floors, retention=retention, now=now, trust=trust_clock, live=live_only)
    )
    ordered = sorted(TIERS, key=lambda tier: (tier is DAY_TIER, tier.width))
    for tier in ordered:
        if not live_only or tier.width == BASE_SECONDS:
            _trim_tier(run, tier)
            if tier.fact is Fact.CLIENT:
                run.repeat("client_sketch", _sketch_slice)
    freed = 0
    if not live_only:
        _trim_side_tables(run, retention, reading.at)
        if call(has_garbage) and not run.stopped():
            run.deleted |= collect_names(call, call(lambda committer: committer.path), progress, run.stopped)
        call(_update_first)
        freed = _vacuum(run)
    floors = call(lambda committer: dict(committer.reach.floors))
    return RetentionReport(reading, floors, run.deleted, freed, not run.was_stopped)


def _raise_floors(
    committer: Committer, *, retention: RetentionConfig, now: int, trust: bool, live: bool
) -> ClockReading:
    def work(connection: apsw.Connection) -> ClockReading:
        reading = read_clock(connection, now, trust=trust)
        due = due_floors(retention, reading.at)
        rising = [(due[tier.name], tier.name) for tier in TIERS if not live or tier.width == BASE_SECONDS]
        connection.executemany("UPDATE tier_floor SET floor = max(floor, ?) WHERE tier = ?", rising)
        if not live:
            record_clock(connection, reading)
        committer.fail_at("retention.floors")
        return reading

    return committer.change(work)


def _trim_tier(run: _Run, tier: Tier) -> None:
    table = "client_hour" if tier.fact is Fact.CLIENT else tier.name
    run.repeat(table, partial(_cell_slice, tier=tier, table=table))


def _expired(committer: Committer, tier: Tier) -> list[Window]:
    """Return the windows of `tier` below its floor and on no island, as they are now."""
    reach = committer.reach
    return without(Window(0, reach.floors[tier.name]), reach.islands.get(tier.name, ()))


def _cell_slice(committer: Committer, *, tier: Tier, table: str) -> int:
    def work(connection: apsw.Connection) -> int:
        found: list[int] = []
        for window in _expired(committer, tier):
            low, high = _keys(tier, window)
            rows = connection.execute(oldest_cells(table), (low, high, _SLICE_ROWS - len(found)))
            keys = [as_int(key) for (key,) in rows]
            if keys:
                connection.execute(delete_cells(table), (low, keys[-1]))
                found += keys
        if found:
            ids = np.array(found, np.int64)
            gone = (ids >> CLIENT_SHIFT) * tier.width if tier.fact is Fact.CLIENT else bucket_starts(ids, tier.width)
            committer.forget_cells(tier, np.unique(gone))
        committer.fail_at("retention.cells")
        return len(found)

    return committer.change(work, reload=False)


def _keys(tier: Tier, window: Window) -> tuple[int, int]:
    if tier.fact is Fact.CLIENT:
        return window.start // tier.width << CLIENT_SHIFT, window.end // tier.width << CLIENT_SHIFT
    return bucket_range(window.start, window.end, tier.width)


def _sketch_slice(committer: Committer) -> int:
    def work(connection: apsw.Connection) -> int:
        delete = "DELETE FROM client_sketch WHERE hour >= ? AND hour < ?"
        gone = 0
        for window in _expired(committer, CLIENT_TIER):
            connection.execute(delete, (window.start, window.end))
            gone += connection.changes()
        return gone

    return committer.change(work, reload=False)


def _trim_side_tables(run: _Run, retention: RetentionConfig, at: int) -> None:
    run.repeat("error_events", partial(_event_slice, before=at - retention.error_events_days * int(Granularity.DAY)))
    snapshots = at - retention.snapshots_days * int(Granularity.DAY)
    run.repeat("analytics_snapshots", partial(_plain_slice, delete=_DELETE_SNAPSHOTS, before=snapshots))
    run.repeat("vital_hour", partial(_plain_slice, delete=DELETE_VITALS, before=snapshots))
    samples, tokens = (at - _SAMPLE_SECONDS) * MICROSECONDS, (at - _TOKEN_SECONDS) * MICROSECONDS
    run.repeat("rejected_sample", partial(_plain_slice, delete=_DELETE_SAMPLES, before=samples))
    run.repeat("dedup_token", partial(_plain_slice, delete=_DELETE_TOKENS, before=tokens))
    run.repeat("ledger", partial(_ledger_slice, before=at - _LEDGER_SECONDS))


_DELETE_SNAPSHOTS: Final = (
    "DELETE FROM analytics_snapshots WHERE id IN (SELECT id FROM analytics_snapshots WHERE timestamp < ? LIMIT ?)"
)
_DELETE_SAMPLES: Final = (
    "DELETE FROM rejected_sample WHERE id IN (SELECT id FROM rejected_sample WHERE received_at < ? LIMIT ?)"
)
_DELETE_TOKENS: Final = (
    "DELETE FROM dedup_token WHERE token IN (SELECT token FROM dedup_token WHERE received_at < ? LIMIT ?)"
)
_DELETE_EVENTS: Final = (
    "DELETE FROM error_events WHERE id IN "
    "(SELECT id FROM error_events WHERE timestamp_us >= ? AND timestamp_us < ? ORDER BY timestamp_us LIMIT ?)"
)


def _plain_slice(committer: Committer, *, delete: str, before: int) -> int:
    def work(connection: apsw.Connection) -> int:
        connection.execute(delete, (before, _SLICE_ROWS))
        committer.fail_at("retention.side")
        return connection.changes()

    return committer.change(work, reload=False)


def _event_slice(committer: Committer, *, before: int) -> int:
    def work(connection: apsw.Connection) -> int:
        gone = 0
        for window in without(Window(0, max(before, 0)), (hold.window for hold in list_holds(connection))):
            bounds = (window.start * MICROSECONDS, window.end * MICROSECONDS)
            connection.execute(_DELETE_EVENTS, (*bounds, _SLICE_ROWS - gone))
            gone += connection.changes()
        committer.fail_at("retention.side")
        return gone

    return committer.change(work, reload=False)


def _ledger_slice(committer: Committer, *, before: int) -> int:
    """Add old minutes to minute 0 of their source: the minutes go, what they count stays."""

    def work(connection: apsw.Connection) -> int:
        select = (
            "SELECT source, minute, received, stored, deduplicated, rejected, overflowed, reasons FROM ledger "
            "WHERE minute > 0 AND minute < ? LIMIT ?"
        )
        rows = connection.execute(select, (before, _SLICE_ROWS)).fetchall()
        add_to_ledger(connection, [_at_minute_zero(row) for row in rows])
        connection.executemany("DELETE FROM ledger WHERE source = ? AND minute = ?", [row[:2] for row in rows])
        committer.fail_at("retention.side")
        return len(rows)

    return committer.change(work, reload=False)


def _at_minute_zero(row: tuple[Any, ...]) -> LedgerRow:
    source, _, *sums, reasons = row
    received, stored, deduplicated, rejected, overflowed = map(as_int, sums)
    return LedgerRow(str(source), 0, received, stored, deduplicated, rejected, overflowed, json.loads(reasons))


def _update_first(committer: Committer) -> None:
    """Set the oldest known request to what is left: exactly where it is still there, else the start of its bucket."""

    def work(connection: apsw.Connection) -> None:
        oldest = _oldest_bucket(connection, committer.reach)
        if oldest is None:
            connection.execute("DELETE FROM meta WHERE key IN ('first', 'last')")
        else:
            update = "UPDATE meta SET value = max(value, ?) WHERE key = 'first'"
            connection.execute(update, (oldest * MICROSECONDS,))

    committer.change(work, reload=False)


def _oldest_bucket(connection: apsw.Connection, reach: Reach) -> int | None:
    """Return the start of the oldest bucket with requests, of the finest tier that still has that day."""
    oldest = None
    for tier in sorted(tiers_of(Fact.SERIES), key=lambda tier: -tier.width):
        day = 0 if oldest is None else oldest // Granularity.DAY * int(Granularity.DAY)
        if oldest is None or reach.covers(tier, np.array([day]))[0]:
            keys = bucket_range(day, _END_OF_TIME, tier.width)
            row = connection.execute(oldest_cells(tier.name), (*keys, 1)).fetchone()
            if row is None:
                break
            oldest = int(bucket_starts(np.array(row, np.int64), tier.width)[0])
    return oldest


def _vacuum(run: _Run) -> int:
    """Give free pages back to the file system, a few at a time; return how many bytes."""
    freed = 0
    while not run.stopped():
        gone: int = run.call(_vacuum_slice)
        freed += gone
        if not gone:
            break
    return freed


def _vacuum_slice(committer: Committer) -> int:
    connection = committer.connection
    with translated(committer.path):
        before = as_int(connection.pragma("page_count"))
        connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall()
        committer.fail_at("retention.vacuum")
        return (before - as_int(connection.pragma("page_count"))) * as_int(connection.pragma("page_size"))
