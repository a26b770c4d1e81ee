"""What the series of one rule and layout have gained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.histogram import RELATIVE_ERROR

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mockforge_analytics.sources.prometheus.counters import Increments
    from mockforge_analytics.sources.prometheus.series import Columns

    Int64s = NDArray[np.int64]

__all__ = ["Gained"]

_OURS: Final = (1 + RELATIVE_ERROR) ** 2 * (1 + 1e-6)


@dataclass(frozen=True, slots=True, eq=False)
class Gained:
    """The increments of the series of one rule and layout; rows of `increments` refer to those of `columns`."""

    rule: int
    columns: Columns
    increments: Increments

    def with_amounts(self, amount: Int64s) -> Gained:
        """Return the same intervals with other amounts."""
        return replace(self, increments=replace(self.increments, amount=amount))

    @property
    def widest(self) -> float:
        """How many times its lower bound the upper bound of a bucket is.

        1 where no latency was counted, or where the buckets are no wider than ours.
        """
        layout = self.columns.layout
        if layout is None or not self.increments.amount[:, :-1].any():
            return 1.0
        width = layout.widest
        return width if width > _OURS else 1.0
