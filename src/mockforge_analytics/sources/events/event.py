"""One event as it is sent: names, types and bounds, checked while the JSON is read.

Measured on batches of 5,000 events of 440 bytes, CPU a event: this reader to columns 1.8 µs, of which the JSON 0.7;
`pl.read_ndjson(schema=…)` 1.6 µs. The second one is no use alone: it turns numbers and objects into texts where a text
is wanted, a lone surrogate into NUL, and takes the first of two equal keys where every other reader takes the last, all
without a word; to find that out, each event has to be read by a second, strict reader.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from mockforge_analytics.model.request import MAX_BYTES

__all__ = [
    "ABSENT",
    "ACCEPTED",
    "MAX_LATENCY_SECONDS",
    "MAX_STATUS",
    "MAX_TEXT",
    "NO_EVENT",
    "UNREADABLE",
    "Event",
    "Fault",
    "fault_of",
]

MAX_STATUS: Final = 999
MAX_TEXT: Final = 65_536  # characters a text; what is kept of it is less (rollup.text)
MAX_LATENCY_SECONDS: Final = 31 * 86_400  # no request lasts longer, but a WebSocket session may last for days
_MAX_CONNECTIONS: Final = 1_000_000_000
_MILLISECONDS: Final = 1_000

ABSENT: Final = msgspec.Raw()
UNREADABLE: Final = "json"  # not JSON
NO_EVENT: Final = "event"  # JSON, but hardly meant as an event

Text = Annotated[str, Meta(max_length=MAX_TEXT)] | None
Bytes = Annotated[int, Meta(ge=0, le=MAX_BYTES)] | None


class Event(msgspec.Struct, gc=False, omit_defaults=True):
    """The fields of an event; others are ignored, and of two equal names the last one counts."""

    timestamp: float | Annotated[datetime, Meta(tz=True)] | None = None
    protocol: Text = None
    method: Text = None
    path: Text = None
    endpoint: Text = None
    status_code: Annotated[int, Meta(ge=0, le=MAX_STATUS)] | None = None
    latency_ms: Annotated[float, Meta(ge=0, le=MAX_LATENCY_SECONDS * _MILLISECONDS)] | None = None
    latency: Annotated[float, Meta(ge=0, le=MAX_LATENCY_SECONDS)] | None = None
    bytes_sent: Bytes = None
    bytes_received: Bytes = None
    client_ip: Text = None
    user_agent: Text = None
    workspace_id: Text = None
    environment: Text = None
    error_type: Text = None
    error_message: Text = None
    request_id: Text = None
    trace_id: Text = None
    span_id: Text = None
    metadata: msgspec.Raw = ABSENT
    type: Text = None
    value: Annotated[int, Meta(ge=0, le=_MAX_CONNECTIONS)] | None = None
    source: Text = None


_TEXT: Final = f"a text of at most {MAX_TEXT:,} characters"
_BYTES: Final = f"a whole number of bytes from 0 to {MAX_BYTES:,}"
ACCEPTED: Final = {
    **dict.fromkeys(Event.__struct_fields__, _TEXT),
    "timestamp": "Unix seconds, or an RFC 3339 time with an offset such as 2026-01-31T12:00:00Z",
    "status_code": f"a whole number from 0 to {MAX_STATUS}",
    "latency_ms": f"milliseconds, a number from 0 to {MAX_LATENCY_SECONDS * _MILLISECONDS:,}",
    "latency": f"seconds, a number from 0 to {MAX_LATENCY_SECONDS:,}",
    "bytes_sent": _BYTES,
    "bytes_received": _BYTES,
    "value": f"a whole number of connections from 0 to {_MAX_CONNECTIONS:,}",
}

_PLACE: Final = re.compile(r" - at `\$\.(\w+)")
_GOT: Final = re.compile(r"got `(\w+)`")
# A lone surrogate is reported as something else by the reader.
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


class Fault(msgspec.Struct, frozen=True):
    """Why an event was refused: its place in the body from 0, the field at fault, and a sentence.

    `code` is a field of `Event`, or where no field is at fault `UNREADABLE` or `NO_EVENT`.
    """

    index: int
    code: str
    reason: str

    @property
    def field(self) -> str | None:
        """The field at fault, where there is one."""
        return None if self.code in (UNREADABLE, NO_EVENT) else self.code


def fault_of(index: int, text: bytes, error: Exception) -> Fault:
    """Return what `error`, raised while the event `text` was read, means for its sender."""
    if isinstance(error, RecursionError):
        return Fault(index, UNREADABLE, "it is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Fault(index, UNREADABLE, "it is not valid UTF-8")
    message = str(error)
    got = _GOT.search(message)
    if isinstance(error, msgspec.ValidationError):
        place = _PLACE.search(message)
        given = f", not {got[1]}" if got else ""
        if place is None:
            return Fault(index, NO_EVENT, f"an event is a JSON object{given}")
        return Fault(index, place[1], f"{place[1]} must be {ACCEPTED[place[1]]}{given}")
    hint = "; an escaped surrogate needs its other half" if _SURROGATE.search(text) else ""
    return Fault(index, UNREADABLE, f"it is not valid JSON ({message.removeprefix('JSON is malformed: ')}){hint}")
