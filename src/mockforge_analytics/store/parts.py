"""Cells as a read adds them up: columns of one segment, of its digest, or of the pending rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.cells import MEASURES, NO_MAXIMUM, NO_MINIMUM
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.plan import ERROR_MEASURES
from mockforge_analytics.model.tiers import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from mockforge_analytics.model.window import Window

__all__ = ["Digesting", "Grouping", "Part", "accumulate", "measures_of", "no_histograms"]

Int64s = NDArray[np.int64]

_IDENTITY: Final = {"latency_min": NO_MINIMUM, "latency_max": NO_MAXIMUM, "last_seen": 0}


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """What a read tells cells apart by: `of_id` is the group of each dictionary id, -1 where a filter leaves it out.

    `width` is that of its time buckets in seconds, None where it has none. Groupings with the same `key` put two ids
    that both know into one group, or not, alike.
    """

    key: Hashable
    of_id: Int64s
    width: int | None
    measures: tuple[str, ...]


class Digesting(Protocol):
    """What adds up cells in advance."""

    def digest(self, cells: Part, grouping: Grouping) -> Part | None:
        """Return `cells` added up as far as `grouping` allows, None where that is hardly fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Bucket starts, dictionary ids, and one row of `values` a measure of the fact.

    `histograms` gives those of the rows it is asked for; `digests` is known where the cells are those of a segment.
    """

    bucket: Int64s
    member: Int64s
    values: Int64s
    histograms: Callable[[Int64s], Histograms]
    digests: Digesting | None = None

    def within(self, window: Window) -> Part:
        """Return the cells whose bucket begins in `window`."""
        if not len(self.bucket) or (self.bucket.min() >= window.start and self.bucket.max() < window.end):
            return self
        rows = np.flatnonzero((self.bucket >= window.start) & (self.bucket < window.end))
        histograms = self.histograms
        return Part(
            self.bucket[rows],
            self.member[rows],
            self.values[:, rows],
            lambda chosen: histograms(rows[chosen]),
            self.digests,
        )

    def digested(self, grouping: Grouping) -> Part:
        """Return these cells, or fewer that `grouping` adds up to the same."""
        known = None if self.digests is None else self.digests.digest(self, grouping)
        return self if known is None else known


def measures_of(fact: Fact) -> tuple[str, ...]:
    """Return the names of the rows of `Part.values`."""
    return ERROR_MEASURES if fact is Fact.ERROR else MEASURES


def no_histograms(rows: Int64s) -> Histograms:
    """Return empty histograms, for facts that have none."""
    return Histograms.empty(len(rows))


def accumulate(names: Sequence[str], values: Int64s, target: Int64s, count: int) -> dict[str, Int64s]:
    """Return `count` sums (minima, maxima) of each measure: column ``j`` of `values` belongs to ``target[j]``."""
    sums = {}
    for name, row in zip(names, values, strict=True):
        total = sums[name] = np.full(count, _IDENTITY.get(name, 0), np.int64)
        if name == "latency_min":
            np.minimum.at(total, target, row)
        elif name in ("latency_max", "last_seen"):
            np.maximum.at(total, target, row)
        else:
            np.add.at(total, target, row)
    return sums
