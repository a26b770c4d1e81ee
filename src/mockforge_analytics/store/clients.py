"""Answering a read plan over client rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import OVERFLOW, SCOPE_DIMENSIONS, Dimension
from mockforge_analytics.model.plan import ClientsFound, ReadPlan, ReadResult, StatusRange
from mockforge_analytics.store.client_rows import CLIENT_COLUMNS, ENDPOINT_COLUMNS
from mockforge_analytics.store.client_sketches import estimate
from mockforge_analytics.store.staged import CLIENT_SUMS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import apsw

    from mockforge_analytics.model.window import Window
    from mockforge_analytics.store.client_rows import ClientRows
    from mockforge_analytics.store.pending_view import PendingView

    Blocks = Callable[[Window], Sequence[ClientRows]]
    Filters = Mapping[Dimension, tuple[str | StatusRange, ...]]

__all__ = ["read_client_endpoints", "read_endpoint_clients", "run_clients"]

_CASELESS: Final = frozenset({Dimension.PROTOCOL})
_NAMES: Final = {
    # column of the client rows: what its ids stand for, and the names of those
    "scope": ("SELECT id, protocol, workspace_id, environment FROM scope", ("protocol", "workspace_id", "environment")),
    "agent": (
        "SELECT id, user_agent, family, version FROM agent",
        ("user_agent", "user_agent_family", "user_agent_version"),
    ),
}
_OVER, _ROWS = "_over", "_rows"  # of a group: whether it holds an overflow row, and how many rows it has
_OWN_IDS: Final = {"scope_id": "scope", "agent_id": "agent"}


def _within(windows: Sequence[Window]) -> pl.Expr:
    # A window of which nothing is kept has no parts.
    return pl.any_horizontal(
        [pl.lit(value=False), *((pl.col("hour") >= w.start) & (pl.col("hour") < w.end) for w in windows)]
    )


def _rows(blocks: Blocks, view: PendingView, windows: Sequence[Window], columns: Sequence[str]) -> pl.LazyFrame:
    stored = [block.frame for window in windows for block in blocks(window)]
    waiting = view.clients.lazy().rename(_OWN_IDS).select(columns)
    rows = pl.concat(stored).lazy().select(columns) if stored else waiting.clear()
    return pl.concat([rows, waiting]).filter(_within(windows))


def _named(frame: pl.LazyFrame, connection: apsw.Connection, filters: Filters, wanted: Collection[str]) -> pl.LazyFrame:
    """Return the rows of `frame` that `filters` let through, with the names `wanted` of their scopes and agents."""
    known = {"client_ip", *(name for _, names in _NAMES.values() for name in names)}
    for dimension in filters:
        if str(dimension) not in known:
            message = f"client rows do not know the {dimension} of a request; remove that filter"
            raise QueryError(message, field=str(dimension))
    if Dimension.CLIENT in filters:
        frame = _filtered(frame, Dimension.CLIENT, filters)
    for key, (select, names) in _NAMES.items():
        mine = [dimension for dimension in filters if str(dimension) in names]
        shown = [name for name in names if name in wanted]
        if mine or shown:
            schema = {key: pl.Int64, **dict.fromkeys(names, pl.String)}
            table = pl.LazyFrame(connection.execute(select).fetchall(), schema=schema, orient="row")
            for dimension in mine:
                table = _filtered(table, dimension, filters)
            frame = frame.join(table.select(key, *shown), on=key)
    return frame


def _filtered(frame: pl.LazyFrame, dimension: Dimension, filters: Filters) -> pl.LazyFrame:
    texts = [value for value in filters[dimension] if isinstance(value, str)]
    column = pl.col(str(dimension))
    if dimension in _CASELESS:
        texts, column = [text.lower() for text in texts], column.str.to_lowercase()
    return frame.filter(column.is_in(texts))


def run_clients(plan: ReadPlan, blocks: Blocks, connection: apsw.Connection, view: PendingView) -> ReadResult:
    """Answer `plan` over client rows; `unique_clients` is estimated where an hour reached its cap."""
    windows = [piece.window for piece in plan.slices]
    groups = [str(dimension) for dimension in plan.group_by]
    distinct = "unique_clients" in (*plan.measures, plan.order_by)
    sums = [name for name in CLIENT_SUMS if name in (*plan.measures, plan.order_by)]
    columns = [name for name in CLIENT_COLUMNS if name not in CLIENT_SUMS or name in sums]
    rows = _named(_rows(blocks, view, windows, columns), connection, plan.filters, groups)
    if plan.bucket is not None:
        rows = rows.with_columns((pl.col("hour") // plan.bucket * plan.bucket).alias("bucket"))
    by = [*(["bucket"] if plan.bucket is not None else []), *groups]
    aggregates = [pl.col(name).sum() for name in sums]
    if distinct:
        addresses = pl.col("client_ip").filter(pl.col("client_ip") != OVERFLOW)
        aggregates.append(addresses.n_unique().cast(pl.Int64).alias("unique_clients"))
    over = (pl.col("client_ip") == OVERFLOW).any().alias(_OVER)
    aggregates += [over, pl.len().alias(_ROWS)]
    result = (rows.group_by(by).agg(aggregates) if by else rows.select(aggregates).filter(pl.col(_ROWS) > 0)).collect()
    approximate = distinct and bool(result.get_column(_OVER).any())
    if approximate:
        result = _estimated(result, rows.collect(), by, connection)
    total = len(result)
    if plan.order_by is not None:
        result = result.sort([plan.order_by, *groups], descending=[True, *([False] * len(groups))])
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
    blocks: Blocks,
    connection: apsw.Connection,
    view: PendingView,
    window: Window,
    clients: Sequence[str],
    filters: Filters,
) -> pl.DataFrame:
    """Return ``client_ip``, ``endpoint``, ``request_count`` of the addresses `clients`, most requests first."""
    among = pl.col("client_ip").is_in(list(clients))
    stored = [block.endpoints for block in blocks(window)]
    waiting = view.client_endpoints.lazy().rename(_OWN_IDS).select(ENDPOINT_COLUMNS)
    rows = pl.concat([pl.concat(stored).lazy(), waiting]) if stored else waiting
    return (
        _named(rows.filter(among, _within([window])), connection, filters, ())
        .group_by("client_ip", "endpoint")
        .agg(pl.col("requests").sum().alias("request_count"))
        .sort(["request_count", "endpoint", "client_ip"], descending=[True, False, False])
        .collect()
    )


def read_endpoint_clients(
    blocks: Blocks,
    connection: apsw.Connection,
    view: PendingView,
    windows: Sequence[Window],
    endpoints: Sequence[str],
    filters: Filters,
    limit: int,
) -> ClientsFound:
    """Return who asked any of `endpoints`; see `ports.Snapshot`.

    What is past a cap lost some of its names, so filters cannot rule it out: of requests whose client is lost only the
    scope is known, and the agent of some rows is lost as well (see `NameWriter.agent`).
    """
    stored = [block.endpoints for window in windows for block in blocks(window)]
    waiting = view.client_endpoints.rename(_OWN_IDS).select(ENDPOINT_COLUMNS)
    over = (pl.col("endpoint") == OVERFLOW).alias(_OVER)
    sums = (  # hours go before names come: what is left is a tenth of a week
        pl.concat([*stored, waiting])
        .lazy()
        .filter(pl.col("endpoint").is_in([*endpoints, OVERFLOW]), _within(windows))
        .group_by("scope", "agent", "client_ip", over)
        .agg(
            pl.col("requests").sum(),
            pl.col("hour").min().alias("first_hour"),
            pl.col("hour").max().alias("last_hour"),
        )
    )
    of_scope = {name: values for name, values in filters.items() if name in SCOPE_DIMENSIONS}
    of_client = {name: values for name, values in filters.items() if name not in SCOPE_DIMENSIONS}
    named = _named(sums, connection, of_scope, ("user_agent_family",)).collect()
    by_agent = bool({Dimension.AGENT, Dimension.AGENT_FAMILY, Dimension.AGENT_VERSION}.intersection(of_client))
    nobody = pl.col("client_ip") == OVERFLOW
    is_lost = nobody | (pl.col("user_agent_family") == OVERFLOW) if by_agent else nobody
    matching = _named(named.lazy().filter(~nobody), connection, of_client, ()).collect()
    return _found(matching, int(named.filter(is_lost)["requests"].sum()), limit)


def _found(rows: pl.DataFrame, lost: int, limit: int) -> ClientsFound:
    asked = rows.filter(~pl.col(_OVER))
    overflow = rows.filter(_OVER).group_by("client_ip").agg(pl.col("requests").sum().alias("overflow_count"))
    listed = (
        asked.group_by("client_ip")
        .agg(pl.col("requests").sum().alias("request_count"), pl.col("first_hour").min(), pl.col("last_hour").max())
        .sort(["request_count", "client_ip"], descending=[True, False])
    )
    shown = listed.head(limit)
    agents = (
        asked.join(shown, on="client_ip", how="semi")
        .group_by("client_ip", "user_agent_family")
        .agg(pl.col("requests").sum().alias("request_count"))
        .sort(["request_count", "user_agent_family"], descending=[True, False])
    )
    return ClientsFound(
        shown.join(overflow, on="client_ip", how="left", maintain_order="left").with_columns(
            pl.col("overflow_count").fill_null(0)
        ),
        agents,
        clients=len(listed),
        requests=int(asked["requests"].sum()),
        overflow=int(overflow["overflow_count"].sum()),
        lost=lost,
    )
