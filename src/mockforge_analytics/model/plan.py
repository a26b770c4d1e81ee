"""The backend-neutral read plan: what to sum, over which buckets, told apart by what."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mockforge_analytics.model.dimensions import Dimension
    from mockforge_analytics.model.histogram import Histograms
    from mockforge_analytics.model.tiers import Fact, Tier

__all__ = [
    "CLIENT_MEASURES",
    "ERROR_MEASURES",
    "GAUGE_MEASURES",
    "NO_FILTERS",
    "ClientsFound",
    "Coarse",
    "Coverage",
    "ReadPlan",
    "ReadResult",
    "Slice",
    "StatusRange",
]

ERROR_MEASURES: Final = ("error_count", "last_seen")  # last_seen in microseconds
GAUGE_MEASURES: Final = ("connections_max", "connections_average", "connections_last")
CLIENT_MEASURES: Final = (
    "request_count",
    "error_count",
    "latency_count",
    "latency_sum",
    "bytes_sent",
    "bytes_received",
    "unique_clients",
)


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
        measures: names out of `MEASURES` (series, scope), `ERROR_MEASURES`, `GAUGE_MEASURES` or `CLIENT_MEASURES`.
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
    before `limit`; `approximate` whether `unique_clients` is an estimate, because a cap on client rows was reached.
    """

    frame: pl.DataFrame
    rows: int
    histograms: Histograms | None = None
    approximate: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ClientsFound:
    """Who is known to have asked some endpoints.

    Attributes:
        frame: a row a client address, most requests first, ties by address, of those with a request at least:
            ``client_ip``, ``request_count``, ``overflow_count`` (requests of the same address and filters past the cap
            on endpoints of a client), ``first_hour`` and ``last_hour`` (starts in seconds of the hours of the first and
            last request that is counted).
        agents: ``client_ip``, ``user_agent_family``, ``request_count`` of the addresses of `frame`; most requests
            first, ties by family.
        clients: how many addresses there were before the limit.
        requests: the requests of all of them.
        overflow: Σ ``overflow_count`` of all addresses, those without a known request included.
        lost: requests whose client itself is past a cap, so that they may be of any address.
    """

    frame: pl.DataFrame
    agents: pl.DataFrame
    clients: int
    requests: int
    overflow: int
    lost: int


@dataclass(frozen=True, slots=True)
class Coarse:
    """Some latencies of `window` are known only by buckets whose upper bound is up to `width` times the lower."""

    window: Window
    width: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a snapshot holds, as the planner needs it.

    Attributes:
        floors: for each tier name the first second (a bucket start) from which on the tier is complete.
        islands: for each tier name the windows before its floor where it is complete nevertheless (held imports).
        first: microseconds of the oldest request that was ever stored and is not deleted, None in an empty database.
        last: microseconds of the newest request.
        coarse: where latencies come from coarser histograms than our own, None where there are none.
    """

    floors: Mapping[str, int]
    islands: Mapping[str, tuple[Window, ...]]
    first: int | None
    last: int | None
    coarse: Coarse | None = None

    def ranges(self, tier: Tier, window: Window) -> list[Window]:
        """Return the parts of `window` for which `tier` is complete: ascending, no two overlap or touch."""
        parts = [
            *self.islands.get(tier.name, ()),
            Window(self.floors[tier.name], max(window.end, self.floors[tier.name])),
        ]
        merged: list[Window] = []
        for part in sorted(known for part in parts if (known := part.intersection(window)) is not None):
            if merged and part.start <= merged[-1].end:
                merged[-1] = Window(merged[-1].start, max(merged[-1].end, part.end))
            else:
                merged.append(part)
        return merged
