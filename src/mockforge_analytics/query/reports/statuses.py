"""Status codes and their classes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.dimensions import ABSENT_STATUS, Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.figures import percent
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header, sums_by_group, traffic_rows
from mockforge_analytics.query.results import StatusClassRow, StatusCodes, StatusRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["status_classes", "status_codes"]

_CLASS_WIDTH: Final = 100
_NO_CLASS: Final = "none"


def status_codes(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> StatusCodes:
    """Return how the requests spread over status codes, most requests first, and over classes.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SERIES,))
    result, sums = sums_by_group(snapshot, prepared, Fact.SERIES, (Dimension.STATUS,), order_by="request_count")
    total = sums.total("request_count")
    codes = result.frame.get_column(Dimension.STATUS).to_list()
    rows = zip(codes, traffic_rows(sums, total), strict=True)
    limit = spec.limit or DEFAULT_LIMIT
    return StatusCodes(
        **header(snapshot, prepared),
        total_requests=total,
        rows=tuple(StatusRow(status_code=code or None, **traffic) for code, traffic in rows)[:limit],
        classes=status_classes(codes, sums["request_count"].tolist()),
    )


def status_classes(codes: Sequence[int], counts: Sequence[int]) -> tuple[StatusClassRow, ...]:
    """Return the classes of `codes`, ascending, requests without a code last."""
    totals: Counter[int] = Counter()
    for code, count in zip(codes, counts, strict=True):
        totals[-1 if code == ABSENT_STATUS else code // _CLASS_WIDTH] += count
    whole = totals.total()
    return tuple(
        StatusClassRow(_NO_CLASS if number < 0 else f"{number}xx", totals[number], percent(totals[number], whole))
        for number in sorted(totals, key=lambda number: (number < 0, number))
    )
