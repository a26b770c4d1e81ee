"""Client rows: who asked, hour by hour, and for what most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.batch import CLIENT_ENDPOINT_SCHEMA, CLIENT_SCHEMA
from mockforge_analytics.model.cardinality import rank_in_group
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.codes import Codes, Groups, Integers, Values, bucket_key, frame_of, group
from mockforge_analytics.model.dimensions import OVERFLOW
from mockforge_analytics.model.window import MICROSECONDS, Granularity

if TYPE_CHECKING:
    from mockforge_analytics.rollup.agents import UserAgents
    from mockforge_analytics.rollup.requests import Requests

__all__ = ["client_endpoints", "client_rows", "group_clients"]

Int64s = NDArray[np.int64]

_HOUR: Final = Granularity.HOUR * MICROSECONDS
_FEW: Final = 1_000  # names; Python sorts 200 in 50 µs, to ask Polars takes longer
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


def client_rows(requests: Requests, row: Int64s, first: Int64s, agents: UserAgents) -> pl.DataFrame:
    """Return the columns of `CLIENT_SCHEMA` for the rows that `group_clients` found."""
    if not len(first):
        return pl.DataFrame(schema=CLIENT_SCHEMA)
    measures = requests.sums(np.where(row < 0, len(first), row), len(first) + 1)
    agent = requests.texts["user_agent"]
    family, version = _parsed(agent, first, agents)
    columns: dict[str, Values] = {
        "timestamp": requests.timestamp[first] // _HOUR * int(Granularity.HOUR),
        **{name: requests.texts[name].rows(first) for name in ("protocol", "workspace_id", "environment", "client_ip")},
        "user_agent": agent.rows(first),
        "user_agent_family": family,
        "user_agent_version": version,
        **{name: measures[measure, :-1] for name, measure in _MEASURES.items()},
    }
    return frame_of(columns, CLIENT_SCHEMA)


def _parsed(agent: Codes, rows: Int64s, agents: UserAgents) -> tuple[Values, Values]:
    """Return family and version of the user agents of `rows`."""
    if agent.few is None:
        family, version = agents.parse(agent.values)
        return family[agent.of_row[rows]], version[agent.of_row[rows]]
    families, versions = zip(*agents.parse_few(agent.few), strict=True)
    return Codes(agent.of_row, list(families)).rows(rows), Codes(agent.of_row, list(versions)).rows(rows)


def client_endpoints(requests: Requests, row: Int64s, clients: int, cap: int) -> pl.DataFrame:
    """Return the columns of `CLIENT_ENDPOINT_SCHEMA`.

    Of a client with more than `cap` endpoints the `cap` most requested stay, ties by name, and `OVERFLOW` has the rest.
    """
    if not clients:
        return pl.DataFrame(schema=CLIENT_ENDPOINT_SCHEMA)
    endpoint = requests.texts["endpoint"]
    pairs = group((row + 1, clients + 1), requests.key("endpoint"))
    client = row[pairs.first]
    code = endpoint.of_row[pairs.first]
    count = np.bincount(pairs.of_row, minlength=len(pairs))
    over = _past_cap(client, code, count, endpoint, cap)
    rest = np.zeros(clients, np.int64)
    np.add.at(rest, client[over], count[over])
    kept = ~over & (client >= 0)
    crowded = np.flatnonzero(rest)
    names = endpoint.rows(pairs.first[kept])
    if len(crowded):
        rests = pl.Series([OVERFLOW] * len(crowded), dtype=pl.String)
        names = pl.concat([pl.Series(names, dtype=pl.String), rests])
    columns: dict[str, Values] = {
        "client": np.concatenate([client[kept], crowded]),
        "endpoint": names,
        "request_count": np.concatenate([count[kept], rest[crowded]]),
    }
    return frame_of(columns, CLIENT_ENDPOINT_SCHEMA)


def _ranks(names: Codes) -> Int64s:
    """Return the place of each distinct value in alphabetical order."""
    if len(names) > _FEW:
        return names.values.rank("ordinal").to_numpy().astype(np.int64)
    texts = names.values.to_list() if names.few is None else names.few
    ranks = np.empty(len(texts), np.int64)
    ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return ranks


def _past_cap(client: Int64s, code: Integers, count: Int64s, endpoint: Codes, cap: int) -> NDArray[np.bool_]:
    over = np.zeros(len(client), bool)
    sizes = np.bincount(client + 1)
    crowded = np.flatnonzero((sizes > cap)[client + 1] & (client >= 0))
    if len(crowded):
        order = crowded[np.lexsort((_ranks(endpoint)[code[crowded]], -count[crowded], client[crowded]))]
        over[order] = rank_in_group(client[order]) >= cap
    return over
