"""How a running service is doing, as figures that cost little to look up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockforge_analytics.model.durations import DurationCounts
    from mockforge_analytics.model.status import QueueStatus

__all__ = ["Health", "LedgerTotals", "StorageHealth"]


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """The ledger of one source since the database was made: ``received = stored + deduplicated + rejected``.

    `last_minute` is the start (seconds) of the newest minute in which something arrived, None where that is too long
    ago to be kept.
    """

    received: int
    stored: int
    deduplicated: int
    rejected: int
    overflowed: int
    last_minute: int | None


@dataclass(frozen=True, slots=True)
class StorageHealth:
    """The database, from one snapshot: sizes in bytes, ledger by source, and how far sources have been read.

    `last` is the newest request (microseconds), None in an empty database; `positions` says by source when (in
    microseconds) its position was committed last; `disk_free_bytes` is what the disk has left.
    """

    database_bytes: int
    wal_bytes: int
    free_bytes: int
    disk_free_bytes: int
    pending_requests: int
    last: int | None
    ledger: dict[str, LedgerTotals]
    positions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Health:
    """The service: `started` (seconds), its database, and what it did since; `problems` keep it from taking events.

    `queue` is None, and `commits` and `folds` count nothing, where the database is only read.
    """

    started: float
    problems: tuple[str, ...]
    storage: StorageHealth
    queue: QueueStatus | None
    commits: DurationCounts
    folds: DurationCounts
    queries: dict[str, DurationCounts]
    feed_failures: int
