"""The values of a dimension, for autocompletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.planner import FACT_DIMENSIONS, prepare
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header
from mockforge_analytics.query.results import Value, Values
from mockforge_analytics.query.spec import check_text

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["LISTED_DIMENSIONS", "dimension_values"]

_FACTS: Final = (Fact.SCOPE, Fact.SERIES, Fact.ERROR, Fact.CLIENT)
LISTED_DIMENSIONS: Final = tuple(name for name in Dimension if any(name in FACT_DIMENSIONS[fact] for fact in _FACTS))


def dimension_values(snapshot: Snapshot, spec: QuerySpec, now_us: int, dimension: str, *, search: str = "") -> Values:
    """Return the values of `dimension` that contain `search` (without regard to case), most frequent first.

    The filters of the question hold, except one on `dimension` itself, so that a list stays whole while one of its
    values is chosen. Counts are errors for error types and categories, requests for everything else.

    Raises:
        QueryError: the dimension is not known, or the question cannot be answered as asked.
    """
    if dimension not in LISTED_DIMENSIONS:
        accepted = ", ".join(LISTED_DIMENSIONS)
        message = f"dimension {dimension[:80]!r} is not known; accepted are {accepted}"
        raise QueryError(message, field="dimension")
    check_text("search", search)
    name = Dimension(dimension)
    fact = next(fact for fact in _FACTS if name in FACT_DIMENSIONS[fact])
    prepared = prepare(spec, snapshot.coverage, now_us, (fact,), without=name)
    measure = "error_count" if fact is Fact.ERROR else "request_count"
    limit = spec.limit or DEFAULT_LIMIT
    plan = prepared.plan(
        prepared.facts[0],
        (name,),
        measures=(measure,),
        order_by=measure,
        limit=None if search else limit,
    )
    result = snapshot.read(plan)
    frame, matched = result.frame, result.rows
    if search:
        text = pl.col(name).cast(pl.String).str.to_lowercase()
        frame = frame.filter(text.str.contains(search.lower(), literal=True))
        matched = len(frame)
    return Values(
        **header(snapshot, prepared),
        dimension=name,
        value_count=matched,
        values=tuple(
            Value(value or None, count) for value, count in frame.head(limit).select(name, measure).iter_rows()
        ),
    )
