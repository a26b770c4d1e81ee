"""Client rows: who asked, hour by hour, and for what most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.batch import CLIENT_ENDPOINT_SCHEMA, CLIENT_SCHEMA
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.codes import Codes, Groups, Integers, bucket_key, group
from mockforge_analytics.model.dimensions import OVERFLOW
from mockforge_analytics.model.rows import Column, Derived, Rows
from mockforge_analytics.model.window import MICROSECONDS, Granularity

if TYPE_CHECKING:
    from mockforge_analytics.rollup.addends import Addends
    from mockforge_analytics.rollup.agents import UserAgents
    from mockforge_analytics.rollup.requests import Requests

__all__ = ["client_endpoints", "client_rows", "group_clients"]

Int64s = NDArray[np.int64]

_HOUR: Final = Granularity.HOUR * MICROSECONDS
_MAX_KEY: Final = 2**62
_FEW: Final = 1_000  # names; Python sorts 200 in 50 µs, to ask Polars takes longer
_TEXTS: Final = ("protocol", "workspace_id", "environment", "client_ip")
_MEASURES: Final = {
    "request_count": Measure.REQUESTS,
    "error_count": Measure.ERRORS,
    "latency_count": Measure.LATENCY_COUNT,
    "latency_sum": Measure.LATENCY_SUM,
    "bytes_sent": Measure.BYTES_SENT,
    "bytes_received": Measure.BYTES_RECEIVED,
}


def group_clients(requests: Requests, scope: Groups) -> tuple[Int64s, Int64s]:
    """Return the client row of each request, -1 where its address is unknown, and the first request of each row.

    One row is an (hour, scope, address, user agent).
    """
    hour = bucket_key(requests.timestamp, _HOUR)
    groups = group(hour, (scope.of_row, len(scope)), requests.key("client_ip"), requests.key("user_agent"))
    address = requests.texts["client_ip"]
    known = address.of_row[groups.first] != address.code("")
    if known.all():
        return groups.of_row, groups.first
    number = np.where(known, np.cumsum(known) - 1, -1)
    return number[groups.of_row], groups.first[known]


def client_rows(requests: Requests, addends: Addends, row: Int64s, first: Int64s, agents: UserAgents) -> Rows:
    """Return the columns of `CLIENT_SCHEMA` for the rows that `group_clients` found."""
    if not len(first):
        return Rows.empty(CLIENT_SCHEMA)
    measures = addends.sums(np.where(row < 0, len(first), row), len(first) + 1, extremes=False)
    agent = requests.texts["user_agent"].taken(first)
    parsed = agents.parse(agent.texts)
    columns: dict[str, Column] = {
        "timestamp": requests.timestamp[first] // _HOUR * int(Granularity.HOUR),
        **{name: requests.texts[name].taken(first) for name in _TEXTS},
        "user_agent": agent,
        "user_agent_family": Derived(agent.of_row, [family for family, _ in parsed]),
        "user_agent_version": Derived(agent.of_row, [version for _, version in parsed]),
        **{name: measures[measure, :-1] for name, measure in _MEASURES.items()},
    }
    return Rows(columns, CLIENT_SCHEMA)


def client_endpoints(requests: Requests, row: Int64s, clients: int, cap: int) -> Rows:
    """Return the columns of `CLIENT_ENDPOINT_SCHEMA`.

    Of a client with more than `cap` endpoints the `cap` most requested stay, ties by name, and `OVERFLOW` has the rest.
    """
    if not clients:
        return Rows.empty(CLIENT_ENDPOINT_SCHEMA)
    endpoint = requests.texts["endpoint"]
    pairs = group((row + 1, clients + 1), requests.key("endpoint"))
    client = row[pairs.first]
    code = endpoint.of_row[pairs.first]
    count = np.bincount(pairs.of_row, minlength=len(pairs))
    over = _past_cap(client, code, count, endpoint, cap)
    if over is None and len(client) and int(client.min()) >= 0:
        columns: dict[str, Column] = {"client": client, "endpoint": endpoint.taken(pairs.first)}
        return Rows({**columns, "request_count": count}, CLIENT_ENDPOINT_SCHEMA)
    kept = client >= 0
    rest = np.zeros(clients, np.int64)
    if over is not None:
        np.add.at(rest, client[over], count[over])
        kept &= ~over
    crowded = np.flatnonzero(rest)
    number, texts = endpoint.code(OVERFLOW), endpoint.texts
    if number < 0 and len(crowded):
        number, texts = len(texts), [*texts, OVERFLOW]
    columns = {
        "client": np.concatenate([client[kept], crowded]),
        "endpoint": Codes(np.concatenate([code[kept], np.full(len(crowded), number)]), texts),
        "request_count": np.concatenate([count[kept], rest[crowded]]),
    }
    return Rows(columns, CLIENT_ENDPOINT_SCHEMA)


def _ranks(names: Codes) -> Int64s:
    """Return the place of each distinct value in alphabetical order."""
    if len(names) > _FEW:
        return names.values.rank("ordinal").to_numpy().astype(np.int64)
    texts = names.values.to_list() if names.few is None else names.few
    ranks = np.empty(len(texts), np.int64)
    ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return ranks


def _past_cap(client: Int64s, code: Integers, count: Int64s, endpoint: Codes, cap: int) -> NDArray[np.bool_] | None:
    """Return which pairs find no room in their client, None where all do."""
    crowd = np.bincount(client + 1) > cap
    crowd[0] = False  # requests without an address
    if not crowd.any():
        return None
    crowded = np.flatnonzero(crowd[client + 1])
    over = np.zeros(len(client), bool)
    order = crowded[_most_requested(client[crowded], count[crowded], _ranks(endpoint)[code[crowded]])]
    sizes = np.bincount(client[crowded])
    first = np.cumsum(sizes) - sizes
    over[order] = np.arange(len(order)) - first[client[order]] >= cap
    return over


def _most_requested(client: Int64s, count: Int64s, rank: Int64s) -> Int64s:
    """Return the order by client, number of requests from the most on, and `rank`, which differ within a client."""
    most, ranks = int(count.max()) + 1, int(rank.max()) + 1
    if (int(client.max()) + 1) * most * ranks > _MAX_KEY:
        return np.lexsort((rank, -count, client))
    return np.argsort((client * most + (most - 1 - count)) * ranks + rank)  # a fifth of the time
