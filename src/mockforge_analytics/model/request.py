"""One observed request, as columns: the schema every source produces and the rollup consumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import polars as pl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "CANONICAL_PROTOCOLS",
    "EARLIEST",
    "FUTURE_TOLERANCE",
    "MAX_BYTES",
    "REQUEST_SCHEMA",
    "RequestTable",
    "empty_requests",
]

REQUEST_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "timestamp": pl.Int64,  # microseconds since the epoch, UTC; never null
    "protocol": pl.String,  # canonical name (CANONICAL_PROTOCOLS) or as given; never null
    "method": pl.String,  # upper case; null where the protocol or the line has none
    "path": pl.String,  # raw path without query string, undecoded; null where unknown
    "endpoint": pl.String,  # route template where the source knows it, else null (the rollup derives it from path)
    "status_code": pl.Int32,  # null where the protocol has none
    "latency": pl.Float64,  # seconds, finite and >= 0; null means unknown
    "bytes_sent": pl.Int64,  # bytes to the client, >= 0; null counts as 0
    "bytes_received": pl.Int64,  # bytes from the client, >= 0; null counts as 0
    "client_ip": pl.String,
    "user_agent": pl.String,
    "workspace_id": pl.String,
    "environment": pl.String,
    "error_type": pl.String,  # set by a source that knows why a request failed
    "error_message": pl.String,
    "request_id": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "metadata": pl.String,  # a JSON object as text
}

EARLIEST: Final = 86_400_000_000  # microseconds; 1970-01-02: what lies before is an unset clock
FUTURE_TOLERANCE: Final = 2 * 86_400_000_000  # microseconds; reliability.md section 2: reject past two days
MAX_BYTES: Final = 2**44  # 16 TiB a request: sums of a cell stay within 63 bits

CANONICAL_PROTOCOLS: Final = ("HTTP", "gRPC", "WebSocket", "GraphQL", "MQTT", "Kafka", "AMQP", "SMTP", "FTP", "TCP")


class RequestTable(Protocol):
    """Requests by column of `REQUEST_SCHEMA`, however a source holds them."""

    def __len__(self) -> int:
        """Return the number of requests."""

    @property
    def timestamp(self) -> NDArray[np.int64]:
        """When, in microseconds."""

    @property
    def latency(self) -> NDArray[np.float64]:
        """How long, in seconds, NaN where unknown."""

    def integers(self, name: str, absent: int) -> NDArray[np.int64]:
        """Return a column of whole numbers, `absent` where there is none."""

    def texts(self, name: str) -> pl.Series | list[str | None]:
        """Return a column of texts."""

    def picked(self, name: str, rows: NDArray[np.int64]) -> pl.Series:
        """Return `rows` of a column of texts."""


def empty_requests() -> pl.DataFrame:
    """Return a frame of no requests with every column of `REQUEST_SCHEMA` in order."""
    return pl.DataFrame(schema=REQUEST_SCHEMA)
