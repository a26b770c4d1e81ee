"""Gauges of connections become samples of active connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import GAUGE_SCHEMA
from mockforge_analytics.sources.prometheus.labels import meaning
from mockforge_analytics.sources.prometheus.mapping import Kind
from mockforge_analytics.sources.prometheus.series import NAME, is_of, target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import RawSeries

__all__ = ["connection_samples"]

_MICROSECONDS: Final = 1_000  # in a millisecond
_MOST: Final = 2.0**53
_SCOPE: Final = ("protocol", "workspace_id", "environment")


def connection_samples(rules: Sequence[Rule], series: Sequence[RawSeries], source: str, after: int) -> pl.DataFrame:
    """Return the samples later than `after` (milliseconds), columns of `GAUGE_SCHEMA`.

    Series of one target and scope (in flight by method, say) are added up. Values that no gauge of connections can have
    are left out.
    """
    parts = []
    for rule in rules:
        if rule.kind is not Kind.CONNECTIONS:
            continue
        for raw in series:
            if raw.labels.get(NAME) != rule.metric or not is_of(rule, raw.labels):
                continue
            fine = np.isfinite(raw.value) & (raw.value >= 0) & (raw.value <= _MOST) & (raw.time > after)
            known = meaning(rule, raw.labels)
            parts.append(
                pl.DataFrame(
                    {
                        "timestamp": raw.time[fine] * _MICROSECONDS,
                        **{name: known[name] for name in _SCOPE},
                        "source": ":".join((source, *target_of(raw.labels))),
                        "value": np.rint(raw.value[fine]).astype(np.int64),
                    },
                    schema=GAUGE_SCHEMA,
                )
            )
    if not parts:
        return pl.DataFrame(schema=GAUGE_SCHEMA)
    keys = [name for name in GAUGE_SCHEMA if name != "value"]
    return pl.concat(parts).group_by(keys, maintain_order=True).agg(pl.col("value").sum()).select(*GAUGE_SCHEMA)
