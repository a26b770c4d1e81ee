"""Endpoints in any order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.figures import Sums, percents
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import (
    DEFAULT_LIMIT,
    absent_to_none,
    header,
    sums_by_group,
    traffic_rows,
)
from mockforge_analytics.query.reports.endpoint_trends import endpoint_trends
from mockforge_analytics.query.results import EndpointRow, Endpoints
from mockforge_analytics.query.spec import Order, check_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mockforge_analytics.model.plan import ReadResult
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["ENDPOINT_KEY", "ENDPOINT_ORDERS", "endpoint_rows", "endpoints"]

ENDPOINT_KEY: Final = (Dimension.PROTOCOL, Dimension.METHOD, Dimension.ENDPOINT)
_SUMMED: Final = ("request_count", "error_count", "bytes_sent", "bytes_received")
_PERCENTILES: Final = {"p50_latency_ms": 0, "p95_latency_ms": 1, "p99_latency_ms": 2}
ENDPOINT_ORDERS: Final = (
    *_SUMMED,
    "error_rate",
    "avg_latency_ms",
    "min_latency_ms",
    "max_latency_ms",
    *_PERCENTILES,
    *map(str, ENDPOINT_KEY),
)
_MOST_REQUESTS: Final = Order("request_count")


def endpoints(
    snapshot: Snapshot, spec: QuerySpec, now_us: int, *, search: str = "", offset: int = 0, trend: bool = False
) -> Endpoints:
    """Return the traffic of each endpoint, most requests first unless `spec.order` names another of `ENDPOINT_ORDERS`.

    Equal rows are ordered by protocol, method and endpoint; rows whose figure is unknown come last. `search` leaves
    only endpoints that contain it, without regard to case; shares stay those of all requests. The first `offset` rows
    are left out. With `trend` every row has its requests over the window.

    Raises:
        QueryError: the question cannot be answered as asked, or the order is not known.
    """
    order = spec.order or _MOST_REQUESTS
    if order.column not in ENDPOINT_ORDERS:
        message = f"order {order.column[:80]!r} is not known; endpoints can be ordered by {', '.join(ENDPOINT_ORDERS)}"
        raise QueryError(message, field="order")
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE, Fact.SERIES))
    total_plan = prepared.plan(prepared.facts[0], measures=("request_count",))
    total = int(snapshot.read(total_plan).frame.get_column("request_count").sum())
    page = slice(offset, offset + (spec.limit or DEFAULT_LIMIT))
    found = _containing(snapshot, prepared, search) if search else prepared
    rows, count = ((), 0) if found is None else _page(snapshot, found, order, page, total)
    trends = endpoint_trends(snapshot, prepared, rows) if trend else None
    return Endpoints(
        **header(snapshot, prepared),
        total_requests=total,
        endpoint_count=count,
        rows=rows,
        trends=None if trends is None else trends.counts,
        trend_start=None if trends is None else trends.start,
        trend_seconds=None if trends is None else trends.seconds,
    )


def _containing(snapshot: Snapshot, prepared: Prepared, search: str) -> Prepared | None:
    """Return the question narrowed to endpoints that contain `search`, None where there is none."""
    check_text("search", search)
    plan = prepared.plan(Fact.SERIES, (Dimension.ENDPOINT,), measures=("request_count",))
    names = snapshot.read(plan).frame.get_column(Dimension.ENDPOINT)
    matching = names.filter(names.str.to_lowercase().str.contains(search.lower(), literal=True)).to_list()
    return replace(prepared, filters={**prepared.filters, Dimension.ENDPOINT: tuple(matching)}) if matching else None


def _page(
    snapshot: Snapshot, prepared: Prepared, order: Order, page: slice, total: int
) -> tuple[tuple[EndpointRow, ...], int]:
    """Return the rows of `page` in `order`, and how many there are on all pages."""
    if order.column not in _SUMMED or order.ascending:
        return _sorted_here(snapshot, prepared, order, page, total)
    # The store sorts sums and decodes the histograms of the winners only.
    result, sums = sums_by_group(snapshot, prepared, Fact.SERIES, ENDPOINT_KEY, order_by=order.column, limit=page.stop)
    chosen = np.arange(len(result.frame))[page]
    return _taken(result, sums, chosen, total), result.rows


def endpoint_rows(result: ReadResult, sums: Sums, total_requests: int) -> tuple[EndpointRow, ...]:
    """Return one row a group of `result`, which is grouped by `ENDPOINT_KEY`."""
    protocols, methods, paths = (result.frame.get_column(name).to_list() for name in ENDPOINT_KEY)
    keys = zip(protocols, absent_to_none(methods), absent_to_none(paths), strict=True)
    return tuple(
        EndpointRow(protocol=protocol, method=method, endpoint=endpoint, **traffic)
        for (protocol, method, endpoint), traffic in zip(keys, traffic_rows(sums, total_requests), strict=True)
    )


def _sorted_here(
    snapshot: Snapshot, prepared: Prepared, order: Order, page: slice, total: int
) -> tuple[tuple[EndpointRow, ...], int]:
    """Return the rows of `page` by a figure that no store sorts by, out of all endpoints."""
    result, sums = sums_by_group(snapshot, prepared, Fact.SERIES, ENDPOINT_KEY)
    if order.column in ENDPOINT_KEY:
        ranked = np.arange(len(result.frame))
        names = np.array(result.frame.get_column(order.column).to_list(), dtype=object)
        ranked = np.argsort(names, kind="stable") if len(names) else ranked
        chosen = ranked if order.ascending else ranked[::-1]
    else:
        key = _sort_key(sums, order.column)
        chosen = np.argsort(key if order.ascending else -key, kind="stable")  # NaN (unknown) sorts last both ways
    return _taken(result, sums, chosen[page].astype(np.int64), total), result.rows


def _taken(result: ReadResult, sums: Sums, chosen: NDArray[np.int64], total: int) -> tuple[EndpointRow, ...]:
    """Return the `chosen` rows of `result`, in that order."""
    taken = Sums(
        {name: sums[name][chosen] for name in MEASURES},
        None if sums.histograms is None else sums.histograms.take(chosen),
    )
    return endpoint_rows(type(result)(result.frame[chosen], result.rows, taken.histograms), taken, total)


def _sort_key(sums: Sums, column: str) -> NDArray[np.float64]:
    if column in _SUMMED:
        return sums[column].astype(np.float64)
    if column == "error_rate":
        return percents(sums["error_count"], sums["request_count"])
    latencies = sums.latencies()
    if column in _PERCENTILES:
        return latencies.quantiles[:, _PERCENTILES[column]]
    by_name = {
        "avg_latency_ms": latencies.average,
        "min_latency_ms": latencies.minimum,
        "max_latency_ms": latencies.maximum,
    }
    return by_name[column]
