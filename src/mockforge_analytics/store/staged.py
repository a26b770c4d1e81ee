"""A batch with every name replaced by its dictionary id: what a pending row holds and what a fold adds up.

A pending row holds all batches of a commit, as one byte of form and MessagePack, deflated where there is little of it:
then the text of one request is much like that of the next, and a row of half the size fills half as many pages. Of
much, which comes at a rate where the time counts, it would take longer than all the rest of a commit.
"""

from __future__ import annotations

import zlib
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
from mockforge_analytics.store.packing import Packed, pack, unpack
from mockforge_analytics.store.plain_rows import PackedRows, PlainRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "CLIENT_SUMS",
    "STAGED_CLIENT_SCHEMA",
    "GaugeCells",
    "LedgerRow",
    "Staged",
    "clients_of",
    "decode_ledger",
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
    `tokens` are those of the batch, each with the digest of its contents, None where that is not known.
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
    tokens: Mapping[str, bytes | None] = field(default_factory=dict)
    received_at: int = 0

    @property
    def requests(self) -> int:
        """How many requests the cells count."""
        return int(self.cells.measures[0].sum())


class _Payload(msgspec.Struct, array_like=True):
    cells: int
    bucket: Packed
    series: Packed
    measures: list[Packed]
    sizes: Packed
    pairs: int
    index: Packed
    count: Packed
    seen: list[Packed]
    seen_count: int
    errors: list[Packed]
    error_count: int
    gauges: list[Packed]
    gauge_count: int
    clients: PackedRows
    client_count: int
    client_endpoints: PackedRows
    client_endpoint_count: int
    events: list[list[Any]]
    ledger: list[LedgerRow]
    samples: list[tuple[str, int, str, str, str]]
    tokens: list[str]
    received_at: int
    digests: list[bytes | None] = []  # one a token; none at all in rows from before there were any


_GAUGE_FIELDS: Final = ("bucket", "series", "total", "samples", "maximum", "last", "last_seen")
_PLAIN, _DEFLATED = b"\x00", b"\x01"
_DEFLATED_BYTES: Final = 64 * 1024  # at most: a commit of some hundred requests, and 1 ms of time
_FASTEST: Final = 1  # deflates in half the time of the default, to 3 % more


def encode_staged(parts: Sequence[Staged]) -> bytes:
    """Return the payload of a pending row that holds `parts`."""
    data = msgspec.msgpack.encode([_encode(part) for part in parts])
    return _PLAIN + data if len(data) > _DEFLATED_BYTES else _DEFLATED + zlib.compress(data, _FASTEST)


def decode_staged(data: bytes) -> tuple[Staged, ...]:
    """Return what `encode_staged` wrote.

    Raises:
        StoreCorruptError: the payload is damaged.
    """
    try:
        return tuple(map(_decode, _payloads(data)))
    except (ValueError, IndexError) as error:
        raise _damaged() from error


def decode_ledger(data: bytes) -> list[LedgerRow]:
    """Return the ledger rows alone of what `encode_staged` wrote, in a tenth of the time.

    Raises:
        StoreCorruptError: the payload is damaged.
    """
    return [row for payload in _payloads(data) for row in payload.ledger]


def _damaged() -> StoreCorruptError:
    message = "a pending row of the database is damaged; run `mockforge-analytics doctor`"
    return StoreCorruptError(message)


def _payloads(data: bytes) -> list[_Payload]:
    try:
        plain = zlib.decompress(data[1:]) if data[:1] == _DEFLATED else data[1:]
        return msgspec.msgpack.decode(plain, type=list[_Payload])
    except (msgspec.MsgspecError, zlib.error) as error:
        raise _damaged() from error


def _encode(staged: Staged) -> _Payload:
    cells, errors = staged.cells, staged.errors
    return _Payload(
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
        digests=list(staged.tokens.values()),
    )


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
        tokens=dict(zip(payload.tokens, payload.digests or [None] * len(payload.tokens), strict=True)),
        received_at=payload.received_at,
    )


def endpoints_of(parts: Sequence[Staged]) -> pl.DataFrame:
    """Return the endpoints of the clients of `parts`; ``client`` numbers the client rows of all parts together."""
    frame = PlainRows.frame([part.client_endpoints for part in parts], CLIENT_ENDPOINT_SCHEMA)
    return frame.with_columns(client=pl.Series(_owners(parts), dtype=pl.Int64))


def clients_of(parts: Sequence[Staged]) -> Staged:
    """Return the clients of `parts`, at least one, and their endpoints as one part with nothing else."""
    endpoints = PlainRows.concat([part.client_endpoints for part in parts])
    return Staged(
        clients=PlainRows.concat([part.clients for part in parts]),
        client_endpoints=PlainRows({**endpoints.columns, "client": _owners(parts)}),
    )


def _owners(parts: Sequence[Staged]) -> Int64s:
    """Return the client of each endpoint of `parts`, numbered over all parts."""
    before = np.cumsum([0, *(len(part.clients) for part in parts)])[:-1]
    numbers = [part.client_endpoints.integers("client") + n for part, n in zip(parts, before.tolist(), strict=True)]
    return np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
