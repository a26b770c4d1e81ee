"""What keeps a database from taking events right now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.store.disk import room_of

if TYPE_CHECKING:
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["problems_of"]


def problems_of(database: AnalyticsDatabase) -> list[str]:
    """Return what would make `database` refuse events now, a sentence each; empty where it takes them."""
    problems = []
    refusal = database.store.writer.refusal
    if refusal is not None:
        problems.append(str(refusal))
    ingest = database.config.ingest
    room = room_of(database.path, ingest.min_free_bytes, ingest.min_free_percent)
    if room.is_low:
        problems.append(
            f"only {room.free:,} bytes are free on the disk of the database; {room.floor:,} should be: free some space"
        )
    return problems
