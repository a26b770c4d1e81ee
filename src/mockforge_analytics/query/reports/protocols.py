"""Protocols, most requests first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header, sums_by_group, traffic_rows
from mockforge_analytics.query.results import ProtocolRow, Protocols

if TYPE_CHECKING:
    from mockforge_analytics.model.plan import ReadResult
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.figures import Sums
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["protocol_rows", "protocols"]


def protocols(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Protocols:
    """Return the traffic of each protocol, most requests first.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE,))
    result, sums = sums_by_group(snapshot, prepared, prepared.facts[0], (Dimension.PROTOCOL,), order_by="request_count")
    return Protocols(
        **header(snapshot, prepared),
        total_requests=sums.total("request_count"),
        rows=protocol_rows(result, sums)[: spec.limit or DEFAULT_LIMIT],
    )


def protocol_rows(result: ReadResult, sums: Sums) -> tuple[ProtocolRow, ...]:
    """Return one row a group of `result`, which is grouped by protocol."""
    names = result.frame.get_column(Dimension.PROTOCOL).to_list()
    traffic = traffic_rows(sums, sums.total("request_count"))
    return tuple(ProtocolRow(protocol=name, **row) for name, row in zip(names, traffic, strict=True))
