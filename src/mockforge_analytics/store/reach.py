"""Where each tier is complete: above its floor, and on the islands that held imports made below it.

::

    tier        island          deleted          floor            now
    series_day  ├─────┤                     ├──────────────────────▶
    minute      ├─────┤                                    ├───────▶

A floor only ever rises; data below it that lies on no island is gone, or about to go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.tiers import TIERS, Fact, Tier
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity, Window, floor_to
from mockforge_analytics.store.keys import bucket_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import apsw

    from mockforge_analytics.config import RetentionConfig

__all__ = ["DAY_TIER", "Reach", "due_floors", "load_reach"]

Int64s = NDArray[np.int64]

_SECONDS_PER: Final = {"hours": int(Granularity.HOUR), "days": int(Granularity.DAY)}
DAY_TIER: Final = next(t for t in TIERS if t.fact is Fact.SERIES and t.width is Granularity.DAY)
_HELD_TIERS: Final = tuple(tier for tier in TIERS if tier.width > BASE_SECONDS)


def due_floors(retention: RetentionConfig, now: int) -> dict[str, int]:
    """Return the floor each tier should have at `now` (seconds): whole blocks older than the setting are past it."""
    floors = {}
    for tier in TIERS:
        kept = getattr(retention, tier.setting) * _SECONDS_PER[tier.setting.rpartition("_")[2]]
        floors[tier.name] = floor_to(max(now - kept, 0), tier.block)
    return floors


def load_reach(connection: apsw.Connection) -> Reach:
    """Return the floors and islands as the connection sees them."""
    floors = {str(tier): int(floor) for tier, floor in connection.execute("SELECT tier, floor FROM tier_floor")}
    islands: dict[str, list[Window]] = {}
    for tier, start, end in connection.execute("SELECT tier, start, end FROM island ORDER BY tier, start"):
        islands.setdefault(str(tier), []).append(Window(int(start), int(end)))
    return Reach(floors, {tier: tuple(windows) for tier, windows in islands.items()})


class Reach:
    """Floors (seconds) and islands by tier name."""

    __slots__ = ("floors", "islands")

    def __init__(self, floors: Mapping[str, int], islands: Mapping[str, tuple[Window, ...]]) -> None:
        self.floors = floors
        self.islands = islands

    def covers(self, tier: Tier, bucket: Int64s) -> NDArray[np.bool_]:
        """Return for each bucket start (seconds) whether `tier` keeps it."""
        kept = bucket >= self.floors[tier.name]
        if not kept.all():
            for island in self.islands.get(tier.name, ()):
                kept |= (bucket >= island.start) & (bucket < island.end)
        return kept

    def hold_days(self, connection: apsw.Connection, bucket: Int64s, reason: str, now: int) -> bool:
        """Hold the days in `bucket` that some tier no longer keeps: retention spares them until the hold is lifted.

        A day of which nothing is stored yet becomes an island of every tier, also of those that keep it today: their
        floors rise past it later. A day that has rows and no island may have lost minutes to retention already: an
        island would call the rest complete, so it gets none. Return whether anything changed; the caller then reads
        the reach again.
        """
        highest = max(self.floors[tier.name] for tier in _HELD_TIERS)
        days = np.unique(bucket[bucket < highest] // Granularity.DAY * Granularity.DAY)
        changed = False
        for day in days.tolist():
            if self._is_island(day):
                changed |= _extend_hold(connection, day, reason, now)
            elif not self._is_kept(day) and _is_empty(connection, day):
                for tier in _HELD_TIERS:
                    _add_island(connection, tier.name, day)
                _extend_hold(connection, day, reason, now)
                changed = True
        return changed

    def _is_island(self, day: int) -> bool:
        """Whether a held import made the day complete in every tier."""
        return all(
            any(island.start <= day < island.end for island in self.islands.get(tier.name, ())) for tier in _HELD_TIERS
        )

    def _is_kept(self, day: int) -> bool:
        return all(self.covers(tier, np.array([day]))[0] for tier in _HELD_TIERS)


def _is_empty(connection: apsw.Connection, day: int) -> bool:
    end = day + Granularity.DAY
    stored = connection.execute(
        "SELECT 1 FROM series_day WHERE id >= ? AND id < ? LIMIT 1", bucket_range(day, end, Granularity.DAY)
    ).fetchone()
    waiting = connection.execute(
        "SELECT 1 FROM pending WHERE first_seen < ? AND last_seen >= ? LIMIT 1",
        (end * MICROSECONDS, day * MICROSECONDS),
    ).fetchone()
    return stored is None and waiting is None


def _add_island(connection: apsw.Connection, tier: str, day: int) -> None:
    """Add one day, joined to the islands it touches."""
    start, end = day, day + int(Granularity.DAY)
    touching: Iterable[tuple[int, int]] = [
        (int(a), int(b))
        for a, b in connection.execute(
            "SELECT start, end FROM island WHERE tier = ? AND start <= ? AND end >= ?", (tier, end, start)
        )
    ]
    for a, b in touching:
        connection.execute("DELETE FROM island WHERE tier = ? AND start = ?", (tier, a))
        start, end = min(start, a), max(end, b)
    connection.execute("INSERT INTO island (tier, start, end) VALUES (?, ?, ?)", (tier, start, end))


def _extend_hold(connection: apsw.Connection, day: int, reason: str, now: int) -> bool:
    """Let the hold with this `reason` reach over `day`; return whether it did not yet."""
    end = day + int(Granularity.DAY)
    known = connection.execute("SELECT id, start, end FROM hold WHERE reason = ?", (reason,)).fetchone()
    if known is None:
        insert = "INSERT INTO hold (start, end, reason, created_at) VALUES (?, ?, ?, ?)"
        connection.execute(insert, (day, end, reason, now))
        return True
    if known[1] <= day and end <= known[2]:
        return False
    update = "UPDATE hold SET start = min(start, ?), end = max(end, ?) WHERE id = ?"
    connection.execute(update, (day, end, known[0]))
    return True
