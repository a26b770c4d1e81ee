"""Client addresses: who asks, with which agents, for what."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import CLIENT_MEASURES
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.client_results import ClientRow, Clients
from mockforge_analytics.query.figures import percent, percents
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.reports.common import DEFAULT_LIMIT, header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["clients", "first_names"]

_SUMS: Final = tuple(name for name in CLIENT_MEASURES if name != "unique_clients")
_LISTED: Final = 5  # agent families and endpoints of a client
_BLOCK: Final = 500  # clients asked for at a time: stores bound the values of one filter
_MICROSECONDS: Final = 1_000.0  # in a millisecond
_APPROXIMATE: Final = "unique_clients is an estimate, because there were more clients than are stored one by one"


def clients(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Clients:
    """Return the traffic of each client address, most requests first. Clients are kept by the hour.

    Raises:
        QueryError: the question cannot be answered as asked; client rows know protocol, workspace, environment,
            address and agent only.
    """
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.CLIENT,))
    limit = spec.limit or DEFAULT_LIMIT
    plan = prepared.plan(Fact.CLIENT, (Dimension.CLIENT,), measures=_SUMS, order_by="request_count", limit=limit)
    frame = snapshot.read(plan).frame
    whole = snapshot.read(prepared.plan(Fact.CLIENT, measures=("request_count", "unique_clients")))
    total, unique = (int(whole.frame.get_column(name).sum()) for name in ("request_count", "unique_clients"))
    return Clients(
        **header(snapshot, prepared, *([_APPROXIMATE] if whole.approximate else [])),
        total_requests=total,
        unique_clients=unique,
        approximate=whole.approximate,
        rows=tuple(_rows(snapshot, prepared, frame, total)),
    )


def _rows(snapshot: Snapshot, prepared: Prepared, frame: pl.DataFrame, total: int) -> Iterator[ClientRow]:
    addresses: list[str] = frame.get_column(Dimension.CLIENT).to_list()
    families: dict[str, tuple[str, ...]] = {}
    endpoints: dict[str, tuple[str, ...]] = {}
    for begin in range(0, len(addresses), _BLOCK):
        block = tuple(addresses[begin : begin + _BLOCK])
        plan = prepared.plan(
            Fact.CLIENT,
            (Dimension.CLIENT, Dimension.AGENT_FAMILY),
            measures=("request_count",),
            order_by="request_count",
            filters={Dimension.CLIENT: block},
        )
        families |= first_names(snapshot.read(plan).frame.select(Dimension.CLIENT, Dimension.AGENT_FAMILY).iter_rows())
        asked = snapshot.client_endpoints(prepared.window, block, prepared.filters)
        endpoints |= first_names(asked.select("client_ip", "endpoint").iter_rows())
    rates = percents(frame.get_column("error_count").to_numpy(), frame.get_column("request_count").to_numpy())
    for (address, *sums), rate in zip(frame.select(Dimension.CLIENT, *_SUMS).iter_rows(), rates.tolist(), strict=True):
        requests, failed, latencies, latency_sum, sent, received = sums
        yield ClientRow(
            address,
            requests,
            percent(requests, total),
            failed,
            rate,
            latencies,
            latency_sum / latencies / _MICROSECONDS if latencies else None,
            sent,
            received,
            families.get(address, ()),
            endpoints.get(address, ()),
        )


def first_names(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the first few names of each address, in the order they come."""
    ordered = sorted(pairs, key=itemgetter(0))  # stable: most requests stay first
    return {
        address: tuple(name for _, name in group if name)[:_LISTED]
        for address, group in groupby(ordered, key=itemgetter(0))
    }
