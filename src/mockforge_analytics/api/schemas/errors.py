"""Errors (contract section 4.5) and single error events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.cursors import write_cursor
from mockforge_analytics.api.schemas.common import Count, Meta, Percent, utc_text
from mockforge_analytics.api.schemas.common import meta as meta_of
from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from mockforge_analytics.query.results import ErrorEvents, Errors

__all__ = ["ErrorEventItem", "ErrorEventsData", "ErrorItem", "ErrorsData", "errors_data", "events_data"]

_UNKNOWN_TYPE: Final = "unknown"
_OTHER_CATEGORY: Final = "other"
Moment = Annotated[str, Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00.250000+00:00"])]


class ErrorItem(TypedDict):
    """The errors of one type and category."""

    error_type: Annotated[str, Field(examples=["http_404"])]
    error_category: Annotated[str, Field(examples=["client_error"])]
    count: Count
    share: Annotated[Percent, Field(description="percent of all errors of the answer")]
    endpoints: Annotated[list[str], Field(description="the most affected ones, at most 10", examples=[["/users/:id"]])]
    endpoint_count: Annotated[Count, Field(description="how many endpoints are affected")]
    last_occurrence: Moment


class ErrorsData(TypedDict):
    """Errors by type and category, most frequent first."""

    errors: list[ErrorItem]
    total_errors: Count
    group_count: Annotated[Count, Field(description="groups before the limit")]
    meta: Meta


class ErrorEventItem(TypedDict):
    """One failed request."""

    id: Annotated[int, Field(description="number of the event", examples=[42])]
    timestamp: Moment
    protocol: str
    method: str | None
    endpoint: str | None
    status_code: Annotated[int | None, Field(examples=[404])]
    error_type: str | None
    error_category: str | None
    error_message: str | None
    request_id: str | None
    trace_id: str | None
    span_id: str | None
    client_ip: str | None
    user_agent: str | None
    workspace_id: str | None
    environment: str | None
    metadata: Annotated[dict[str, Any] | None, Field(description="whatever the sender added")]


class ErrorEventsData(TypedDict):
    """A page of single errors, newest first."""

    events: list[ErrorEventItem]
    next_cursor: Annotated[str | None, Field(description="`cursor` of the next page, null on the last one")]
    meta: Meta


def errors_data(report: Errors, now_us: int) -> ErrorsData:
    """Return `report` as the answer shows it."""
    errors: list[ErrorItem] = [
        {
            "error_type": group.error_type or _UNKNOWN_TYPE,
            "error_category": group.error_category or _OTHER_CATEGORY,
            "count": group.count,
            "share": group.share,
            "endpoints": list(group.endpoints),
            "endpoint_count": group.endpoint_count,
            "last_occurrence": utc_text(round(group.last_occurrence * MICROSECONDS)),
        }
        for group in report.groups
    ]
    return {
        "errors": errors,
        "total_errors": report.total_errors,
        "group_count": report.group_count,
        "meta": meta_of(report, now_us),
    }


def events_data(report: ErrorEvents, now_us: int) -> ErrorEventsData:
    """Return `report` as the answer shows it."""
    return {
        "events": [_event(row) for row in report.frame.iter_rows(named=True)],
        "next_cursor": write_cursor(report.next_page),
        "meta": meta_of(report, now_us),
    }


def _event(row: dict[str, Any]) -> ErrorEventItem:
    return {
        "id": row["id"],
        "timestamp": utc_text(row["timestamp"]),
        "protocol": row["protocol"],
        "method": row["method"] or None,
        "endpoint": row["endpoint"] or None,
        "status_code": row["status_code"] or None,
        "error_type": row["error_type"] or None,
        "error_category": row["error_category"] or None,
        "error_message": row["error_message"] or None,
        "request_id": row["request_id"] or None,
        "trace_id": row["trace_id"] or None,
        "span_id": row["span_id"] or None,
        "client_ip": row["client_ip"] or None,
        "user_agent": row["user_agent"] or None,
        "workspace_id": row["workspace_id"] or None,
        "environment": row["environment"] or None,
        "metadata": _metadata(row["metadata"]),
    }


def _metadata(stored: str | None) -> dict[str, Any] | None:
    if not stored:
        return None
    found = msgspec.json.decode(stored)
    return found if isinstance(found, dict) else {"value": found}
