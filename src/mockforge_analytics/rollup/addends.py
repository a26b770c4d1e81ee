"""What requests add to a sum, made once for all groupings of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.cells import MEASURES, NO_MAXIMUM, NO_MINIMUM, Measure

if TYPE_CHECKING:
    from mockforge_analytics.rollup.requests import Requests

__all__ = ["Addends"]

Int64s = NDArray[np.int64]

_MICROSECONDS: Final = 1e6  # in a second


@dataclass(frozen=True, slots=True, eq=False)
class Addends:
    """The addends of requests.

    Attributes:
        failed: the rows that failed.
        known: the rows whose latency is known, None where all are.
        latency: microseconds of the `known` ones.
        sizes: bytes by measure, without those of which all are 0.
    """

    failed: Int64s
    known: Int64s | None
    latency: Int64s
    sizes: dict[Measure, Int64s]

    @classmethod
    def of(cls, requests: Requests) -> Addends:
        """Return what `requests` add."""
        unknown = np.isnan(requests.latency)
        known = np.flatnonzero(~unknown) if unknown.any() else None
        latency = requests.latency if known is None else requests.latency[known]
        sizes = {Measure.BYTES_SENT: requests.bytes_sent, Measure.BYTES_RECEIVED: requests.bytes_received}
        return cls(
            failed=requests.failures.row,
            known=known,
            latency=np.rint(latency * _MICROSECONDS).astype(np.int64),  # half to even
            sizes={measure: column for measure, column in sizes.items() if column.any()},
        )

    def sums(self, group: Int64s, n: int, *, extremes: bool = True) -> Int64s:
        """Return an array (`MEASURES`, n): what the requests of each group add up to, without `extremes` of latency."""
        sums = np.zeros((len(MEASURES), n), np.int64)
        sums[Measure.REQUESTS] = np.bincount(group, minlength=n)
        if len(self.failed):
            sums[Measure.ERRORS] = np.bincount(group[self.failed], minlength=n)
        sums[Measure.LATENCY_MIN] = NO_MINIMUM
        sums[Measure.LATENCY_MAX] = NO_MAXIMUM
        if len(self.latency):
            owner = group if self.known is None else group[self.known]
            sums[Measure.LATENCY_COUNT] = (
                sums[Measure.REQUESTS] if self.known is None else np.bincount(owner, minlength=n)
            )
            np.add.at(sums[Measure.LATENCY_SUM], owner, self.latency)
            if extremes:
                np.minimum.at(sums[Measure.LATENCY_MIN], owner, self.latency)
                np.maximum.at(sums[Measure.LATENCY_MAX], owner, self.latency)
        for measure, sizes in self.sizes.items():
            np.add.at(sums[measure], group, sizes)
        return sums
