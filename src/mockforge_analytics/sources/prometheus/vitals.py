"""What a target says of itself: memory, processor, threads, uptime, and the connections it has had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import VITAL_SCHEMA
from mockforge_analytics.model.vitals import Vital
from mockforge_analytics.sources.prometheus.labels import meaning
from mockforge_analytics.sources.prometheus.series import NAME, is_of, target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import RawSeries

__all__ = ["MAX_SIGNS", "vital_samples"]

MAX_SIGNS: Final = 10_000  # different ones of one reading: 2,500 targets with their four
_MICROSECONDS: Final = 1_000  # in a millisecond
_MOST: Final = 2.0**53
_KINDS: Final = frozenset(map(str, Vital))
_SCOPE: Final = ("protocol", "workspace_id", "environment")
_TOO_MANY: Final = "too many vital signs in a reading"
_IMPOSSIBLE: Final = "not a vital sign"


def vital_samples(
    rules: Sequence[Rule], series: Sequence[RawSeries], source: str, after: int, most: int = MAX_SIGNS
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the samples later than `after` (milliseconds), columns of `VITAL_SCHEMA`, and what is left out, by reason.

    Series of one target and sign (sessions by how they ended, say) are added up; of more than `most` different signs
    those that come first are taken.
    """
    by_metric = {rule.metric: rule for rule in rules if rule.kind.value in _KINDS}
    parts, refused = [], dict.fromkeys((_IMPOSSIBLE, _TOO_MANY), 0)
    signs: set[tuple[str, ...]] = set()
    for raw in series:
        rule = by_metric.get(raw.labels.get(NAME, ""))
        if rule is None or not is_of(rule, raw.labels):
            continue
        known = meaning(rule, raw.labels)
        place = {name: known[name] for name in _SCOPE} | {"source": ":".join((source, *target_of(raw.labels)))}
        place["name"] = str(rule.kind)
        if (sign := tuple(place.values())) not in signs and len(signs) >= most:
            refused[_TOO_MANY] += 1
            continue
        signs.add(sign)
        value, late = raw.value * rule.unit, raw.time > after
        fine = np.isfinite(value) & (value >= 0) & (value <= _MOST) & late
        refused[_IMPOSSIBLE] += int((late & ~fine).sum())
        times = {"timestamp": raw.time[fine] * _MICROSECONDS}
        parts.append(pl.DataFrame({**times, **place, "value": value[fine]}, schema=VITAL_SCHEMA))
    if not parts:
        return pl.DataFrame(schema=VITAL_SCHEMA), {}
    keys = [name for name in VITAL_SCHEMA if name != "value"]
    frame = pl.concat(parts).group_by(keys, maintain_order=True).agg(pl.col("value").sum()).select(*VITAL_SCHEMA)
    return frame, {reason: count for reason, count in refused.items() if count}
