"""How the service is doing, under our own names."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from mockforge_analytics.export.metrics.definitions import HEALTH
from mockforge_analytics.export.metrics.families import counter, gauge, histogram, info
from mockforge_analytics.export.metrics.names import OTHER
from mockforge_analytics.model.durations import DURATION_BOUNDS
from mockforge_analytics.model.health import LedgerTotals
from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.core import Metric

    from mockforge_analytics.model.durations import DurationCounts
    from mockforge_analytics.model.health import Health, StorageHealth
    from mockforge_analytics.model.status import StreamStats

__all__ = ["SourceNames", "health_families"]

_SOURCES: Final = 50
_LEDGER: Final = tuple(field.name for field in fields(LedgerTotals) if field.name != "last_minute")


@dataclass(slots=True)
class SourceNames:
    """The sources with a label of their own: the first ones seen, so that no counter falls; others are `OTHER`."""

    named: set[str]

    def totals(self, ledger: Mapping[str, LedgerTotals]) -> dict[str, LedgerTotals]:
        """Return `ledger` by label."""
        found: dict[str, LedgerTotals] = {}
        for source, more in ledger.items():
            if len(self.named) < _SOURCES:
                self.named.add(source)
            label = source if source in self.named else OTHER
            have = found.get(label)
            found[label] = more if have is None else _added(have, more)
        return found


def _added(left: LedgerTotals, right: LedgerTotals) -> LedgerTotals:
    return LedgerTotals(
        received=left.received + right.received,
        stored=left.stored + right.stored,
        deduplicated=left.deduplicated + right.deduplicated,
        rejected=left.rejected + right.rejected,
        overflowed=left.overflowed + right.overflowed,
        last_minute=max(left.last_minute or 0, right.last_minute or 0) or None,
    )


def health_families(
    health: Health, stream: StreamStats, sources: SourceNames, version: str, *, created: bool
) -> Iterator[Metric]:
    """Yield the figures of the service; `created` as in `own.traffic_families`."""
    since = health.started if created else None
    yield info(HEALTH["build"], version)
    yield gauge(HEALTH["ready"], {(): float(not health.problems)})
    yield from _intake(health.storage, sources)
    yield from _writing(health, since)
    queries = {(report,): _durations(counts, since) for report, counts in health.queries.items()}
    yield histogram(HEALTH["query_duration_seconds"], DURATION_BOUNDS, queries)
    yield from _storage(health.storage)
    yield from _stream(stream, since)
    yield counter(HEALTH["commit_feed_failures"], {(): (health.feed_failures, since)})


def _intake(storage: StorageHealth, sources: SourceNames) -> Iterator[Metric]:
    """Yield the ledger, which outlives the process: it counts since the database was made."""
    totals = sources.totals(storage.ledger)
    for name in _LEDGER:
        values = {(source,): (float(getattr(ledger, name)), None) for source, ledger in totals.items()}
        yield counter(HEALTH[f"ingest_{name}"], values)
    minutes = {(source,): float(known.last_minute) for source, known in totals.items() if known.last_minute is not None}
    yield gauge(HEALTH["ingest_last_received_timestamp_seconds"], minutes)
    positions = {(kind,): updated / MICROSECONDS for kind, updated in storage.positions.items()}
    yield gauge(HEALTH["source_position_timestamp_seconds"], positions)
    if storage.last is not None:
        yield gauge(HEALTH["last_request_timestamp_seconds"], {(): storage.last / MICROSECONDS})


def _writing(health: Health, since: float | None) -> Iterator[Metric]:
    queue = health.queue
    if queue is not None:
        yield gauge(HEALTH["write_queue_batches"], {(): queue.batches})
        yield gauge(HEALTH["write_queue_requests"], {(): queue.requests})
        yield gauge(HEALTH["write_queue_batches_limit"], {(): queue.most_batches})
        yield gauge(HEALTH["write_queue_requests_limit"], {(): queue.most_requests})
    yield histogram(HEALTH["commit_duration_seconds"], DURATION_BOUNDS, {(): _durations(health.commits, since)})
    yield histogram(HEALTH["fold_duration_seconds"], DURATION_BOUNDS, {(): _durations(health.folds, since)})


def _storage(storage: StorageHealth) -> Iterator[Metric]:
    yield gauge(HEALTH["database_bytes"], {(): storage.database_bytes})
    yield gauge(HEALTH["database_free_bytes"], {(): storage.free_bytes})
    yield gauge(HEALTH["wal_bytes"], {(): storage.wal_bytes})
    yield gauge(HEALTH["disk_free_bytes"], {(): storage.disk_free_bytes})
    yield gauge(HEALTH["pending_requests"], {(): storage.pending_requests})


def _stream(stream: StreamStats, since: float | None) -> Iterator[Metric]:
    yield gauge(HEALTH["stream_clients"], {(): stream.clients})
    yield gauge(HEALTH["stream_subscriptions"], {(): stream.subscriptions})
    yield counter(HEALTH["stream_frames"], {(): (stream.frames_sent, since)})
    yield counter(HEALTH["stream_coalesced_frames"], {(): (stream.coalesced, since)})
    yield counter(HEALTH["stream_slow_clients"], {(): (stream.closed_slow, since)})
    yield counter(HEALTH["stream_refused_clients"], {(): (stream.refused, since)})


def _durations(counts: DurationCounts, since: float | None) -> tuple[tuple[int, ...], float, float | None]:
    return counts.counts, counts.seconds, since
