"""Blocks of stored client rows as frames in memory, so that a report over them is a filter and a group-by."""

from __future__ import annotations

import threading
from itertools import chain
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from mockforge_analytics.errors import StoreCorruptError
from mockforge_analytics.model.window import Granularity, Window
from mockforge_analytics.store.keys import CLIENT_SHIFT
from mockforge_analytics.store.staged import CLIENT_SUMS

if TYPE_CHECKING:
    import apsw

    from mockforge_analytics.model.tiers import Tier

__all__ = ["CLIENT_COLUMNS", "ENDPOINT_COLUMNS", "ClientRows", "load_clients"]

CLIENT_COLUMNS: Final = {
    "hour": pl.Int64,  # seconds
    "scope": pl.Int64,
    "agent": pl.Int64,
    "client_ip": pl.String,
    **dict.fromkeys(CLIENT_SUMS, pl.Int64),
}
ENDPOINT_COLUMNS: Final = ("hour", "scope", "agent", "client_ip", "endpoint", "requests")
_SELECT: Final = (
    "SELECT (id >> 43) * 3600, scope_id, agent_id, client_ip, request_count, error_count, latency_count, latency_sum, "
    "bytes_sent, bytes_received, endpoints FROM client_hour WHERE id >= ? AND id < ?"
)


class ClientRows:
    """The client rows of some hours: columns of `CLIENT_COLUMNS`, and the endpoints of each at need."""

    __slots__ = ("_endpoints", "_lock", "_texts", "frame")

    def __init__(self, frame: pl.DataFrame, texts: tuple[str, ...]) -> None:
        self.frame = frame
        self._texts = texts
        self._lock = threading.Lock()
        self._endpoints: pl.DataFrame | None = None

    @property
    def endpoints(self) -> pl.DataFrame:
        """One row an endpoint of a client row, with the columns of `ENDPOINT_COLUMNS`."""
        with self._lock:
            if self._endpoints is None:
                self._endpoints = self._decoded()
                self._texts = ()
            return self._endpoints

    def _decoded(self) -> pl.DataFrame:
        try:
            found = msgspec.json.decode(f"[{','.join(self._texts)}]", type=list[dict[str, int]])
        except msgspec.MsgspecError as error:
            message = "the endpoints of a client in the database are damaged; run `mockforge-analytics doctor`"
            raise StoreCorruptError(message) from error
        owner = np.repeat(np.arange(len(found)), [len(counts) for counts in found])
        return self.frame.select("hour", "scope", "agent", "client_ip")[owner].with_columns(
            endpoint=pl.Series(list(chain.from_iterable(found)), dtype=pl.String),
            requests=pl.Series(list(chain.from_iterable(map(dict.values, found))), dtype=pl.Int64),
        )

    @property
    def nbytes(self) -> int:
        """About how much memory the rows take."""
        known = self._endpoints
        endpoints = sum(map(len, self._texts)) if known is None else known.estimated_size()
        return int(self.frame.estimated_size() + endpoints)


def load_clients(connection: apsw.Connection, _tier: Tier, window: Window) -> ClientRows:
    """Read the client rows of `window`, whole hours."""
    hour = int(Granularity.HOUR)
    bounds = (window.start // hour << CLIENT_SHIFT, -(-window.end // hour) << CLIENT_SHIFT)
    rows = connection.execute(_SELECT, bounds).fetchall()
    *columns, texts = zip(*rows, strict=True) if rows else ((),) * (len(CLIENT_COLUMNS) + 1)
    series = [
        pl.Series(name, column, dtype=kind)
        for (name, kind), column in zip(CLIENT_COLUMNS.items(), columns, strict=True)
    ]
    return ClientRows(pl.DataFrame(series), texts)
