"""The metrics: what each is called, what tells its series apart, and what it means.

docs/metrics.md is made from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HEALTH", "MOCKFORGE", "TRAFFIC", "Definition", "Kind"]

_OWN: Final = "mockforge_analytics_"
_MOCKFORGE: Final = "mockforge_"


class Kind(StrEnum):
    """The types of the exposition formats."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric; `name` without prefix, and without the ``_total`` of a counter."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    prefix: str = _OWN

    @property
    def full_name(self) -> str:
        """The name in an exposition, without the suffix of its kind."""
        return f"{self.prefix}{self.name}"


def _table(*definitions: Definition) -> Mapping[str, Definition]:
    return {definition.name: definition for definition in definitions}


_SERIES: Final = ("protocol", "method", "endpoint", "status_class", "environment", "workspace_id")
_SCOPE: Final = ("protocol", "environment", "workspace_id")

TRAFFIC: Final = _table(
    Definition("requests", Kind.COUNTER, _SERIES, "Requests that were stored."),
    Definition(
        "errors",
        Kind.COUNTER,
        ("protocol", "method", "endpoint", "error_category", "environment", "workspace_id"),
        "Failed requests that were stored, by what their status says.",
    ),
    Definition("request_duration_seconds", Kind.HISTOGRAM, _SERIES, "Latencies of requests whose latency is known."),
    Definition("sent_bytes", Kind.COUNTER, _SCOPE, "Bytes of answers."),
    Definition("received_bytes", Kind.COUNTER, _SCOPE, "Bytes of requests."),
    Definition(
        "active_connections", Kind.GAUGE, _SCOPE, "Open connections: the newest sample of each source that is not old."
    ),
)

_SOURCE: Final = ("source",)
HEALTH: Final = _table(
    Definition("build", Kind.INFO, ("version",), "The version that runs."),
    Definition("ready", Kind.GAUGE, (), "1 where events are taken now, else 0."),
    Definition("ingest_received", Kind.COUNTER, _SOURCE, "Items that a source handed over."),
    Definition("ingest_stored", Kind.COUNTER, _SOURCE, "Items of these that were stored."),
    Definition("ingest_deduplicated", Kind.COUNTER, _SOURCE, "Items of these that had been stored before."),
    Definition("ingest_rejected", Kind.COUNTER, _SOURCE, "Items of these that were refused."),
    Definition("ingest_overflowed", Kind.COUNTER, _SOURCE, "Stored items that count under __overflow__."),
    Definition(
        "ingest_last_received_timestamp_seconds",
        Kind.GAUGE,
        _SOURCE,
        "The minute in which a source last sent anything.",
    ),
    Definition(
        "source_position_timestamp_seconds",
        Kind.GAUGE,
        ("kind",),
        "When the position of a source that is read, such as a log, was committed last.",
    ),
    Definition("last_request_timestamp_seconds", Kind.GAUGE, (), "Time of the newest request."),
    Definition("write_queue_batches", Kind.GAUGE, (), "Batches that wait for the writer."),
    Definition("write_queue_requests", Kind.GAUGE, (), "Requests that wait for the writer."),
    Definition("write_queue_batches_limit", Kind.GAUGE, (), "Batches that may wait; more are answered with 503."),
    Definition("write_queue_requests_limit", Kind.GAUGE, (), "Requests that may wait; more are answered with 503."),
    Definition("commit_duration_seconds", Kind.HISTOGRAM, (), "How long commits of batches took."),
    Definition("fold_duration_seconds", Kind.HISTOGRAM, (), "How long it took to move pending rows into the history."),
    Definition("query_duration_seconds", Kind.HISTOGRAM, ("report",), "How long reports took to compute."),
    Definition("database_bytes", Kind.GAUGE, (), "Size of the database, without its WAL."),
    Definition("database_free_bytes", Kind.GAUGE, (), "Bytes of the database that nothing uses now."),
    Definition("wal_bytes", Kind.GAUGE, (), "Size of the write-ahead log."),
    Definition("disk_free_bytes", Kind.GAUGE, (), "What the disk of the database has left."),
    Definition("pending_requests", Kind.GAUGE, (), "Requests that are committed and not folded yet."),
    Definition("stream_clients", Kind.GAUGE, (), "Sockets of the live stream."),
    Definition("stream_subscriptions", Kind.GAUGE, (), "Different questions that these ask."),
    Definition("stream_frames", Kind.COUNTER, (), "Frames sent to them."),
    Definition("stream_coalesced_frames", Kind.COUNTER, (), "Frames that slow readers got as one with later ones."),
    Definition("stream_slow_clients", Kind.COUNTER, (), "Sockets closed because they read too slowly."),
    Definition("stream_refused_clients", Kind.COUNTER, (), "Sockets refused because all places were taken."),
    Definition("commit_feed_failures", Kind.COUNTER, (), "Commits that a follower in this process could not take."),
)

_PILLAR: Final = ("protocol", "method", "pillar")
_BY_PATH: Final = ("path", "method")
_WORKSPACE: Final = ("workspace_id", "method")


def _theirs(name: str, kind: Kind, labels: tuple[str, ...], meaning: str) -> Definition:
    return Definition(name, kind, labels, meaning, _MOCKFORGE)


# Names and labels of MockForge (contract section 8).
MOCKFORGE: Final = _table(
    _theirs("requests", Kind.COUNTER, ("protocol", "method", "status", "pillar"), "Requests that were stored."),
    _theirs("request_duration_seconds", Kind.HISTOGRAM, _PILLAR, "Latencies of requests."),
    _theirs("errors", Kind.COUNTER, ("protocol", "error_type", "pillar"), "Failed requests."),
    _theirs("requests_by_path", Kind.COUNTER, (*_BY_PATH, "status"), "Requests of the busiest endpoints."),
    _theirs("request_duration_by_path_seconds", Kind.HISTOGRAM, _BY_PATH, "Latencies of the busiest endpoints."),
    _theirs("average_latency_by_path_seconds", Kind.GAUGE, _BY_PATH, "Average latency since the start of the process."),
    _theirs("workspace_requests", Kind.COUNTER, (*_WORKSPACE, "status"), "Requests of workspaces."),
    _theirs("workspace_request_duration_seconds", Kind.HISTOGRAM, _WORKSPACE, "Latencies of workspaces."),
    _theirs("workspace_errors", Kind.COUNTER, ("workspace_id", "error_type"), "Failed requests of workspaces."),
    _theirs("requests_in_flight", Kind.GAUGE, ("protocol",), "Open connections, those of WebSocket apart."),
    _theirs("ws_connections_active", Kind.GAUGE, (), "Open WebSocket connections."),
    _theirs("ws_connections", Kind.COUNTER, (), "WebSocket sessions; they are reported when they end."),
    _theirs("ws_messages_sent", Kind.COUNTER, (), "WebSocket messages sent, where MockForge counts them."),
    _theirs("ws_messages_received", Kind.COUNTER, (), "WebSocket messages received, likewise."),
    _theirs("ws_errors", Kind.COUNTER, (), "Failures of WebSocket."),
    _theirs("smtp_connections_active", Kind.GAUGE, (), "Open SMTP connections."),
    _theirs("smtp_messages_received", Kind.COUNTER, (), "SMTP requests that were reported."),
    _theirs("mqtt_connections_active", Kind.GAUGE, (), "Open MQTT connections."),
    _theirs("mqtt_messages_received", Kind.COUNTER, (), "MQTT requests that were reported."),
    _theirs("memory_usage_bytes", Kind.GAUGE, (), "Memory that this process holds."),
    _theirs("cpu_usage_percent", Kind.GAUGE, (), "Processor time of this process, in percent of one core."),
    _theirs("thread_count", Kind.GAUGE, (), "Threads of this process."),
    _theirs("uptime_seconds", Kind.GAUGE, (), "How long this process has run."),
)
