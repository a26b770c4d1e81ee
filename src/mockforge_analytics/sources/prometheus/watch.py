"""Since when a target was watched: what tells a counter that has just begun from one that was only never seen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.sources.prometheus.counters import NEVER
from mockforge_analytics.sources.prometheus.series import NAME, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockforge_analytics.sources.prometheus.series import Columns, RawSeries

__all__ = ["UP", "Watch", "watch_of"]

UP: Final = "up"  # whether a scrape went well, a series that every Prometheus server adds to those of a target

Int64s = NDArray[np.int64]
Target = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """When each target was seen: `seen` are the times of its samples now, `before` when it was last seen before."""

    seen: Mapping[Target, Int64s]
    before: Mapping[Target, int]

    def before_first(self, columns: Columns) -> Int64s:
        """Return for each series when its target was last seen before its first sample; `NEVER` where it was not."""
        first = np.full(len(columns.keys), NEVER)
        samples = columns.samples
        series, place = np.unique(samples.series, return_index=True)
        first[series] = samples.time[place]
        return np.array(
            [self._last(target_of(labels), at) for labels, at in zip(columns.labels, first.tolist(), strict=True)],
            np.int64,
        )

    def _last(self, target: Target, at: int) -> int:
        times = self.seen.get(target)
        place = 0 if times is None else int(np.searchsorted(times, at))
        return int(times[place - 1]) if times is not None and place else self.before.get(target, NEVER)

    @property
    def last_seen(self) -> dict[Target, int]:
        """When each target was last seen."""
        return dict(self.before) | {target: int(times[-1]) for target, times in self.seen.items()}


def watch_of(series: Sequence[RawSeries], before: Mapping[Target, int]) -> Watch:
    """Return when the targets of `series` were seen, `UP` included; `before` tells the same of the time before."""
    times: dict[Target, list[Int64s]] = defaultdict(list)
    for raw in series:
        seen = raw.time[raw.value > 0] if raw.labels.get(NAME) == UP else raw.seen
        if len(seen):
            times[target_of(raw.labels)].append(seen)
    return Watch({target: np.unique(np.concatenate(parts)) for target, parts in times.items()}, before)
