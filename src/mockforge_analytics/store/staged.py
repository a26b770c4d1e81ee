"""A batch with every name replaced by its dictionary id: what a pending row holds and what a fold adds up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.errors import StoreCorruptError
from mockforge_analytics.model.batch import CLIENT_ENDPOINT_SCHEMA, ErrorCells
from mockforge_analytics.model.cells import MEASURES, Cells
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.store.packing import pack, unpack
from mockforge_analytics.store.plain_rows import Packed, PlainRows

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CLIENT_SUMS",
    "STAGED_CLIENT_SCHEMA",
    "GaugeCells",
    "LedgerRow",
    "Staged",
    "decode_staged",
    "encode_staged",
    "endpoints_of",
    "no_client_endpoints",
    "no_clients",
]

Int64s = NDArray[np.int64]

CLIENT_SUMS: Final = ("request_count", "error_count", "latency_count", "latency_sum", "bytes_sent", "bytes_received")
STAGED_CLIENT_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "hour": pl.Int64,  # seconds
    "scope_id": pl.Int64,
    "agent_id": pl.Int64,
    "client_ip": pl.String,
    **dict.fromkeys(CLIENT_SUMS, pl.Int64),
}


def no_clients() -> PlainRows:
    """Return no client rows."""
    return PlainRows.empty(STAGED_CLIENT_SCHEMA)


class LedgerRow(msgspec.Struct, array_like=True, frozen=True):
    """What one batch adds to the ledger of its source and minute."""

    source: str
    minute: int
    received: int
    stored: int
    deduplicated: int
    rejected: int
    overflowed: int
    reasons: dict[str, int]


def no_client_endpoints() -> PlainRows:
    """Return no endpoints of clients."""
    return PlainRows.empty(CLIENT_ENDPOINT_SCHEMA)


@dataclass(frozen=True, slots=True, eq=False)
class GaugeCells:
    """Columns of gauge samples by (10-second bucket, gauge series)."""

    bucket: Int64s
    series: Int64s
    total: Int64s
    samples: Int64s
    maximum: Int64s
    last: Int64s
    last_seen: Int64s

    def __len__(self) -> int:
        return len(self.bucket)

    @classmethod
    def empty(cls) -> GaugeCells:
        """Return no gauge cells."""
        none = np.zeros(0, np.int64)
        return cls(none, none, none, none, none, none, none)


@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    """One batch, ready to be appended or folded.

    `clients` has the columns of `STAGED_CLIENT_SCHEMA`, one row an (hour, scope, agent, address), `client_endpoints`
    those of `CLIENT_ENDPOINT_SCHEMA`.
    `seen` is an array (3, n): series id, first and last request in microseconds. `events` are rows of `error_events`.
    """

    cells: Cells = field(default_factory=Cells.empty)
    seen: Int64s = field(default_factory=lambda: np.zeros((3, 0), np.int64))
    errors: ErrorCells = field(default_factory=ErrorCells.empty)
    gauges: GaugeCells = field(default_factory=GaugeCells.empty)
    clients: PlainRows = field(default_factory=no_clients)
    client_endpoints: PlainRows = field(default_factory=no_client_endpoints)
    events: tuple[tuple[Any, ...], ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    samples: tuple[tuple[str, int, str, str, str], ...] = ()
    tokens: tuple[str, ...] = ()
    received_at: int = 0

    @property
    def requests(self) -> int:
        """How many requests the cells count."""
        return int(self.cells.measures[0].sum())


class _Payload(msgspec.Struct, array_like=True):
    cells: int
    bucket: bytes
    series: bytes
    measures: list[bytes]
    sizes: bytes
    pairs: int
    index: bytes
    count: bytes
    seen: list[bytes]
    seen_count: int
    errors: list[bytes]
    error_count: int
    gauges: list[bytes]
    gauge_count: int
    clients: Packed
    client_count: int
    client_endpoints: Packed
    client_endpoint_count: int
    events: list[list[Any]]
    ledger: list[LedgerRow]
    samples: list[tuple[str, int, str, str, str]]
    tokens: list[str] | str | None  # one or none where an earlier version wrote the row
    received_at: int


_GAUGE_FIELDS: Final = ("bucket", "series", "total", "samples", "maximum", "last", "last_seen")


def encode_staged(staged: Staged) -> bytes:
    """Return the payload of a pending row."""
    cells, errors = staged.cells, staged.errors
    payload = _Payload(
        cells=len(cells),
        bucket=pack(cells.bucket),
        series=pack(cells.series),
        measures=[pack(row) for row in cells.measures],
        sizes=pack(np.diff(cells.histograms.offsets)),
        pairs=len(cells.histograms.index),
        index=pack(cells.histograms.index.astype(np.int64)),
        count=pack(cells.histograms.count),
        seen=[pack(row) for row in staged.seen],
        seen_count=staged.seen.shape[1],
        errors=[pack(a) for a in (errors.bucket, errors.series, errors.count, errors.last_seen)],
        error_count=len(errors),
        gauges=[pack(getattr(staged.gauges, name)) for name in _GAUGE_FIELDS],
        gauge_count=len(staged.gauges),
        clients=staged.clients.pack(),
        client_count=len(staged.clients),
        client_endpoints=staged.client_endpoints.pack(),
        client_endpoint_count=len(staged.client_endpoints),
        events=[list(event) for event in staged.events],
        ledger=list(staged.ledger),
        samples=list(staged.samples),
        tokens=list(staged.tokens),
        received_at=staged.received_at,
    )
    return msgspec.msgpack.encode(payload)


def decode_staged(data: bytes) -> Staged:
    """Return what `encode_staged` wrote.

    Raises:
        StoreCorruptError: the payload is damaged.
    """
    try:
        return _decode(msgspec.msgpack.decode(data, type=_Payload))
    except (msgspec.MsgspecError, ValueError, IndexError) as error:
        message = "a pending row of the database is damaged; run `mockforge-analytics doctor`"
        raise StoreCorruptError(message) from error


def _decode(payload: _Payload) -> Staged:
    offsets = np.zeros(payload.cells + 1, np.int64)
    np.cumsum(unpack(payload.sizes, payload.cells), out=offsets[1:])
    histograms = Histograms(
        offsets, unpack(payload.index, payload.pairs).astype(np.int16), unpack(payload.count, payload.pairs)
    )
    measures = [unpack(row, payload.cells) for row in payload.measures]
    cells = Cells(
        unpack(payload.bucket, payload.cells),
        unpack(payload.series, payload.cells),
        np.array(measures).reshape(len(MEASURES), payload.cells),
        histograms,
    )
    return Staged(
        cells=cells,
        seen=np.array([unpack(row, payload.seen_count) for row in payload.seen]).reshape(3, payload.seen_count),
        errors=ErrorCells(*(unpack(column, payload.error_count) for column in payload.errors)),
        gauges=GaugeCells(*(unpack(column, payload.gauge_count) for column in payload.gauges)),
        clients=PlainRows.unpacked(payload.clients, payload.client_count, STAGED_CLIENT_SCHEMA),
        client_endpoints=PlainRows.unpacked(
            payload.client_endpoints, payload.client_endpoint_count, CLIENT_ENDPOINT_SCHEMA
        ),
        events=tuple(tuple(event) for event in payload.events),
        ledger=tuple(payload.ledger),
        samples=tuple(payload.samples),
        tokens=(payload.tokens,) if isinstance(payload.tokens, str) else tuple(payload.tokens or ()),
        received_at=payload.received_at,
    )


def endpoints_of(parts: Sequence[Staged]) -> pl.DataFrame:
    """Return the endpoints of the clients of `parts`; ``client`` numbers the client rows of all parts together."""
    frame = PlainRows.frame([part.client_endpoints for part in parts], CLIENT_ENDPOINT_SCHEMA)
    before = np.cumsum([0, *(len(part.clients) for part in parts)])[:-1]
    shift = np.repeat(before, [len(part.client_endpoints) for part in parts])
    return frame.with_columns(client=frame.get_column("client") + pl.Series(shift, dtype=pl.Int64))
