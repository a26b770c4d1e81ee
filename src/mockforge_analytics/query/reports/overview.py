"""The overview: totals, latency, peak, top lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import MICROSECONDS, Window
from mockforge_analytics.query.figures import percent
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import header, sums_by_group
from mockforge_analytics.query.reports.endpoints import ENDPOINT_KEY, endpoint_rows
from mockforge_analytics.query.reports.peaks import activity, connections, gauge_facts, peak
from mockforge_analytics.query.reports.protocols import protocol_rows
from mockforge_analytics.query.reports.statuses import status_classes
from mockforge_analytics.query.results import Moment, Overview, Totals

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.figures import Latency, Sums
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.reports.peaks import Activity
    from mockforge_analytics.query.results import StatusClassRow
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["overview", "totals"]

_TOP_PROTOCOLS: Final = 5
_TOP_ENDPOINTS: Final = 10


class _Figures(TypedDict):
    total_requests: int
    total_errors: int
    error_rate: float
    latency: Latency
    requests_per_second: float
    total_bytes_sent: int
    total_bytes_received: int
    active_connections: int | None


def totals(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Totals:
    """Return the figures of the window as a whole: two reads, cheap enough to be asked every second.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    gauges, missing = gauge_facts(spec)
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE, *gauges))
    _, sums = sums_by_group(snapshot, prepared, prepared.facts[0], ())
    return Totals(**header(snapshot, prepared, *missing), **_figures(snapshot, prepared, sums, bool(gauges)))


def overview(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Overview:
    """Return totals, latency, peak, first and last request, status classes, top 5 protocols and top 10 endpoints.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    gauges, missing = gauge_facts(spec)
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE, Fact.SERIES, *gauges))
    scope = prepared.facts[0]
    by_protocol, sums = sums_by_group(snapshot, prepared, scope, (Dimension.PROTOCOL,), order_by="request_count")
    figures = _figures(snapshot, prepared, sums, bool(gauges))
    limit = min(spec.limit or _TOP_ENDPOINTS, _TOP_ENDPOINTS)
    by_endpoint, tops = sums_by_group(
        snapshot, prepared, Fact.SERIES, ENDPOINT_KEY, order_by="request_count", limit=limit
    )
    seen = activity(snapshot, prepared, scope)
    first, last = _ends(seen, prepared)
    return Overview(
        **header(snapshot, prepared, *missing),
        **figures,
        peak=peak(seen, "request_count"),
        first_request=first,
        last_request=last,
        status_classes=_classes(snapshot, prepared),
        top_protocols=protocol_rows(by_protocol, sums)[: min(spec.limit or _TOP_PROTOCOLS, _TOP_PROTOCOLS)],
        top_endpoints=endpoint_rows(by_endpoint, tops, figures["total_requests"]),
    )


def _figures(snapshot: Snapshot, prepared: Prepared, sums: Sums, gauges: bool) -> _Figures:
    merged = sums.merged()
    requests, errors = merged.total("request_count"), merged.total("error_count")
    return {
        "total_requests": requests,
        "total_errors": errors,
        "error_rate": percent(errors, requests),
        "latency": merged.latencies().rows()[0],
        "requests_per_second": requests / prepared.window.seconds,
        "total_bytes_sent": merged.total("bytes_sent"),
        "total_bytes_received": merged.total("bytes_received"),
        "active_connections": connections(snapshot, prepared) if gauges else None,
    }


def _classes(snapshot: Snapshot, prepared: Prepared) -> tuple[StatusClassRow, ...]:
    plan = prepared.plan(Fact.SERIES, (Dimension.STATUS,), measures=("request_count",))
    frame = snapshot.read(plan).frame
    return status_classes(frame.get_column(Dimension.STATUS).to_list(), frame.get_column("request_count").to_list())


def _ends(seen: Activity, prepared: Prepared) -> tuple[Moment | None, Moment | None]:
    """Return when the first and the last request of the window came in, as finely as it is known."""
    if not len(seen["bucket"]):
        return None, None
    first, last, width = int(seen["bucket"][0]), int(seen["bucket"][-1]), int(seen["width"])
    oldest, newest = (None, None) if prepared.filters else (prepared.coverage.first, prepared.coverage.last)
    return (
        _moment(oldest, Window(first, first + width), prepared.window),
        _moment(newest, Window(last, last + width), prepared.window),
    )


def _moment(known_us: int | None, bucket: Window, window: Window) -> Moment:
    """Return the instant `known_us` of the whole database where it lies in `bucket` and `window`, else the bucket."""
    inside = bucket.intersection(window)
    if known_us is not None and inside and inside.start <= known_us // MICROSECONDS < inside.end:
        return Moment(known_us / MICROSECONDS, 0)
    return Moment(float(bucket.start), bucket.seconds)
