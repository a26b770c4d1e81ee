"""What the service holds and does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Bytes, Count, UnixSeconds
from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from mockforge_analytics.config import RetentionConfig
    from mockforge_analytics.model.status import (
        CollectorStatus,
        Hold,
        QueueStatus,
        ServiceStatus,
        SourceStatus,
        StorageStatus,
        StreamStats,
        TierStatus,
        UpkeepStatus,
    )
    from mockforge_analytics.model.vitals import VitalSign

__all__ = [
    "CollectorItem",
    "DatabaseData",
    "HoldItem",
    "OverflowItem",
    "QueueData",
    "SampleItem",
    "SourceItem",
    "StatusData",
    "StreamData",
    "TierItem",
    "UpkeepData",
    "VitalItem",
    "WindowData",
    "status_data",
]

Moment = Annotated[float, Field(description="Unix seconds", examples=[1767225600.25])]


class DatabaseData(TypedDict):
    """The database file."""

    name: Annotated[str, Field(examples=["mockforge-analytics.db"])]
    sqlite_version: Annotated[str, Field(examples=["3.53.0"])]
    schema_version: Annotated[int, Field(examples=[1])]
    commit: Annotated[int, Field(description="number of the newest commit", examples=[1234])]
    database_bytes: Bytes
    wal_bytes: Annotated[Bytes, Field(description="bytes of the write-ahead log")]
    free_bytes: Annotated[Bytes, Field(description="bytes within the file that are free")]
    tables: Annotated[dict[str, int], Field(description="bytes of each table with its indexes, largest first")]
    first: Annotated[Moment | None, Field(description="oldest request")]
    last: Annotated[Moment | None, Field(description="newest request")]
    pending_rows: Annotated[Count, Field(description="commits that are not folded into the tiers yet")]
    pending_requests: Annotated[Count, Field(description="requests in them")]


class SourceItem(TypedDict):
    """The ledger of a source: received = stored + deduplicated + rejected."""

    source: Annotated[str, Field(examples=["events"])]
    received: Count
    stored: Count
    deduplicated: Count
    rejected: Count
    overflowed: Annotated[Count, Field(description="the part of `stored` that counts as `__overflow__`")]
    reasons: Annotated[dict[str, int], Field(description="rejected by reason", examples=[{"bad_time": 3}])]
    first: Annotated[int | None, Field(description="minute of the first arrival still known, Unix seconds")]
    last: Annotated[int | None, Field(description="minute of the newest arrival, Unix seconds")]
    lag_seconds: Annotated[float | None, Field(description="since the newest arrival, within a minute")]


class SampleItem(TypedDict):
    """A refused input."""

    source: str
    received_at: Moment
    reason: str
    place: Annotated[str, Field(description="where it stood", examples=["line 17"])]
    sample: Annotated[str, Field(description="how it began, control characters escaped")]


class WindowData(TypedDict):
    """A stretch of time."""

    start_time: UnixSeconds
    end_time: UnixSeconds


class TierItem(TypedDict):
    """The history of one kind in one width."""

    name: Annotated[str, Field(examples=["series_minute"])]
    width: Annotated[int, Field(description="seconds of a bucket", examples=[60])]
    rows: Count
    oldest: Annotated[int | None, Field(description="start of the oldest bucket, Unix seconds")]
    newest: Annotated[int | None, Field(description="start of the newest bucket, Unix seconds")]
    kept_seconds: Annotated[int, Field(description="how long it is kept", examples=[604_800])]
    setting: Annotated[str, Field(description="the setting that says so", examples=["minute_aggregates_days"])]
    complete_from: Annotated[UnixSeconds, Field(description="everything from here on is there, Unix seconds")]
    complete_before: Annotated[list[WindowData], Field(description="held imports that are complete as well")]


class HoldItem(TypedDict):
    """Old data that the retention spares."""

    id: Annotated[int, Field(description="number of the hold", examples=[1])]
    start_time: UnixSeconds
    end_time: UnixSeconds
    reason: str
    created_at: UnixSeconds


class VitalItem(TypedDict):
    """What a target said of itself last."""

    source: Annotated[str, Field(description="the target", examples=["scrape:localhost:3000"])]
    protocol: Annotated[str | None, Field(description="of which protocol its connections are", examples=[None])]
    workspace_id: Annotated[str | None, Field(examples=[None])]
    environment: Annotated[str | None, Field(examples=["staging"])]
    name: Annotated[
        str,
        Field(
            description="`memory` (bytes), `cpu` (percent), `threads`, `uptime` (seconds), `sessions` (connections so "
            "far), `sessions_ended`, `session_seconds` (how long those lasted together)",
            examples=["memory"],
        ),
    ]
    value: Annotated[float, Field(ge=0, examples=[52428800.0])]
    seen_at: Moment


class OverflowItem(TypedDict):
    """Requests of a workspace and hour that count as `__overflow__`, because there were too many names."""

    hour: UnixSeconds
    workspace_id: Annotated[str | None, Field(examples=["shop"])]
    requests: Count


class QueueData(TypedDict):
    """What waits for the writer."""

    batches: Count
    requests: Count
    max_batches: Count
    max_requests: Count


class UpkeepData(TypedDict):
    """The deleting of what is older than the settings keep."""

    table: Annotated[str | None, Field(description="what is being gone through, null between two runs")]
    deleted_rows: Annotated[int, Field(description="by the run that is on, else by the last one since the start")]
    finished_at: Annotated[float | None, Field(description="when that one ended, Unix seconds; null without one")]


class StreamData(TypedDict):
    """The live stream: who listens now, and what was done since the start."""

    clients: Annotated[Count, Field(description="sockets that are open")]
    subscriptions: Annotated[Count, Field(description="different questions among them")]
    frames_sent: Count
    coalesced: Annotated[Count, Field(description="frames that were merged for slow readers")]
    closed_slow: Annotated[Count, Field(description="sockets closed because they read too slowly")]
    refused: Annotated[Count, Field(description="sockets refused because there were too many")]


class CollectorItem(TypedDict):
    """A Prometheus server or a target that is read at intervals; counts are since its first reading."""

    source: Annotated[str, Field(examples=["prometheus:localhost:9090"])]
    address: Annotated[str, Field(examples=["http://localhost:9090"])]
    mappings: Annotated[list[str], Field(description="presets in use", examples=[["mockforge"]])]
    up: Annotated[bool | None, Field(description="whether the last reading went well, null before the first")]
    error: Annotated[
        str | None, Field(description="why it did not", examples=["http://localhost:9090 cannot be asked"])
    ]
    failing_since: Annotated[Moment | None, Field(description="since when readings fail")]
    until: Annotated[Moment | None, Field(description="everything up to here is counted")]
    target: Annotated[Moment | None, Field(description="where the reading under way wants to get")]
    lag_seconds: Annotated[float | None, Field(description="since `until`")]
    requests: Count
    samples: Annotated[Count, Field(description="values read")]
    resets: Annotated[Count, Field(description="counters that began anew")]
    assumed: Annotated[
        Count, Field(description="series that counted in full when first seen, their target being known without them")
    ]
    incomplete: Annotated[Count, Field(description="readings of which the server said that something may be missing")]
    refused: Annotated[dict[str, int], Field(description="what was left out, by reason")]
    warnings: Annotated[list[str], Field(description="what the server said of the last reading")]


class StatusData(TypedDict):
    """The service, its database, where its data came from and how long it stays."""

    version: Annotated[str, Field(examples=["0.1.0"])]
    uptime_seconds: Annotated[float, Field(ge=0, examples=[3600.5])]
    database: DatabaseData
    sources: list[SourceItem]
    samples: Annotated[list[SampleItem], Field(description="the newest refused inputs, at most 100")]
    tiers: list[TierItem]
    retention: Annotated[dict[str, int], Field(description="the retention settings in effect, hours or days by name")]
    upkeep: Annotated[UpkeepData | None, Field(description="null where the host application sees to it")]
    holds: list[HoldItem]
    overflowed: Annotated[list[OverflowItem], Field(description="the newest such hours, at most 100")]
    queue: Annotated[QueueData | None, Field(description="null where the database is open for reading only")]
    stream: StreamData
    collectors: Annotated[list[CollectorItem], Field(description="Prometheus servers and targets that are read")]
    vitals: Annotated[list[VitalItem], Field(description="what targets said of themselves within the last ten minutes")]


def status_data(
    status: ServiceStatus, stream: StreamStats, retention: RetentionConfig, version: str, now_us: int
) -> StatusData:
    """Return `status` as the answer shows it."""
    storage = status.storage
    return {
        "version": version,
        "uptime_seconds": status.uptime_seconds,
        "database": _database(storage),
        "sources": [_source(source, now_us) for source in storage.sources],
        "samples": [
            {
                "source": sample.source,
                "received_at": sample.received_at / MICROSECONDS,
                "reason": sample.reason,
                "place": sample.place,
                "sample": sample.sample,
            }
            for sample in storage.samples
        ],
        "tiers": [_tier(tier) for tier in storage.tiers],
        "retention": retention.model_dump(),
        "upkeep": _upkeep(status.upkeep),
        "holds": [_hold(hold) for hold in storage.holds],
        "overflowed": [
            {"hour": over.hour, "workspace_id": over.workspace_id or None, "requests": over.requests}
            for over in storage.overflowed
        ],
        "queue": _queue(status.queue),
        "stream": {
            "clients": stream.clients,
            "subscriptions": stream.subscriptions,
            "frames_sent": stream.frames_sent,
            "coalesced": stream.coalesced,
            "closed_slow": stream.closed_slow,
            "refused": stream.refused,
        },
        "collectors": [_collector(collector, now_us) for collector in status.collectors],
        "vitals": [_vital(sign) for sign in storage.vitals],
    }


def _vital(sign: VitalSign) -> VitalItem:
    return {
        "source": sign.source,
        "protocol": sign.protocol or None,
        "workspace_id": sign.workspace_id or None,
        "environment": sign.environment or None,
        "name": str(sign.name),
        "value": sign.value,
        "seen_at": sign.seen_at / MICROSECONDS,
    }


def _upkeep(upkeep: UpkeepStatus | None) -> UpkeepData | None:
    if upkeep is None:
        return None
    finished = None if upkeep.finished_at is None else upkeep.finished_at / MICROSECONDS
    return {"table": upkeep.table, "deleted_rows": upkeep.deleted, "finished_at": finished}


def _database(storage: StorageStatus) -> DatabaseData:
    return {
        "name": storage.path.name,
        "sqlite_version": storage.sqlite_version,
        "schema_version": storage.schema_version,
        "commit": storage.commit,
        "database_bytes": storage.database_bytes,
        "wal_bytes": storage.wal_bytes,
        "free_bytes": storage.free_bytes,
        "tables": storage.tables,
        "first": None if storage.first is None else storage.first / MICROSECONDS,
        "last": None if storage.last is None else storage.last / MICROSECONDS,
        "pending_rows": storage.pending_rows,
        "pending_requests": storage.pending_requests,
    }


def _source(source: SourceStatus, now_us: int) -> SourceItem:
    lag = None if source.last is None else max(now_us / MICROSECONDS - source.last, 0.0)
    return {
        "source": source.source,
        "received": source.received,
        "stored": source.stored,
        "deduplicated": source.deduplicated,
        "rejected": source.rejected,
        "overflowed": source.overflowed,
        "reasons": source.reasons,
        "first": source.first,
        "last": source.last,
        "lag_seconds": lag,
    }


def _collector(collector: CollectorStatus, now_us: int) -> CollectorItem:
    tally, until = collector.tally, collector.until
    return {
        "source": collector.source,
        "address": collector.address,
        "mappings": list(collector.mappings),
        "up": collector.up,
        "error": collector.error,
        "failing_since": collector.failing_since,
        "until": until,
        "target": collector.target,
        "lag_seconds": None if until is None else max(now_us / MICROSECONDS - until, 0.0),
        "requests": tally.requests,
        "samples": tally.samples,
        "resets": tally.resets,
        "assumed": tally.assumed,
        "incomplete": tally.incomplete,
        "refused": dict(tally.refused),
        "warnings": list(collector.warnings),
    }


def _tier(tier: TierStatus) -> TierItem:
    return {
        "name": tier.name,
        "width": tier.width,
        "rows": tier.rows,
        "oldest": tier.oldest,
        "newest": tier.newest,
        "kept_seconds": tier.kept,
        "setting": tier.setting,
        "complete_from": tier.floor,
        "complete_before": [{"start_time": part.start, "end_time": part.end} for part in tier.islands],
    }


def _hold(hold: Hold) -> HoldItem:
    return {
        "id": hold.id,
        "start_time": hold.window.start,
        "end_time": hold.window.end,
        "reason": hold.reason,
        "created_at": hold.created_at,
    }


def _queue(queue: QueueStatus | None) -> QueueData | None:
    if queue is None:
        return None
    return {
        "batches": queue.batches,
        "requests": queue.requests,
        "max_batches": queue.most_batches,
        "max_requests": queue.most_requests,
    }
