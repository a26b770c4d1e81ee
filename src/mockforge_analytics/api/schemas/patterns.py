"""Traffic patterns (contract section 4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, Meta, Milliseconds
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.results import PatternCell, TrafficPatterns, WeekCell

__all__ = ["PatternItem", "PatternsData", "WeekItem", "patterns_data"]

_LOCAL_HOURS_OF_WEEK = 7 * 24


class WeekItem(TypedDict):
    """An hour of the week, all weeks of the window together."""

    day_of_week: Annotated[int, Field(ge=0, le=6, description="Sunday is 0", examples=[1])]
    hour: Annotated[int, Field(ge=0, le=23, examples=[9])]
    request_count: Count
    error_count: Count
    latency_count: Annotated[Count, Field(description="requests whose latency is known")]
    avg_latency_ms: Annotated[Milliseconds, Field(description="milliseconds, 0 where latency_count is 0")]
    seconds: Annotated[Count, Field(description="how many seconds of the window lie in it", examples=[3600])]


class PatternItem(WeekItem):
    """A local hour of a date, with traffic."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-01-31"])]


class PatternsData(TypedDict):
    """Traffic by local date and hour, ascending, and by hour of the week, Sunday 0:00 first."""

    patterns: list[PatternItem]
    week: Annotated[list[WeekItem], Field(min_length=_LOCAL_HOURS_OF_WEEK, max_length=_LOCAL_HOURS_OF_WEEK)]
    zone: Annotated[str, Field(description="time zone of dates and hours", examples=["UTC"])]
    meta: Meta


def patterns_data(report: TrafficPatterns, now_us: int) -> PatternsData:
    """Return `report` as the answer shows it."""
    return {
        "patterns": [{"date": cell.day.isoformat(), **_hour(cell)} for cell in report.cells],
        "week": [_hour(cell) for cell in report.week],
        "zone": report.zone,
        "meta": meta_of(report, now_us),
    }


def _hour(cell: PatternCell | WeekCell) -> WeekItem:
    return {
        "day_of_week": cell.day_of_week,
        "hour": cell.hour,
        "request_count": cell.request_count,
        "error_count": cell.error_count,
        "latency_count": cell.latency_count,
        "avg_latency_ms": cell.average_latency or 0.0,
        "seconds": cell.seconds,
    }
