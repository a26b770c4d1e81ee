"""Counts over time (contract section 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, Meta, UnixSeconds
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.results import CountSeries, Line

__all__ = ["SeriesData", "SeriesItem", "SeriesPoint", "series_data", "series_items"]


class SeriesPoint(TypedDict):
    """One bucket of a series."""

    timestamp: Annotated[UnixSeconds, Field(description="start of the bucket, Unix seconds")]
    value: Annotated[float, Field(ge=0, description="what is counted in the bucket", examples=[42])]
    error_count: Annotated[Count, Field(description="the failed requests among it")]
    requests_per_second: Annotated[
        float, Field(ge=0, description="value / seconds of the bucket in the window", examples=[0.7])
    ]


class SeriesItem(TypedDict):
    """One series: every bucket of the window, ascending."""

    label: Annotated[
        str,
        Field(
            description="the group; `(none)` where requests have no value, `(other)` for all groups past the limit, "
            "`(all)` where nothing is told apart",
            examples=["HTTP"],
        ),
    ]
    data: list[SeriesPoint]
    total: Annotated[Count, Field(description="sum of the values")]


class SeriesData(TypedDict):
    """Counts over time, largest series first, `(other)` last; all series have the same timestamps."""

    series: list[SeriesItem]
    meta: Meta


def series_data(report: CountSeries, now_us: int) -> SeriesData:
    """Return `report` as the answer shows it."""
    return {"series": series_items(report), "meta": meta_of(report, now_us)}


def series_items(report: CountSeries) -> list[SeriesItem]:
    """Return the lines of `report` as series."""
    starts: list[int] = report.starts.tolist()
    return [{"label": line.label, "data": _points(starts, line), "total": line.total} for line in report.lines]


def _points(starts: list[int], line: Line) -> list[SeriesPoint]:
    columns = (starts, line.counts.tolist(), line.errors.tolist(), line.per_second.tolist())
    return [
        {"timestamp": start, "value": value, "error_count": errors, "requests_per_second": rate}
        for start, value, errors, rate in zip(*columns, strict=True)
    ]
