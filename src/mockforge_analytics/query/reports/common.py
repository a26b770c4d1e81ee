"""What several reports do the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.query.figures import Sums, percents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.model.dimensions import Dimension
    from mockforge_analytics.model.plan import ReadResult
    from mockforge_analytics.model.tiers import Fact
    from mockforge_analytics.model.window import Granularity, Window
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.figures import Latency
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import Filters

__all__ = [
    "DEFAULT_LIMIT",
    "Header",
    "Traffic",
    "absent_to_none",
    "header",
    "sums_by_group",
    "traffic_rows",
]

DEFAULT_LIMIT: Final = 100  # rows of a list where the question names no limit


class Header(TypedDict):
    """The fields of `Report`."""

    window: Window
    granularity: Granularity | None
    commit: int
    warnings: tuple[str, ...]
    filters: Filters


class Traffic(TypedDict):
    """The fields of `TrafficRow`."""

    request_count: int
    share: float
    error_count: int
    error_rate: float
    latency: Latency
    bytes_sent: int
    bytes_received: int


def header(snapshot: Snapshot, prepared: Prepared, *warnings: str) -> Header:
    """Return the fields every answer carries; `warnings` come after those of the planning."""
    return {
        "window": prepared.window,
        "granularity": prepared.granularity,
        "commit": snapshot.commit,
        "warnings": (*prepared.warnings, *warnings),
        "filters": prepared.filters,
    }


def sums_by_group(
    snapshot: Snapshot,
    prepared: Prepared,
    fact: Fact,
    group_by: tuple[Dimension, ...],
    *,
    order_by: str | None = None,
    limit: int | None = None,
) -> tuple[ReadResult, Sums]:
    """Return all measures and the latencies of each group."""
    result = snapshot.read(prepared.plan(fact, group_by, histograms=True, order_by=order_by, limit=limit))
    return result, Sums.of(result, *MEASURES)


def traffic_rows(sums: Sums, total_requests: int) -> list[Traffic]:
    """Return the figures of every row of `sums`, which are parts of `total_requests`."""
    requests, errors = sums["request_count"], sums["error_count"]
    columns = (
        requests.tolist(),
        percents(requests, total_requests).tolist(),
        errors.tolist(),
        percents(errors, requests).tolist(),
        sums.latencies().rows(),
        sums["bytes_sent"].tolist(),
        sums["bytes_received"].tolist(),
    )
    return [
        {
            "request_count": request_count,
            "share": share,
            "error_count": error_count,
            "error_rate": error_rate,
            "latency": latency,
            "bytes_sent": bytes_sent,
            "bytes_received": bytes_received,
        }
        for request_count, share, error_count, error_rate, latency, bytes_sent, bytes_received in zip(
            *columns, strict=True
        )
    ]


def absent_to_none(values: Sequence[str]) -> list[str | None]:
    """Return None for the empty text that stands for an absent value inside the engine."""
    return [value or None for value in values]
