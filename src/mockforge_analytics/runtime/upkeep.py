"""What a database needs done now and then: snapshots of closed hours and days, and retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.status import UpkeepStatus
from mockforge_analytics.model.window import MICROSECONDS, Granularity
from mockforge_analytics.runtime.maintenance import full_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.store.retention import RetentionReport

__all__ = ["Upkeep"]

_LIVE_SECONDS: Final = 300.0  # between two trims of the 10-second tiers
_LAST_RUN: Final = "SELECT value FROM meta WHERE key = 'retention_at'"


class Upkeep:
    """Does what is due, whenever `run_due` is called; cheap where nothing is. `stopped` is asked between its steps."""

    def __init__(self, database: AnalyticsDatabase, stopped: Callable[[], bool] = lambda: False) -> None:
        self._database = database
        self._stopped = stopped
        self._trimmed = database.clock.monotonic()
        self._checked = float("-inf")
        self.status = UpkeepStatus(None, 0, None)

    def run_due(self) -> RetentionReport | None:
        """Trim the 10-second tiers every five minutes, and run everything once in `cleanup_interval_hours`."""
        now = self._database.clock.monotonic()
        if now - self._checked >= _LIVE_SECONDS:
            self._checked = now
            if self._is_due():
                return self._run()
        if now - self._trimmed >= _LIVE_SECONDS:
            from mockforge_analytics.store.retention import run_retention

            self._trimmed = now
            database = self._database
            run_retention(database.store.call, database.config.retention, database.clock.now_us(), live_only=True)
        return None

    def _run(self) -> RetentionReport:
        database = self._database
        before = self.status
        try:
            report = full_run(
                database.store,
                database.config.retention,
                database.clock,
                progress=lambda table, rows: self._show(UpkeepStatus(table, rows, before.finished_at)),
                stopped=self._stopped,
            )
        except BaseException:
            self._show(before)
            raise
        self._show(UpkeepStatus(None, sum(report.deleted.values()), database.clock.now_us()))
        return report

    def _show(self, status: UpkeepStatus) -> None:
        self.status = status

    def _is_due(self) -> bool:
        interval = self._database.config.retention.cleanup_interval_hours * int(Granularity.HOUR)
        rows = self._database.store.call(lambda committer: committer.connection.execute(_LAST_RUN).fetchall())
        return not rows or self._database.clock.now_us() // MICROSECONDS - int(rows[0][0]) >= interval
