"""The board of the analytics server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.panels import Query, board, lines, number

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.stat import Panel as Number
    from grafana_foundation_sdk.builders.timeseries import Panel
    from grafana_foundation_sdk.models.dashboard import Dashboard

__all__ = ["health"]

_OVER: Final = "[5m]"
_P: Final = "mockforge_analytics"


def health() -> Dashboard:
    """Return the board."""
    made = board(
        "MockForge Analytics Health",
        "mockforge-analytics-health",
        ("mockforge", "analytics", "health"),
        "How the server of MockForge Traffic Analytics is doing.",
    )
    for panel in (*_now(), *_intake(), *_work(), *_room()):
        made.with_panel(panel)
    return made.build()


def _now() -> tuple[Number, ...]:
    return (
        number("Ready", "1 where events are taken.", "short", (6, 4, 0, 0), Query(f"min({_P}_ready)", "ready")),
        number(
            "Newest Request",
            "How long ago the newest stored request was.",
            "s",
            (6, 4, 6, 0),
            Query(f"time() - max({_P}_last_request_timestamp_seconds)", "age"),
        ),
        number(
            "Write Queue",
            "How full the queue of the writer is.",
            "percent",
            (6, 4, 12, 0),
            Query(f"100 * max({_P}_write_queue_requests / {_P}_write_queue_requests_limit)", "full"),
            limits=(50, 80),
        ),
        number(
            "Stream Clients",
            "Sockets of the live stream.",
            "short",
            (6, 4, 18, 0),
            Query(f"sum({_P}_stream_clients)", "clients"),
        ),
    )


def _intake() -> tuple[Panel, ...]:
    outcomes = ("stored", "deduplicated", "rejected", "overflowed")
    return (
        lines(
            "Received by Source",
            "Items a second that sources handed over.",
            "cps",
            (8, 8, 0, 4),
            [Query(f"sum by (source) (rate({_P}_ingest_received_total{_OVER}))", "{{source}}")],
        ),
        lines(
            "What Became of Them",
            "Items a second by outcome; overflowed ones are stored under __overflow__.",
            "cps",
            (8, 8, 8, 4),
            [Query(f"sum(rate({_P}_ingest_{name}_total{_OVER}))", name) for name in outcomes],
        ),
        lines(
            "Silence of Sources",
            "Since the minute in which each source last sent anything.",
            "s",
            (8, 8, 16, 4),
            [Query(f"time() - max by (source) ({_P}_ingest_last_received_timestamp_seconds)", "{{source}}")],
        ),
    )


def _work() -> tuple[Panel, ...]:
    def p95(name: str, by: str = "") -> str:
        return f"histogram_quantile(0.95, sum by (le{by}) (rate({_P}_{name}_duration_seconds_bucket{_OVER})))"

    return (
        lines(
            "Commit and Fold",
            "95 of 100 commits and folds took less.",
            "s",
            (8, 8, 0, 12),
            [Query(p95("commit"), "commit"), Query(p95("fold"), "fold")],
        ),
        lines(
            "Reports",
            "95 of 100 reports of each kind took less.",
            "s",
            (8, 8, 8, 12),
            [Query(p95("query", ", report"), "{{report}}")],
        ),
        lines(
            "Waiting Requests",
            "In the queue of the writer, and committed but not folded yet.",
            "short",
            (8, 8, 16, 12),
            [Query(f"sum({_P}_write_queue_requests)", "queued"), Query(f"sum({_P}_pending_requests)", "pending")],
        ),
    )


def _room() -> tuple[Panel, ...]:
    sizes = ("database", "database_free", "wal", "disk_free")
    stream = ("frames", "coalesced_frames", "slow_clients", "refused_clients")
    return (
        lines(
            "Room",
            "Sizes of database and write-ahead log, what is free in the first, and on the disk.",
            "bytes",
            (12, 8, 0, 20),
            [Query(f"sum({_P}_{name}_bytes)", name) for name in sizes],
        ),
        lines(
            "Live Stream",
            "Frames a second, those that slow readers got as one, and sockets closed or refused.",
            "cps",
            (12, 8, 12, 20),
            [Query(f"sum(rate({_P}_stream_{name}_total{_OVER}))", name) for name in stream],
        ),
    )
