"""Answering a read plan over client rows."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import OVERFLOW, Dimension
from mockforge_analytics.model.plan import ReadPlan, ReadResult, StatusRange
from mockforge_analytics.model.window import Granularity, Window
from mockforge_analytics.store.client_sketches import estimate
from mockforge_analytics.store.keys import CLIENT_SHIFT
from mockforge_analytics.store.staged import CLIENT_SUMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import apsw

    from mockforge_analytics.store.pending_view import PendingView

__all__ = ["read_client_endpoints", "run_clients"]

_CASELESS: Final = frozenset({Dimension.PROTOCOL})
_SCHEMA: Final = {
    "hour": pl.Int64,
    "scope": pl.Int64,
    "agent": pl.Int64,
    "client_ip": pl.String,
    **dict.fromkeys(CLIENT_SUMS, pl.Int64),
}
_SELECT: Final = (
    "SELECT (id >> 43) * 3600, scope_id, agent_id, client_ip, request_count, error_count, latency_count, latency_sum, "
    "bytes_sent, bytes_received FROM client_hour WHERE id >= ? AND id < ?"
)


def _hour_keys(window: Window) -> tuple[int, int]:
    hour = int(Granularity.HOUR)
    return window.start // hour << CLIENT_SHIFT, -(-window.end // hour) << CLIENT_SHIFT


def _within(windows: Sequence[Window]) -> pl.Expr:
    # A window of which nothing is kept has no parts.
    return pl.any_horizontal(
        [pl.lit(value=False), *((pl.col("hour") >= w.start) & (pl.col("hour") < w.end) for w in windows)]
    )


def _rows(connection: apsw.Connection, view: PendingView, windows: Sequence[Window]) -> pl.DataFrame:
    rows = [row for window in windows for row in connection.execute(_SELECT, _hour_keys(window))]
    stored = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    waiting = view.clients().filter(_within(windows)).rename({"scope_id": "scope", "agent_id": "agent"})
    return pl.concat([stored, waiting.select(list(_SCHEMA))])


def _dimensions(connection: apsw.Connection) -> tuple[pl.DataFrame, pl.DataFrame]:
    scopes = connection.execute("SELECT id, protocol, workspace_id, environment FROM scope").fetchall()
    agents = connection.execute("SELECT id, user_agent, family, version FROM agent").fetchall()
    scope_schema = {"scope": pl.Int64, "protocol": pl.String, "workspace_id": pl.String, "environment": pl.String}
    agent_schema = {
        "agent": pl.Int64, "user_agent": pl.String, "user_agent_family": pl.String, "user_agent_version": pl.String,
    }  # fmt: skip
    return (
        pl.DataFrame(scopes, schema=scope_schema, orient="row"),
        pl.DataFrame(agents, schema=agent_schema, orient="row"),
    )


def _filtered(frame: pl.DataFrame, filters: Mapping[Dimension, tuple[str | StatusRange, ...]]) -> pl.DataFrame:
    for dimension, wanted in filters.items():
        name = str(dimension)
        if name not in frame.columns:
            message = f"client rows do not know the {name} of a request; remove that filter"
            raise QueryError(message, field=name)
        texts = [value for value in wanted if isinstance(value, str)]
        column = pl.col(name)
        if dimension in _CASELESS:
            texts, column = [text.lower() for text in texts], column.str.to_lowercase()
        frame = frame.filter(column.is_in(texts))
    return frame


def run_clients(plan: ReadPlan, connection: apsw.Connection, view: PendingView) -> ReadResult:
    """Answer `plan` over client rows; `unique_clients` is estimated where an hour reached its cap."""
    windows = [piece.window for piece in plan.slices]
    scopes, agents = _dimensions(connection)
    frame = _rows(connection, view, windows).join(scopes, on="scope").join(agents, on="agent")
    frame = _filtered(frame, plan.filters)
    if plan.bucket is not None:
        frame = frame.with_columns((pl.col("hour") // plan.bucket * plan.bucket).alias("bucket"))
    by = [*(["bucket"] if plan.bucket is not None else []), *(str(d) for d in plan.group_by)]
    sums = [pl.col(name).sum() for name in CLIENT_SUMS]
    distinct = pl.col("client_ip").filter(pl.col("client_ip") != OVERFLOW).n_unique().cast(pl.Int64)
    aggregates = [*sums, distinct.alias("unique_clients"), (pl.col("client_ip") == OVERFLOW).any().alias("_over")]
    result = frame.group_by(by).agg(aggregates) if by else frame.select(aggregates)
    if not by and frame.is_empty():
        result = result.clear()
    approximate = bool(result["_over"].any())
    if approximate and "unique_clients" in plan.measures:
        result = _estimated(result, frame, by, connection)
    total = len(result)
    order = [str(d) for d in plan.group_by]
    if plan.order_by is not None:
        result = result.sort([plan.order_by, *order], descending=[True, *([False] * len(order))])
        result = result if plan.limit is None else result.head(plan.limit)
    elif by:
        result = result.sort(by)
    return ReadResult(result.select([*by, *plan.measures]), total, approximate=approximate)


def _estimated(result: pl.DataFrame, frame: pl.DataFrame, by: list[str], connection: apsw.Connection) -> pl.DataFrame:
    """Replace exact distinct counts by estimates in the groups that hold an overflow row."""
    sketches = {
        (int(hour), int(scope)): bytes(sketch)
        for hour, scope, sketch in connection.execute("SELECT hour, scope_id, sketch FROM client_sketch")
    }
    counts = []
    for row in result.iter_rows(named=True):
        part = frame.filter([pl.col(name) == row[name] for name in by]) if by else frame
        over = part.filter(pl.col("client_ip") == OVERFLOW)
        if over.is_empty():
            counts.append(row["unique_clients"])
            continue
        keys = sketches.keys() & set(over.select("hour", "scope").iter_rows())
        addresses = part.filter(pl.col("client_ip") != OVERFLOW)["client_ip"].unique().to_list()
        counts.append(estimate([sketches[key] for key in sorted(keys)], addresses))
    return result.with_columns(pl.Series("unique_clients", counts, dtype=pl.Int64))


def read_client_endpoints(
    connection: apsw.Connection,
    view: PendingView,
    window: Window,
    clients: Sequence[str],
    filters: Mapping[Dimension, tuple[str | StatusRange, ...]],
) -> pl.DataFrame:
    """Return ``client_ip``, ``endpoint``, ``request_count`` of the addresses `clients`, most requests first."""
    scopes, agents = _dimensions(connection)
    rest: dict[Dimension, tuple[str | StatusRange, ...]]
    rest = {dimension: wanted for dimension, wanted in filters.items() if dimension is not Dimension.CLIENT}
    known = _filtered(scopes.join(agents, how="cross"), rest).select("scope", "agent")
    allowed = set(known.iter_rows())
    addresses = filters.get(Dimension.CLIENT, clients)
    counts: dict[str, Counter[str]] = {client: Counter() for client in clients if client in addresses}
    select = "SELECT client_ip, scope_id, agent_id, endpoints FROM client_hour WHERE id >= ? AND id < ?"
    for address, scope, agent, endpoints in connection.execute(select, _hour_keys(window)):
        if address in counts and (scope, agent) in allowed:
            counts[address].update(json.loads(endpoints))
    waiting = view.client_endpoints().filter(_within([window]), pl.col("client_ip").is_in(list(counts)))
    for address, scope, agent, endpoint, count in waiting.select(
        "client_ip", "scope_id", "agent_id", "endpoint", "requests"
    ).iter_rows():
        if (scope, agent) in allowed:
            counts[address][endpoint] += count
    rows = [(client, endpoint, count) for client, found in counts.items() for endpoint, count in found.items()]
    schema = {"client_ip": pl.String, "endpoint": pl.String, "request_count": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.sort(["request_count", "endpoint"], descending=[True, False])
