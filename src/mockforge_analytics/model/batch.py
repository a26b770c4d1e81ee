"""What one write means, as values: everything in a batch is committed together or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.cells import Cells
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA, SCOPE_SCHEMA, SERIES_SCHEMA
from mockforge_analytics.model.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CLIENT_ENDPOINT_SCHEMA",
    "CLIENT_SCHEMA",
    "ERROR_EVENT_SCHEMA",
    "GAUGE_SCHEMA",
    "SERIES_DELTA_SCHEMA",
    "VITAL_SCHEMA",
    "Batch",
    "Deltas",
    "ErrorCells",
    "Intake",
    "Rejection",
    "SourcePosition",
    "WriteResult",
]

Int64s = NDArray[np.int64]

SERIES_DELTA_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    **SERIES_SCHEMA,
    "first_seen": pl.Int64,  # microseconds
    "last_seen": pl.Int64,  # microseconds
}
CLIENT_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "timestamp": pl.Int64,  # start of the hour, seconds
    **SCOPE_SCHEMA,
    "client_ip": pl.String,  # never null
    "user_agent": pl.String,  # "" where absent
    "user_agent_family": pl.String,  # "" where unknown
    "user_agent_version": pl.String,  # "" where unknown
    "request_count": pl.Int64,
    "error_count": pl.Int64,
    "latency_count": pl.Int64,
    "latency_sum": pl.Int64,  # microseconds
    "bytes_sent": pl.Int64,
    "bytes_received": pl.Int64,
}
CLIENT_ENDPOINT_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "client": pl.Int64,  # row number in the client frame beside it
    "endpoint": pl.String,
    "request_count": pl.Int64,
}
ERROR_EVENT_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "timestamp": pl.Int64,  # microseconds
    "protocol": pl.String,
    "method": pl.String,
    "endpoint": pl.String,
    "status_code": pl.Int32,
    "error_type": pl.String,
    "error_message": pl.String,
    "error_category": pl.String,
    "request_id": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "client_ip": pl.String,
    "user_agent": pl.String,
    "workspace_id": pl.String,
    "environment": pl.String,
    "metadata": pl.String,
}
GAUGE_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "timestamp": pl.Int64,  # microseconds
    **SCOPE_SCHEMA,
    "source": pl.String,
    "value": pl.Int64,
}
VITAL_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "timestamp": pl.Int64,  # microseconds
    **SCOPE_SCHEMA,
    "source": pl.String,
    "name": pl.String,  # a `Vital`
    "value": pl.Float64,
}


@dataclass(frozen=True, slots=True, eq=False)
class ErrorCells:
    """Exact error counts: one a (minute, error series), by `bucket` (seconds) and `series` (row of `error_series`).

    `count` errors happened, the last one at `last_seen` (microseconds).
    """

    bucket: Int64s
    series: Int64s
    count: Int64s
    last_seen: Int64s

    def __len__(self) -> int:
        return len(self.bucket)

    @classmethod
    def empty(cls) -> ErrorCells:
        """Return no error cells."""
        none = np.zeros(0, np.int64)
        return cls(none, none, none, none)


@dataclass(frozen=True, slots=True, eq=False)
class Deltas:
    """What a batch of requests adds.

    Attributes:
        series: distinct series, columns of `SERIES_DELTA_SCHEMA`, no nulls, in order of first appearance in the batch.
        cells: one a (10-second bucket, series); `cells.series` is a row number of `series`.
        error_series: distinct error series, columns of `ERROR_SERIES_SCHEMA`, no nulls, in order of first appearance.
        error_owners: of each error series, which of `series` its errors are requests of.
        errors: one a (minute, error series).
        clients: columns of `CLIENT_SCHEMA`, one row an (hour, scope, client address, user agent).
        client_endpoints: columns of `CLIENT_ENDPOINT_SCHEMA`.
        events: a bounded sample of single errors, columns of `ERROR_EVENT_SCHEMA`.
    """

    series: Rows
    cells: Cells
    error_series: Rows
    error_owners: Int64s
    errors: ErrorCells
    clients: Rows
    client_endpoints: Rows
    events: pl.DataFrame

    @classmethod
    def empty(cls) -> Deltas:
        """Return deltas that add nothing."""
        return cls(
            Rows.empty(SERIES_DELTA_SCHEMA),
            Cells.empty(),
            Rows.empty(ERROR_SERIES_SCHEMA),
            np.zeros(0, np.int64),
            ErrorCells.empty(),
            Rows.empty(CLIENT_SCHEMA),
            Rows.empty(CLIENT_ENDPOINT_SCHEMA),
            pl.DataFrame(schema=ERROR_EVENT_SCHEMA),
        )


@dataclass(frozen=True, slots=True)
class Rejection:
    """One sample of refused input: why, where it stood, and its beginning (clipped, control characters escaped)."""

    reason: str
    place: str
    sample: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What a source handed over: of `received` items, `rejected` (by reason) were refused before the store."""

    source: str
    received: int
    rejected: dict[str, int] = field(default_factory=dict)
    samples: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """How far a source has been read: `payload` (JSON text, the source's own) replaces what is stored under `key`."""

    key: str
    payload: str


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Everything that one write commits together.

    Attributes:
        received_at: microseconds; the minute of the ledger and the age limit of late data are counted from it.
        intake: the ledger's figures.
        deltas: what the requests add.
        gauges: samples of active connections, columns of `GAUGE_SCHEMA`.
        vitals: what targets say of themselves, columns of `VITAL_SCHEMA`, no nulls.
        token: a batch with a token seen before changes nothing and counts as deduplicated.
        joined: where several sendings were joined to this batch, the tokens they had: was one of them seen before,
            nothing is written, also not to the ledger.
        digests: for tokens whose contents are known, what tells them from others: a batch whose token was seen with
            another digest is refused whole.
        position: a source offset, committed with the rows.
        hold: where set, data older than the retention keeps is wanted: it is stored and held, with this reason.
        bulk: fold in the same transaction (imports), instead of appending to pending.
        widest: latencies come from buckets whose upper bound is up to so many times the lower; 1 where that is finer
            than our own.
    """

    received_at: int
    intake: Intake
    deltas: Deltas
    gauges: pl.DataFrame | None = None
    vitals: pl.DataFrame | None = None
    token: str | None = None
    joined: tuple[str, ...] = ()
    digests: Mapping[str, bytes] = field(default_factory=dict)
    position: SourcePosition | None = None
    hold: str | None = None
    bulk: bool = False
    widest: float = 1.0

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token of the batch."""
        return self.joined if self.token is None else (self.token, *self.joined)


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a batch. ``stored + deduplicated + rejected`` of the store equals the requests in its deltas.

    Attributes:
        commit: number of the commit that holds the batch; later commits have higher numbers.
        overflowed: how many of the stored requests count under `__overflow__`.
        too_old: requests refused because the retention keeps nothing of their age.
        is_repeated: the token of the batch, or one of those joined, was known: nothing changed.
        is_refused: the token of the batch was known for other contents: its requests are rejected.
    """

    commit: int
    stored: int = 0
    deduplicated: int = 0
    too_old: int = 0
    overflowed: int = 0
    held: int = 0
    is_repeated: bool = False
    is_refused: bool = False
