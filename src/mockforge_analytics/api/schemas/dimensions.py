"""The values of a dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Count, Meta
from mockforge_analytics.api.schemas.common import meta as meta_of

if TYPE_CHECKING:
    from mockforge_analytics.query.results import Values

__all__ = ["DimensionData", "ValueItem", "dimension_data"]


class ValueItem(TypedDict):
    """A value; as a filter, null is written `(none)`."""

    value: Annotated[str | int | None, Field(examples=["/users/:id"])]
    count: Annotated[Count, Field(description="requests with it; errors for error types and categories")]


class DimensionData(TypedDict):
    """Values, most frequent first."""

    dimension: Annotated[str, Field(examples=["endpoint"])]
    value_count: Annotated[Count, Field(description="values before the limit, after the search")]
    values: list[ValueItem]
    meta: Meta


def dimension_data(report: Values, now_us: int) -> DimensionData:
    """Return `report` as the answer shows it."""
    return {
        "dimension": report.dimension,
        "value_count": report.value_count,
        "values": [{"value": value.value, "count": value.count} for value in report.values],
        "meta": meta_of(report, now_us),
    }
