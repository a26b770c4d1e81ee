"""The clients of endpoints: who asks them, how often at least and at most.

Client rows count requests by endpoint up to a cap; what is past it is counted without its endpoint. So a row knows the
requests of its client to an endpoint from below, and, with what is past the caps, from above.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import OVERFLOW, SCOPE_DIMENSIONS, Dimension
from mockforge_analytics.model.plan import ReadPlan
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.client_results import EndpointClientRow, EndpointClients
from mockforge_analytics.query.cover import cover
from mockforge_analytics.query.figures import percent
from mockforge_analytics.query.planner import FACT_DIMENSIONS, check_dimensions, prepare
from mockforge_analytics.query.reports.clients import first_names
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockforge_analytics.model.plan import ClientsFound, Slice
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import Filters, QuerySpec

__all__ = ["endpoint_clients"]

_KNOWN: Final = FACT_DIMENSIONS[Fact.CLIENT] | {Dimension.ENDPOINT}


def endpoint_clients(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> EndpointClients:
    """Return the client addresses that asked the endpoints of the question, most requests first.

    Clients are kept by the hour, and by path alone: an endpoint is one of every method.

    Raises:
        QueryError: no endpoint is named, or the question cannot be answered as asked; clients of an endpoint are known
            by protocol, workspace, environment, address and agent only.
    """
    check_dimensions(spec.filters, _KNOWN, "clients of an endpoint")
    _check_endpoints(spec.endpoint)
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.CLIENT,), without=Dimension.ENDPOINT)
    hours = prepared.plan(Fact.CLIENT).slices
    limit = spec.limit or DEFAULT_LIMIT
    found = snapshot.endpoint_clients([piece.window for piece in hours], spec.endpoint, prepared.filters, limit)
    counted, unnamed = _totals(snapshot, prepared, hours, spec.endpoint)
    # Past the cap on series the totals miss requests that client rows may have: neither count is more than the truth.
    total = None if counted is None else max(counted, found.requests)
    hidden = None if counted is None else max(counted + unnamed - found.requests, 0)
    warnings = [_unnamed_warning(unnamed)] if unnamed else []
    return EndpointClients(
        **header(snapshot, replace(prepared, filters=spec.filters), *warnings),
        total_requests=total,
        attributed_requests=found.requests,
        unattributed_requests=None if total is None else total - found.requests,
        overflow_requests=found.overflow + found.lost,
        unique_clients=found.clients,
        rows=tuple(_rows(found, total, hidden)),
    )


def _check_endpoints(endpoints: tuple[str, ...]) -> None:
    if not endpoints:
        message = "endpoint is missing; name the one whose clients are asked for, as the list of endpoints shows it"
        raise QueryError(message, field=Dimension.ENDPOINT)
    if OVERFLOW in endpoints:
        message = (
            f"endpoint {OVERFLOW} stands for all that are past the cap on endpoints; who asked those is not known apart"
        )
        raise QueryError(message, field=Dimension.ENDPOINT)


def _totals(
    snapshot: Snapshot, prepared: Prepared, hours: tuple[Slice, ...], endpoints: tuple[str, ...]
) -> tuple[int | None, int]:
    """Return the requests to `endpoints` in `hours` from their totals, and those past the cap on series.

    The first is None where totals of endpoints cannot tell, which do not know clients and may be kept less long.
    """
    if not SCOPE_DIMENSIONS.issuperset(prepared.filters):
        return None, 0
    covers = [cover(piece.window, Fact.SERIES, prepared.coverage) for piece in hours]
    if any(part.holes for part in covers):
        return None, 0
    filters: Filters = {**prepared.filters, Dimension.ENDPOINT: (*endpoints, OVERFLOW)}
    plan = ReadPlan(
        Fact.SERIES,
        tuple(piece for part in covers for piece in part.slices),
        (Dimension.ENDPOINT,),
        filters=filters,
        measures=("request_count",),
    )
    counts = dict(snapshot.read(plan).frame.select(Dimension.ENDPOINT, "request_count").iter_rows())
    unnamed = int(counts.pop(OVERFLOW, 0))
    return sum(counts.values()), unnamed


def _unnamed_warning(unnamed: int) -> str:
    return (
        f"{unnamed} requests are counted without their endpoint, because there were more than are stored one by one: "
        "the total may miss some of them"
    )


def _rows(found: ClientsFound, total: int | None, hidden: int | None) -> Iterator[EndpointClientRow]:
    """Return the rows of `found`; no more than `hidden` requests to the endpoints are of unknown clients."""
    families = first_names(found.agents.select("client_ip", "user_agent_family").iter_rows())
    columns = ("client_ip", "request_count", "overflow_count", "first_hour", "last_hour")
    for address, requests, overflow, first, last in found.frame.select(columns).iter_rows():
        unsure = overflow + found.lost
        yield EndpointClientRow(
            address,
            requests,
            requests + (unsure if hidden is None else min(unsure, hidden)),
            None if total is None else percent(requests, total),
            first,
            last,
            families.get(address, ()),
        )
