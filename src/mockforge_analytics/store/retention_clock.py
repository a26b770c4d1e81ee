"""Whether retention may believe the clock: one that jumps forward and back must not wipe the history.

A clock that is at most `BELIEVED_STEP` ahead of the last run is believed. A larger step is believed once there is a
sign that the clock has stood there for `CONFIRMED_AFTER`: an earlier run saw it, or batches arrived by it. Until then
no floor rises. A server that was switched off for a month deletes half a day late, an idle database expires all the
same, and a clock that is a year ahead for an hour deletes nothing. A jump of less than the step costs at most that
much of the oldest history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.window import Granularity
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    import apsw

__all__ = ["BELIEVED_STEP", "CONFIRMED_AFTER", "ClockReading", "read_clock", "record_clock"]

BELIEVED_STEP: Final = 2 * int(Granularity.DAY)
CONFIRMED_AFTER: Final = int(Granularity.DAY) // 2
_FORGOTTEN_AFTER: Final = 40 * int(Granularity.DAY)  # a doubt older than this says nothing about a clock seen now

_LAST: Final = "retention_at"
_DOUBT: Final = "retention_doubt"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """`now` is the clock, `at` the instant retention counts from (both seconds), `doubted` when the doubt began."""

    now: int
    at: int
    doubted: int | None

    @property
    def held_back(self) -> bool:
        """Whether floors stay where they are because the clock is not believed yet."""
        return self.doubted is not None


def read_clock(connection: apsw.Connection, now: int, *, trust: bool) -> ClockReading:
    """Return what to make of `now` (seconds); with `trust` a person vouches for it."""
    rows = connection.execute("SELECT key, value FROM meta WHERE key IN (?, ?)", (_LAST, _DOUBT))
    meta = {str(key): as_int(value) for key, value in rows}
    last = meta.get(_LAST, now)
    if trust or now <= last + BELIEVED_STEP or _has_stood(connection, now, last):
        return ClockReading(now, now, None)
    doubt = meta.get(_DOUBT, now)
    if now - _FORGOTTEN_AFTER <= doubt <= now - CONFIRMED_AFTER:
        return ClockReading(now, now, None)
    return ClockReading(now, last, doubt if now - CONFIRMED_AFTER < doubt <= now else now)


def _has_stood(connection: apsw.Connection, now: int, last: int) -> bool:
    select = "SELECT 1 FROM ledger WHERE minute > ? AND minute <= ? LIMIT 1"
    return connection.execute(select, (last + BELIEVED_STEP, now - CONFIRMED_AFTER)).fetchone() is not None


def record_clock(connection: apsw.Connection, reading: ClockReading) -> None:
    """Remember `reading` for the next run, inside the caller's transaction."""
    connection.execute("REPLACE INTO meta (key, value) VALUES (?, ?)", (_LAST, reading.at))
    if reading.doubted is None:
        connection.execute("DELETE FROM meta WHERE key = ?", (_DOUBT,))
    else:
        connection.execute("REPLACE INTO meta (key, value) VALUES (?, ?)", (_DOUBT, reading.doubted))
