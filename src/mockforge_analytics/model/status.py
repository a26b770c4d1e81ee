"""What a database and the service over it hold and do, as figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.model.window import Window

__all__ = [
    "Hold",
    "OverflowStatus",
    "PositionStatus",
    "QueueStatus",
    "RejectedSample",
    "ServiceStatus",
    "SourceStatus",
    "StorageStatus",
    "TierStatus",
]


@dataclass(frozen=True, slots=True)
class Hold:
    """Retention spares `window` (whole UTC days), because of `reason`, since `created_at` (seconds)."""

    id: int
    window: Window
    reason: str
    created_at: int


@dataclass(frozen=True, slots=True)
class TierStatus:
    """One tier.

    Attributes:
        name: the tier, such as ``series_minute``.
        width: seconds of a bucket.
        rows: stored cells.
        oldest: start of its oldest bucket in seconds, None where it is empty.
        newest: start of its newest bucket.
        floor: it is complete from here on (seconds), whatever the settings say today.
        islands: where it is complete before the floor, for held imports.
        setting: the retention setting that rules it, `kept` its value, in seconds.
        due: where the next retention run puts the floor; rows before it are on their way out.
    """

    name: str
    width: int
    rows: int
    oldest: int | None
    newest: int | None
    floor: int
    islands: tuple[Window, ...]
    setting: str
    kept: int
    due: int


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The ledger of one source: ``received = stored + deduplicated + rejected``; `overflowed` is a part of `stored`.

    `first` and `last` are the minutes (seconds) of arrival, as far back as single minutes are kept.
    """

    source: str
    received: int
    stored: int
    deduplicated: int
    rejected: int
    overflowed: int
    reasons: dict[str, int]
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class RejectedSample:
    """One refused input: when it arrived (microseconds), why, where it stood and how it began."""

    source: str
    received_at: int
    reason: str
    place: str
    sample: str


@dataclass(frozen=True, slots=True)
class PositionStatus:
    """How far a source has been read (its own JSON), as of `updated_at` (microseconds)."""

    key: str
    payload: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class OverflowStatus:
    """How many requests of a workspace and hour (seconds) count under ``__overflow__``."""

    hour: int
    workspace_id: str
    requests: int


@dataclass(frozen=True, slots=True)
class StorageStatus:
    """The database at `path`, from one snapshot. Sizes in bytes; `tables` by name, indexes included.

    `first` and `last` are the oldest and newest request in microseconds, None where there is none.
    """

    path: Path
    sqlite_version: str
    schema_version: int
    commit: int
    database_bytes: int
    wal_bytes: int
    free_bytes: int
    first: int | None
    last: int | None
    pending_rows: int
    pending_requests: int
    tiers: tuple[TierStatus, ...]
    tables: dict[str, int]
    sources: tuple[SourceStatus, ...]
    samples: tuple[RejectedSample, ...]
    positions: tuple[PositionStatus, ...]
    holds: tuple[Hold, ...]
    overflowed: tuple[OverflowStatus, ...]


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Batches and requests that wait for the writer, and how many may."""

    batches: int
    requests: int
    most_batches: int
    most_requests: int


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A running service: since when (seconds it is up), its database, and its write queue, None for readers only."""

    uptime_seconds: float
    storage: StorageStatus
    queue: QueueStatus | None
