"""One full run of what a database needs done now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import RetentionConfig
    from mockforge_analytics.store.retention import RetentionReport
    from mockforge_analytics.store.sqlite import SqliteStore

__all__ = ["full_run"]


def full_run(
    store: SqliteStore,
    retention: RetentionConfig,
    clock: Clock,
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

    now_us = clock.now_us()
    store.call(lambda committer: committer.fold(now_us))
    write_snapshots(store.call, retention, now_us)
    return run_retention(
        store.call,
        retention,
        now_us,
        trust_clock=trust_clock,
        progress=progress,
        stopped=stopped,
    )
