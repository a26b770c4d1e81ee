"""What a log line can say, before it is understood: named fields as text."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import polars as pl

__all__ = ["LINE", "RAW_SCHEMA", "Field", "empty_raw"]

LINE: Final = "line"


class Field(StrEnum):
    """A piece of a line. `IGNORED` is read over; the others are columns of `RAW_SCHEMA`."""

    CLIENT = "client"  # address or name, maybe with a port or in brackets
    FORWARDED = "forwarded"  # a comma list of addresses, the client first
    TIME = "time"
    REQUEST = "request"  # METHOD target HTTP/x
    METHOD = "method"
    TARGET = "target"  # path with or without query, absolute URI, host:port, or *
    STATUS = "status"
    SIZE = "size"  # bytes to the client
    RECEIVED = "received"  # bytes from the client
    LATENCY = "latency"  # in the unit the format states
    AGENT = "agent"
    REQUEST_ID = "request_id"
    IGNORED = "ignored"


RAW_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    LINE: pl.Int64,  # index of the line in its chunk
    **{field.value: pl.String for field in Field if field is not Field.IGNORED},
}


def empty_raw() -> pl.DataFrame:
    """Return a raw frame of no lines."""
    return pl.DataFrame(schema=RAW_SCHEMA)
