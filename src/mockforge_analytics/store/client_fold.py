"""Client rows: read, add, write, with a cap a workspace and hour and an exact remainder past it."""

from __future__ import annotations

import zlib
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, Final

import apsw
import msgspec
import numpy as np

from mockforge_analytics.model.dimensions import OVERFLOW
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.store.client_sketches import ClientSketches
from mockforge_analytics.store.keys import CLIENT_SHIFT
from mockforge_analytics.store.staged import ClientRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.config import CapConfig
    from mockforge_analytics.store.names import NameWriter
    from mockforge_analytics.store.reach import Reach

__all__ = ["CLIENT_TIER", "ClientFold", "add_clients", "client_row"]

(CLIENT_TIER,) = tiers_of(Fact.CLIENT)
_HOUR: Final = int(Granularity.HOUR)
_PROBE_BITS: Final = CLIENT_SHIFT - 32
_COUNTED_HOURS: Final = 2_048
_SELECT: Final = (
    "SELECT id, scope_id, agent_id, client_ip, request_count, error_count, latency_count, latency_sum, bytes_sent, "
    "bytes_received, endpoints FROM client_hour WHERE id IN carray(?)"
)
_REPLACE: Final = "REPLACE INTO client_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def client_row(row: tuple[Any, ...]) -> ClientRow:
    """Return a row of `client_hour` (columns as in the table) as a `ClientRow`."""
    key, *rest, endpoints = row
    return msgspec.convert(((key >> CLIENT_SHIFT) * _HOUR, *rest, msgspec.json.decode(endpoints)), ClientRow)


def add_clients(a: ClientRow, b: ClientRow, endpoints: int | None = None) -> ClientRow:
    """Return the sum of two rows of one client; of more than `endpoints` endpoints the new ones count as overflow."""
    known = dict(a.endpoints)
    for endpoint, count in sorted(b.endpoints.items(), key=lambda item: (-item[1], item[0])):
        full = endpoints is not None and len(known) >= endpoints and endpoint not in known
        name = OVERFLOW if full else endpoint
        known[name] = known.get(name, 0) + count
    return ClientRow(
        a.hour,
        a.scope_id,
        a.agent_id,
        a.client_ip,
        a.request_count + b.request_count,
        a.error_count + b.error_count,
        a.latency_count + b.latency_count,
        a.latency_sum + b.latency_sum,
        a.bytes_sent + b.bytes_sent,
        a.bytes_received + b.bytes_received,
        known,
    )


def _key(row: ClientRow) -> int:
    """Return where the search for the row's place begins: the hour, 32 bits of hash, room for neighbours."""
    text = f"{row.scope_id} {row.agent_id} {row.client_ip}"
    return (row.hour // _HOUR << CLIENT_SHIFT) | (zlib.crc32(text.encode("utf-8", "replace")) << _PROBE_BITS)


def _is_same(a: ClientRow, b: ClientRow) -> bool:
    return a.client_ip == b.client_ip and a.agent_id == b.agent_id and a.scope_id == b.scope_id and a.hour == b.hour


class ClientFold:
    """Adds client rows, inside the caller's transaction. After a rollback the caller must call `forget`."""

    def __init__(self, connection: apsw.Connection, names: NameWriter, caps: CapConfig) -> None:
        self._connection = connection
        self._names = names
        self._caps = caps
        self._sketches = ClientSketches(connection)
        self._counts: OrderedDict[int, dict[str, int]] = OrderedDict()

    def forget(self) -> None:
        """Drop everything remembered."""
        self._counts.clear()
        self._sketches.forget()

    def fold(self, rows: Sequence[ClientRow], reach: Reach) -> None:
        """Add `rows` to their hours, as far as the client tier keeps those."""
        if not rows:
            return
        kept = reach.covers(CLIENT_TIER, np.fromiter((row.hour for row in rows), np.int64)).tolist()
        keyed: dict[int, ClientRow] = {}
        collided = []
        for row in (row for row, keep in zip(rows, kept, strict=True) if keep):
            key = _key(row)
            known = keyed.get(key)
            if known is None:
                keyed[key] = row
            elif _is_same(known, row):
                keyed[key] = add_clients(known, row, self._caps.endpoints_per_client)
            else:
                collided.append(row)
        stored = self._load(list(keyed))
        written: dict[int, ClientRow] = {}
        for key, row in keyed.items():
            self._place(key, row, stored, written)
        for row in collided:
            self._place(_key(row), row, stored, written)
        self._sketches.save()
        self._connection.executemany(_REPLACE, (_values(key, row) for key, row in written.items()))

    def _load(self, keys: list[int]) -> dict[int, ClientRow]:
        if not keys:
            return {}
        rows = self._connection.execute(_SELECT, (apsw.carray(np.array(keys, np.int64)),))
        return {int(row[0]): client_row(row) for row in rows}

    def _place(self, key: int, row: ClientRow, stored: dict[int, ClientRow], written: dict[int, ClientRow]) -> None:
        """Put `row` at `key` or, where another client of the hour sits there, at the next free key."""
        known = written.get(key) or stored.get(key)
        while known is not None and not _is_same(known, row):
            key += 1
            known = written.get(key) or self._load([key]).get(key)
        if known is not None:
            written[key] = add_clients(known, row, self._caps.endpoints_per_client)
        elif row.client_ip == OVERFLOW or self._admit(row):
            written[key] = row
        else:
            self._sketches.add(row.hour, row.scope_id, row.client_ip)
            agent = self._names.agent(OVERFLOW, OVERFLOW, "")
            rest = {OVERFLOW: row.request_count}
            row = msgspec.structs.replace(row, agent_id=agent, client_ip=OVERFLOW, endpoints=rest)
            self._place(_key(row), row, self._load([_key(row)]), written)

    def _admit(self, row: ClientRow) -> bool:
        """Count a new row of the hour; False where the workspace has its number already."""
        counts = self._counts.get(row.hour)
        if counts is None:
            counts = self._count(row.hour)
        workspace = self._names.scope_names(row.scope_id)[1]
        count = counts.get(workspace, 0)
        if count >= self._caps.clients_per_hour:
            return False
        counts[workspace] = count + 1
        return True

    def _count(self, hour: int) -> dict[str, int]:
        low = hour // _HOUR << CLIENT_SHIFT
        select = "SELECT scope_id, count(*) FROM client_hour WHERE id >= ? AND id < ? AND client_ip <> ? GROUP BY 1"
        counts: Counter[str] = Counter()
        for scope, count in self._connection.execute(select, (low, low + (1 << CLIENT_SHIFT), OVERFLOW)):
            counts[self._names.scope_names(int(scope))[1]] += int(count)
        while len(self._counts) >= _COUNTED_HOURS:
            self._counts.popitem(last=False)
        self._counts[hour] = counts
        return counts


def _values(key: int, row: ClientRow) -> tuple[Any, ...]:
    return (
        key,
        row.scope_id,
        row.agent_id,
        row.client_ip,
        row.request_count,
        row.error_count,
        row.latency_count,
        row.latency_sum,
        row.bytes_sent,
        row.bytes_received,
        msgspec.json.encode(row.endpoints).decode(),
    )
