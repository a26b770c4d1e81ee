"""The backend-neutral read plan: what to sum, over which buckets, told apart by what."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.cells import MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mockforge_analytics.model.dimensions import Dimension
    from mockforge_analytics.model.histogram import Histograms
    from mockforge_analytics.model.tiers import Fact, Tier
    from mockforge_analytics.model.window import Window

__all__ = ["NO_FILTERS", "ReadPlan", "ReadResult", "Slice", "StatusRange"]


@dataclass(frozen=True, slots=True)
class StatusRange:
    """The status codes ``low <= code <= high``; 0 stands for requests without one."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a window that is read from one tier; both bounds are starts of its buckets."""

    tier: Tier
    window: Window


NO_FILTERS: Final[Mapping[Dimension, tuple[str | StatusRange, ...]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a store is asked for.

    Attributes:
        fact: which cells are summed.
        slices: disjoint, ascending, together the whole effective window. Cells that are not folded yet lie in them too.
        group_by: dimensions that tell rows apart, in this order.
        bucket: width in seconds of the time buckets that tell rows apart; None adds up the whole window.
        filters: for each dimension the values of which any may match; text ``""`` matches an absent value. Protocol
            and method match without regard to case.
        measures: names out of `MEASURES` (series, scope), `ERROR_MEASURES` or `GAUGE_MEASURES`.
        histograms: whether the latencies of each row are wanted.
        order_by: a measure, descending, ties by the group's values ascending; None orders by bucket and group.
        limit: at most so many rows; needs `order_by`. It caps the answer, never what is summed.
    """

    fact: Fact
    slices: tuple[Slice, ...]
    group_by: tuple[Dimension, ...] = ()
    bucket: int | None = None
    filters: Mapping[Dimension, tuple[str | StatusRange, ...]] = field(default_factory=lambda: NO_FILTERS)
    measures: tuple[str, ...] = MEASURES
    histograms: bool = False
    order_by: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReadResult:
    """Rows of `frame`: column ``bucket`` (seconds) where asked, one column a dimension, one a measure.

    A group with no matching cell has no row. Absent values are ``""`` (status 0). `histograms`, where asked, has one
    entry a row. Where a latency count is 0, minimum and maximum mean nothing. `rows` says how many groups there were
    before `limit`.
    """

    frame: pl.DataFrame
    rows: int
    histograms: Histograms | None = None
