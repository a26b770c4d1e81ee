"""Errors by type and category, and single error events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import ERROR_MEASURES
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.query.figures import percent
from mockforge_analytics.query.planner import FACT_DIMENSIONS, Prepared, check_dimensions, prepare, resolve_window
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header
from mockforge_analytics.query.results import ErrorEvents, ErrorGroup, Errors

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["error_events", "errors"]

_KIND: Final = (Dimension.ERROR_TYPE, Dimension.ERROR_CATEGORY)
_ENDPOINTS: Final = 10  # of a group
_EVENT_DIMENSIONS: Final = FACT_DIMENSIONS[Fact.ERROR] | {Dimension.CLIENT, Dimension.AGENT}


def errors(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Errors:
    """Return the errors of each type and category, most frequent first; counts are exact, whatever is sampled.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.ERROR,))
    plan = prepared.plan(Fact.ERROR, (*_KIND, Dimension.ENDPOINT), measures=ERROR_MEASURES, order_by="error_count")
    found = snapshot.read(plan).frame
    total = int(found.get_column("error_count").sum())
    groups = (
        found.lazy()
        .group_by(*_KIND, maintain_order=True)
        .agg(
            pl.col("error_count").sum(),
            pl.col(Dimension.ENDPOINT).head(_ENDPOINTS),
            pl.len().alias("endpoints"),
            pl.col("last_seen").max(),
        )
        .sort("error_count", *_KIND, descending=[True, False, False])
        .collect()
    )
    return Errors(
        **header(snapshot, prepared),
        total_errors=total,
        group_count=len(groups),
        groups=tuple(
            ErrorGroup(kind, category, count, percent(count, total), tuple(endpoints), number, last / MICROSECONDS)
            for kind, category, count, endpoints, number, last in groups.head(spec.limit or DEFAULT_LIMIT).iter_rows()
        ),
    )


def error_events(
    snapshot: Snapshot, spec: QuerySpec, now_us: int, *, before: tuple[int, int] | None = None
) -> ErrorEvents:
    """Return stored error events, newest first; `before` is `next_page` of the page before.

    Events have their own times, so the window is that of the question to the second.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    window, warnings = resolve_window(spec, snapshot.coverage, now_us)
    filters = spec.filters
    check_dimensions(filters, _EVENT_DIMENSIONS, "error events")
    prepared = Prepared(window, (), None, filters, snapshot.coverage, tuple(warnings))
    limit = spec.limit or DEFAULT_LIMIT
    frame = snapshot.error_events(window, filters, limit + 1, before)
    page = frame.head(limit)
    following = page.row(-1, named=True) if len(frame) > limit else None
    return ErrorEvents(
        **header(snapshot, prepared),
        frame=page,
        next_page=None if following is None else (following["timestamp"], following["id"]),
    )
