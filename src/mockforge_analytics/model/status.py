"""What a database and the service over it hold and do, as figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mockforge_analytics.model.vitals import VitalSign
    from mockforge_analytics.model.window import Window

__all__ = [
    "CollectorStatus",
    "Hold",
    "OverflowStatus",
    "PositionStatus",
    "QueueStatus",
    "RejectedSample",
    "ServiceStatus",
    "SourceStatus",
    "StorageStatus",
    "StreamStats",
    "Tally",
    "TierStatus",
    "UpkeepStatus",
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

    `first` and `last` are the oldest and newest request in microseconds, None where there is none. `vitals` are what
    targets said of themselves within the last `CURRENT_SECONDS`.
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
    vitals: tuple[VitalSign, ...]


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Batches and requests that wait for the writer, and how many may."""

    batches: int
    requests: int
    most_batches: int
    most_requests: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What a collector has done since its first reading.

    Attributes:
        requests: how many it has counted.
        samples: how many values it has read.
        resets: counters that began anew.
        assumed: series that counted in full when they were first seen, because their target was watched before and did
            not have them.
        incomplete: readings of which the server said that something may be missing.
        refused: samples, histograms and series that were left out, by reason.
    """

    requests: int = 0
    samples: int = 0
    resets: int = 0
    assumed: int = 0
    incomplete: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """A Prometheus server or a target that is read at intervals. Times are Unix seconds.

    Attributes:
        source: its name in the ledger.
        address: where it is, without credentials.
        mappings: the presets in use; ``configured`` stands for mappings of the settings.
        up: whether the last reading went well, None before the first.
        until: everything up to here is counted, None before the first reading.
        target: where the reading under way, or the last one, wanted to get.
        tally: what it has done.
        warnings: what the server said of the last reading.
        error: why the last reading failed, None where it did not.
        failing_since: since when readings fail.
    """

    source: str
    address: str
    mappings: tuple[str, ...] = ()
    up: bool | None = None
    until: float | None = None
    target: float | None = None
    tally: Tally = field(default_factory=Tally)
    warnings: tuple[str, ...] = ()
    error: str | None = None
    failing_since: float | None = None


@dataclass(frozen=True, slots=True)
class UpkeepStatus:
    """What is deleted because it is older than the settings keep.

    Attributes:
        table: the table that is being gone through, None between two runs.
        deleted: rows deleted by the run that is on, else by the last one of this process.
        finished_at: when that one ended (microseconds), None where there was none yet.
    """

    table: str | None
    deleted: int
    finished_at: int | None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A running service: how long it is up (seconds), its database, its write queue (None for readers only), its
    upkeep, None where somebody else sees to that, and what it collects.
    """

    uptime_seconds: float
    storage: StorageStatus
    queue: QueueStatus | None
    upkeep: UpkeepStatus | None = None
    collectors: tuple[CollectorStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamStats:
    """Figures of the stream since the start, but the first two, which are of now."""

    clients: int
    subscriptions: int
    frames_sent: int
    coalesced: int
    closed_slow: int
    refused: int
    computations: int
    reads: int
