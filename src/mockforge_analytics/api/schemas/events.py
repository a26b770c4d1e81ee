"""Events as they are sent, and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.envelope import Failure
from mockforge_analytics.api.schemas.common import Count

if TYPE_CHECKING:
    from mockforge_analytics.model.events import EventOutcome

__all__ = ["EVENT_BODY", "EventErrorItem", "EventsData", "EventsFailure", "error_items", "events_data"]


class EventErrorItem(TypedDict):
    """Why an event was refused."""

    index: Annotated[int | None, Field(description="its place in the body, from 0; null where not known")]
    field: Annotated[str | None, Field(description="the field at fault, null where there is none")]
    reason: Annotated[str, Field(description="a sentence for a person")]


class EventsData(TypedDict):
    """What became of the events: `received` = `stored` + `deduplicated` + `rejected`."""

    received: Annotated[Count, Field(description="events in the body")]
    stored: Annotated[Count, Field(description="events that are committed now")]
    deduplicated: Annotated[Count, Field(description="events that were there already: the key was used before")]
    rejected: Annotated[Count, Field(description="events that were refused; sending them again does not help")]
    overflowed: Annotated[Count, Field(description="stored events that count under `__overflow__`")]
    errors: Annotated[list[EventErrorItem], Field(description="the first refused events")]
    commit: Annotated[int | None, Field(description="the commit that holds them, comparable with that of reports")]


class EventsFailure(Failure):
    """Nothing was stored."""

    errors: list[EventErrorItem] = Field(default=[], description="the first refused events")


_TEXT: Final = {"type": "string", "maxLength": 65_536}
_BYTES: Final = {"type": "integer", "minimum": 0, "description": "bytes"}
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "One request; unknown fields are ignored. At least one of protocol, method, path, endpoint, "
    "status_code and error_type is there. With `type: connections`: a sample of open connections.",
    "properties": {
        "timestamp": {
            "oneOf": [{"type": "number"}, {"type": "string", "format": "date-time"}],
            "description": "Unix seconds, or RFC 3339 with an offset; default: now",
        },
        "protocol": {**_TEXT, "default": "HTTP"},
        "method": {"type": "string", "maxLength": 32},
        "path": {**_TEXT, "description": "path; query and fragment are dropped"},
        "endpoint": {**_TEXT, "description": "route template; default: made from the path"},
        "status_code": {"type": "integer", "minimum": 0, "maximum": 999},
        "latency_ms": {"type": "number", "minimum": 0, "description": "milliseconds"},
        "latency": {"type": "number", "minimum": 0, "description": "seconds, instead of latency_ms"},
        "bytes_sent": _BYTES,
        "bytes_received": _BYTES,
        **dict.fromkeys(("client_ip", "user_agent", "workspace_id", "environment"), _TEXT),
        "error_type": {**_TEXT, "description": "why it failed; marks a failure where the protocol has no status"},
        **dict.fromkeys(("error_message", "request_id", "trace_id", "span_id"), _TEXT),
        "metadata": {"type": "object", "description": "at most 16 KiB and 8 levels"},
        "type": {"type": "string", "enum": ["request", "connections"], "default": "request"},
        "value": {"type": "integer", "minimum": 0, "description": "open connections, for type connections"},
        "source": {**_TEXT, "description": "who counted the connections; the sources of a moment add up"},
    },
    "example": {
        "timestamp": 1767225600.25,
        "method": "GET",
        "path": "/users/42",
        "endpoint": "/users/{id}",
        "status_code": 200,
        "latency_ms": 12.5,
        "bytes_sent": 512,
    },
}
EVENT_BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "One event, an array of events, or one event a line.",
    "content": {
        "application/json": {"schema": {"oneOf": [_EVENT, {"type": "array", "items": _EVENT}]}},
        "application/x-ndjson": {"schema": {"type": "string", "example": '{"method": "GET", "path": "/"}\n'}},
    },
}


def error_items(outcome: EventOutcome) -> list[EventErrorItem]:
    """Return the first refused events."""
    return [{"index": error.index, "field": error.field, "reason": error.reason} for error in outcome.errors]


def events_data(outcome: EventOutcome) -> EventsData:
    """Return what became of the events."""
    return {
        "received": outcome.received,
        "stored": outcome.stored,
        "deduplicated": outcome.deduplicated,
        "rejected": outcome.rejected,
        "overflowed": outcome.overflowed,
        "errors": error_items(outcome),
        "commit": outcome.commit,
    }
