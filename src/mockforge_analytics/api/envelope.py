"""The envelope around every JSON answer (contract section 2), success or failure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec
from pydantic import BaseModel, Field
from starlette.responses import Response

from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["JSON_TYPE", "Envelope", "Failure", "failure", "success"]

Data = TypeVar("Data")

JSON_TYPE: Final = "application/json"


class Envelope(BaseModel, Generic[Data]):
    """A successful answer: what was asked for is in `data`."""

    success: bool = Field(description="always true", examples=[True])
    data: Data
    error: None = Field(default=None, description="always null")
    timestamp: str = Field(description="time of the answer, RFC 3339 in UTC", examples=["2026-01-31T12:00:00.250000Z"])


class Failure(BaseModel):
    """A failed answer: `error` says what is wrong and what to do about it."""

    success: bool = Field(description="always false", examples=[False])
    data: None = Field(default=None, description="always null")
    error: str = Field(
        description="a sentence for a person",
        examples=["duration 'abc' is not a length of time; accepted are seconds such as 3600, or 90s, 15m, 24h, 7d"],
    )
    field: str | None = Field(description="the parameter at fault, null where there is none", examples=["duration"])
    timestamp: str = Field(description="time of the answer, RFC 3339 in UTC", examples=["2026-01-31T12:00:00.250000Z"])


def success(data: object, now_us: int, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `data`, plain values or what msgspec can encode, in an envelope. Non-finite numbers must not occur."""
    envelope = {"success": True, "data": data, "error": None, "timestamp": _stamp(now_us)}
    return Response(msgspec.json.encode(envelope), status, headers, JSON_TYPE)


def failure(
    status: int,
    error: str,
    now_us: int,
    *,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """Return the sentence `error` in an envelope, with `more` members beside it."""
    envelope: dict[str, object] = {
        "success": False,
        "data": None,
        "error": error,
        "field": field,
        "timestamp": _stamp(now_us),
        **(more or {}),
    }
    return Response(msgspec.json.encode(envelope), status, headers, JSON_TYPE)


def _stamp(now_us: int) -> str:
    seconds, microseconds = divmod(now_us, MICROSECONDS)
    whole = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()
    return f"{whole}.{microseconds:06d}Z"
