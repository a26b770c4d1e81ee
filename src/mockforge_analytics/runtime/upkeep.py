"""What a database needs done now and then: snapshots of closed hours and days, and retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.window import MICROSECONDS, Granularity

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.store.retention import RetentionReport

__all__ = ["Upkeep", "full_run"]

_LIVE_SECONDS: Final = 300.0  # between two trims of the 10-second tiers
_LAST_RUN: Final = "SELECT value FROM meta WHERE key = 'retention_at'"


def full_run(
    database: AnalyticsDatabase,
    *,
    trust_clock: bool = False,
    progress: Callable[[str, int], None] = lambda _table, _rows: None,
    stopped: Callable[[], bool] = lambda: False,
) -> RetentionReport:
    """Fold, write the snapshots of closed hours and days, and delete what retention no longer keeps.

    Raises:
        StoreError: a step failed; what was done before it stays done, and the next run goes on.
    """
    from mockforge_analytics.store.retention import run_retention
    from mockforge_analytics.store.snapshots import write_snapshots

    now_us = database.clock.now_us()
    database.fold()
    write_snapshots(database.store.call, database.config.retention, now_us)
    return run_retention(
        database.store.call,
        database.config.retention,
        now_us,
        trust_clock=trust_clock,
        progress=progress,
        stopped=stopped,
    )


class Upkeep:
    """Does what is due, whenever `run_due` is called; cheap where nothing is."""

    def __init__(self, database: AnalyticsDatabase) -> None:
        self._database = database
        self._trimmed = database.clock.monotonic()
        self._checked = float("-inf")

    def run_due(self) -> RetentionReport | None:
        """Trim the 10-second tiers every five minutes, and run everything once in `cleanup_interval_hours`."""
        now = self._database.clock.monotonic()
        if now - self._checked >= _LIVE_SECONDS:
            self._checked = now
            if self._is_due():
                return full_run(self._database)
        if now - self._trimmed >= _LIVE_SECONDS:
            from mockforge_analytics.store.retention import run_retention

            self._trimmed = now
            database = self._database
            run_retention(database.store.call, database.config.retention, database.clock.now_us(), live_only=True)
        return None

    def _is_due(self) -> bool:
        interval = self._database.config.retention.cleanup_interval_hours * int(Granularity.HOUR)
        rows = self._database.store.call(lambda committer: committer.connection.execute(_LAST_RUN).fetchall())
        return not rows or self._database.clock.now_us() // MICROSECONDS - int(rows[0][0]) >= interval
