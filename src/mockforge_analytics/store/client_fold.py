"""Client rows: read, add, write, with a cap a workspace and hour and an exact remainder past it."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, Final

import apsw
import msgspec
import numpy as np
import polars as pl

from mockforge_analytics.model.dimensions import OVERFLOW
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.store.client_keys import client_keys
from mockforge_analytics.store.client_sketches import ClientSketches
from mockforge_analytics.store.keys import CLIENT_SHIFT
from mockforge_analytics.store.plain_rows import PlainRows
from mockforge_analytics.store.staged import CLIENT_SUMS, STAGED_CLIENT_SCHEMA, endpoints_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.config import CapConfig
    from mockforge_analytics.store.names import NameWriter
    from mockforge_analytics.store.reach import Reach
    from mockforge_analytics.store.staged import Staged

__all__ = ["CLIENT_TIER", "ClientFold"]

(CLIENT_TIER,) = tiers_of(Fact.CLIENT)
_HOUR: Final = int(Granularity.HOUR)
_COUNTED_HOURS: Final = 2_048
_STORED_SCHEMA: Final = {"id": pl.Int64, "s": pl.Int64, "a": pl.Int64, "c": pl.String, "stored": pl.String}
_IDENTITY: Final = ["hour", "scope_id", "agent_id", "client_ip"]
_FIND: Final = "SELECT id, scope_id, agent_id, client_ip, endpoints FROM client_hour WHERE id IN carray(?)"
_ROOM_SCHEMA: Final = {"hour": pl.Int64, "workspace": pl.String, "room": pl.Int64}
_INSERT: Final = "INSERT INTO client_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD: Final = (
    "UPDATE client_hour SET request_count = request_count + ?, error_count = error_count + ?, "
    "latency_count = latency_count + ?, latency_sum = latency_sum + ?, bytes_sent = bytes_sent + ?, "
    "bytes_received = bytes_received + ?, endpoints = ? WHERE id = ?"
)
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(list[dict[str, int]])
_COUNT: Final = "SELECT scope_id, count(*) FROM client_hour WHERE id >= ? AND id < ? AND client_ip <> ? GROUP BY 1"


class ClientFold:
    """Adds client rows, inside the caller's transaction. After a rollback the caller must call `forget`."""

    def __init__(self, connection: apsw.Connection, names: NameWriter, caps: CapConfig) -> None:
        self._connection = connection
        self._names = names
        self._caps = caps
        self._sketches = ClientSketches(connection)
        self._counts: OrderedDict[int, Counter[str]] = OrderedDict()

    def forget(self) -> None:
        """Drop everything remembered."""
        self._counts.clear()
        self._sketches.forget()

    def fold(self, staged: Sequence[Staged], reach: Reach) -> None:
        """Add the clients of `staged` to their hours, as far as the client tier keeps those."""
        parts = [part for part in staged if len(part.clients)]
        if not parts:
            return
        rows, endpoints = self._merged(parts)
        kept = reach.covers(CLIENT_TIER, rows["hour"].to_numpy())
        rows = self._found(rows if kept.all() else rows.filter(kept))
        is_new = rows["stored"].is_null()
        fresh = rows.filter(is_new)
        admitted = self._admitted(fresh)
        self._insert(self._with_texts(fresh.filter(admitted), endpoints))
        self._add(self._with_texts(rows.filter(~is_new), endpoints))
        if not admitted.all():
            overflow = self._found(self._overflow(fresh.filter(~admitted)))
            self._insert(overflow.filter(pl.col("stored").is_null()))
            self._add(overflow.filter(pl.col("stored").is_not_null()))

    def _merged(self, parts: Sequence[Staged]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return one row a client, numbered in ``client``, and their endpoints up to the cap."""
        rows = _keyed(PlainRows.frame([part.clients for part in parts], STAGED_CLIENT_SCHEMA))
        rows = rows.with_row_index("client")
        endpoints = endpoints_of(parts)
        if rows["id"].is_duplicated().any():
            grouped = rows.group_by(_IDENTITY, maintain_order=True)
            merged = grouped.agg(pl.col("id").first(), *(pl.col(name).sum() for name in CLIENT_SUMS), pl.col("client"))
            owner = np.empty(len(rows), np.int64)
            sizes = merged["client"].list.len().to_numpy()
            owner[merged["client"].explode().to_numpy()] = np.repeat(np.arange(len(merged)), sizes)
            endpoints = endpoints.with_columns(client=pl.Series(owner).gather(endpoints["client"]))
            endpoints = endpoints.group_by("client", "endpoint").agg(pl.col("request_count").sum())
            rows = merged.drop("client").with_row_index("client")
        return rows.with_columns(pl.col("client").cast(pl.Int64)), self._bounded(endpoints)

    def _bounded(self, endpoints: pl.DataFrame) -> pl.DataFrame:
        """Return the most used endpoints of each client and, past the cap, the rest as overflow."""
        cap = self._caps.endpoints_per_client
        is_rest = endpoints["endpoint"] == OVERFLOW
        named = endpoints["client"].filter(~is_rest).to_numpy()
        if not len(named) or np.bincount(named).max() <= cap:
            return endpoints
        order = ["client", "is_rest", "request_count", "endpoint"]
        ordered = endpoints.with_columns(is_rest.alias("is_rest")).sort(order, descending=[False, False, True, False])
        rank = pl.int_range(pl.len()).over("client")
        name = pl.when(rank < cap).then("endpoint").otherwise(pl.lit(OVERFLOW)).alias("endpoint")
        return ordered.group_by("client", name, maintain_order=True).agg(pl.col("request_count").sum())

    def _with_texts(self, rows: pl.DataFrame, endpoints: pl.DataFrame) -> pl.DataFrame:
        """Return `rows` with ``endpoints``, a JSON object of requests by endpoint."""
        names = endpoints["endpoint"].unique()
        quoted = pl.Series([msgspec.json.encode(name).decode() for name in names.to_list()], dtype=pl.String)
        pairs = pl.concat_str(pl.col("quoted"), pl.lit(":"), pl.col("request_count")).str.join(",")
        texts = (
            endpoints.join(rows.select("client"), on="client", how="semi")
            .join(pl.DataFrame({"endpoint": names, "quoted": quoted}), on="endpoint", how="left")
            .group_by("client")
            .agg(endpoints=pl.concat_str(pl.lit("{"), pairs, pl.lit("}")))
        )
        joined = rows.join(texts, on="client", how="left", maintain_order="left")
        return joined.with_columns(pl.col("endpoints").fill_null("{}"))

    def _joined(self, stored: pl.Series, added: pl.Series) -> pl.Series:
        """Return the sums of JSON objects of endpoints; past the cap of a client new endpoints count as overflow."""
        cap = self._caps.endpoints_per_client
        sums = []
        for known, new in zip(_objects(stored), _objects(added), strict=True):
            for endpoint, count in new.items():
                name = endpoint if endpoint in known or len(known) < cap else OVERFLOW
                known[name] = known.get(name, 0) + count
            sums.append(_ENCODER.encode(known).decode())
        return pl.Series("endpoints", sums, dtype=pl.String)

    def _found(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return `rows` with their places as ``id``, and as ``stored`` the endpoints of the row that is there already.

        A client's place is its key, or the next free number: two clients of an hour with 10,000
        share a hash once in a hundred hours.
        """
        there = pl.DataFrame(self._load(rows["id"]), schema=_STORED_SCHEMA, orient="row")
        joined = rows.join(there, on="id", how="left", maintain_order="left")
        is_same = (
            (pl.col("scope_id") == pl.col("s"))
            & (pl.col("agent_id") == pl.col("a"))
            & (pl.col("client_ip") == pl.col("c"))
        )
        if rows["id"].is_duplicated().any() or not joined.select(is_same.fill_null(value=True).all()).item():
            return self._probed(rows, there)
        return joined.drop("s", "a", "c")

    def _probed(self, rows: pl.DataFrame, there: pl.DataFrame) -> pl.DataFrame:
        """Return what `_found` does where clients share a hash, row by row."""
        ids = rows["id"].to_list()
        stored: list[str | None] = [None] * len(rows)
        taken: dict[int, tuple[int, int, str, str | None]] = {row[0]: row[1:] for row in there.iter_rows()}
        identities = rows.select("scope_id", "agent_id", "client_ip").rows()
        for i, (key, identity) in enumerate(zip(ids, identities, strict=True)):
            place = key
            while (sitting := taken.get(place)) is not None and sitting[:3] != identity:
                place += 1
                if place not in taken:
                    taken.update({row[0]: row[1:] for row in self._load(pl.Series([place]))})
            if sitting is None:
                taken[place] = (*identity, None)
            else:
                stored[i] = sitting[3]
            ids[i] = place
        return rows.with_columns(id=pl.Series(ids, dtype=pl.Int64), stored=pl.Series(stored, dtype=pl.String))

    def _load(self, keys: pl.Series) -> list[tuple[Any, ...]]:
        if keys.is_empty():
            return []
        return self._connection.execute(_FIND, (apsw.carray(keys.unique().to_numpy()),)).fetchall()

    def _admitted(self, fresh: pl.DataFrame) -> pl.Series:
        """Return which new rows their hour still has room for, in order; they are counted."""
        if fresh.is_empty():
            return pl.Series([], dtype=pl.Boolean)
        workspaces = {scope: self._names.scope_names(scope)[1] for scope in fresh["scope_id"].unique().to_list()}
        names = fresh["scope_id"].replace_strict(workspaces, return_dtype=pl.String).alias("workspace")
        is_client = fresh["client_ip"] != OVERFLOW
        rank = fresh.select("hour", names, is_client.cast(pl.Int64).alias("new")).with_columns(
            place=pl.col("new").cum_sum().over("hour", "workspace")
        )
        room = {}
        for hour, workspace, new in rank.group_by("hour", "workspace").agg(pl.col("new").sum()).iter_rows():
            counts = self._counts.get(hour)
            counts = self._count(hour) if counts is None else counts
            room[hour, workspace] = max(self._caps.clients_per_hour - counts[workspace], 0)
            counts[workspace] += min(new, room[hour, workspace])
        rooms = pl.DataFrame([(*key, left) for key, left in room.items()], schema=_ROOM_SCHEMA, orient="row")
        joined = rank.join(rooms, on=["hour", "workspace"], how="left", maintain_order="left")
        return (joined["place"] <= joined["room"]) | ~is_client

    def _count(self, hour: int) -> Counter[str]:
        low = hour // _HOUR << CLIENT_SHIFT
        counts: Counter[str] = Counter()
        for scope, count in self._connection.execute(_COUNT, (low, low + (1 << CLIENT_SHIFT), OVERFLOW)):
            counts[self._names.scope_names(int(scope))[1]] += int(count)
        while len(self._counts) >= _COUNTED_HOURS:
            self._counts.popitem(last=False)
        self._counts[hour] = counts
        return counts

    def _overflow(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return one row an hour and scope for clients past the cap; their addresses go into the sketch of the hour."""
        for hour, scope, address in rows.select("hour", "scope_id", "client_ip").iter_rows():
            self._sketches.add(hour, scope, address)
        self._sketches.save()
        agent = self._names.agent(OVERFLOW, OVERFLOW, "")
        sums = rows.group_by("hour", "scope_id", maintain_order=True).agg(pl.col(name).sum() for name in CLIENT_SUMS)
        texts = [msgspec.json.encode({OVERFLOW: count}).decode() for count in sums["request_count"].to_list()]
        return _keyed(
            sums.with_columns(
                agent_id=pl.lit(agent, pl.Int64),
                client_ip=pl.lit(OVERFLOW),
                endpoints=pl.Series(texts, dtype=pl.String),
            )
        )

    def _insert(self, rows: pl.DataFrame) -> None:
        columns = rows.select("id", "scope_id", "agent_id", "client_ip", *CLIENT_SUMS, "endpoints")
        self._connection.executemany(_INSERT, columns.iter_rows())

    def _add(self, rows: pl.DataFrame) -> None:
        summed = rows.with_columns(self._joined(rows["stored"], rows["endpoints"]))
        self._connection.executemany(_ADD, summed.select(*CLIENT_SUMS, "endpoints", "id").iter_rows())


def _objects(texts: pl.Series) -> list[dict[str, int]]:
    return _DECODER.decode("[" + ",".join(texts.to_list()) + "]")


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with their keys as ``id``."""
    ids = (rows["hour"].to_numpy(), rows["scope_id"].to_numpy(), rows["agent_id"].to_numpy())
    return rows.with_columns(id=pl.Series(client_keys(ids, rows["client_ip"]), dtype=pl.Int64))
