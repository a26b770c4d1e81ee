"""From the fine buckets of stored latencies to the few of an exposition."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.histogram import MAX_INDEX, SCALE, ZERO_INDEX

__all__ = ["LATENCY_BOUNDS", "MOCKFORGE_BOUNDS", "latency_places", "mockforge_places"]

Int64s = NDArray[np.int64]

# Powers of two are bounds of the stored histograms too, so these counts are exact; they are also all the bounds that a
# native histogram of schema 0 has from here to there.
_FIRST_POWER: Final = -10
_LAST_POWER: Final = 4
LATENCY_BOUNDS: Final = tuple(2.0**power for power in range(_FIRST_POWER, _LAST_POWER + 1))  # seconds
MOCKFORGE_BOUNDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # contract section 8


def latency_places() -> Int64s:
    """Return for each stored bucket, from `ZERO_INDEX` on, the first of `LATENCY_BOUNDS` that holds it."""
    upper = np.arange(ZERO_INDEX, MAX_INDEX + 1) + 1  # bucket i ends at 2^((i + 1) / 32)
    powers = np.arange(_FIRST_POWER, _LAST_POWER + 1) << SCALE
    return np.searchsorted(powers, upper, side="left")


def mockforge_places() -> Int64s:
    """Return the same for `MOCKFORGE_BOUNDS`; a stored bucket that lies across a bound counts where its middle is.

    A latency within 2.2 % of a bound may therefore count on its other side.
    """
    middles = np.exp2((np.arange(ZERO_INDEX, MAX_INDEX + 1) + 0.5) / (1 << SCALE))
    return np.searchsorted(MOCKFORGE_BOUNDS, middles, side="left")
