"""Creation times: series named ``…_created`` tell when the counters of the same labels began.

OpenMetrics exposes them beside counters and histograms, client libraries also in the older text format; a Prometheus
server stores them as series of their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.sources.prometheus.counters import NEVER
from mockforge_analytics.sources.prometheus.series import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockforge_analytics.sources.prometheus.series import RawSeries

__all__ = ["created_name", "with_creation_times"]

_CREATED: Final = "_created"
_SUFFIXES: Final = ("_total", "_bucket", "_sum", "_count")
_MILLISECONDS: Final = 1_000
_LATEST: Final = 1e12  # seconds; what lies past it is no time

Key = tuple[tuple[str, str], ...]


def created_name(sample_name: str) -> str:
    """Return the name under which the creation time of the samples `sample_name` is exposed."""
    for suffix in _SUFFIXES:
        if sample_name.endswith(suffix):
            return sample_name.removesuffix(suffix) + _CREATED
    return sample_name + _CREATED


def with_creation_times(series: Sequence[RawSeries]) -> list[RawSeries]:
    """Return `series` without those of creation times, whose values stand with the samples of the same time."""
    told = {(raw.labels[NAME], _key(raw.labels)): raw for raw in series if raw.labels.get(NAME, "").endswith(_CREATED)}
    rest = [raw for raw in series if not raw.labels.get(NAME, "").endswith(_CREATED)]
    if not told:
        return rest
    return [_joined(raw, told.get((created_name(raw.labels.get(NAME, "")), _key(raw.labels)))) for raw in rest]


def _key(labels: Mapping[str, str]) -> Key:
    return tuple(sorted((name, value) for name, value in labels.items() if name not in (NAME, "le")))


def _joined(raw: RawSeries, told: RawSeries | None) -> RawSeries:
    if told is None or not len(told.time):
        return raw
    place = np.minimum(np.searchsorted(told.time, raw.time), len(told.time) - 1)
    value = told.value[place]
    known = (told.time[place] == raw.time) & (value > 0) & (value < _LATEST)
    created = np.rint(np.where(known, value, 0.0) * _MILLISECONDS).astype(np.int64)
    return replace(raw, created=np.where(known, created, NEVER))
