"""Metric families of the reference library, filled from columns."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.utils import floatToGoString

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prometheus_client.core import Metric
    from prometheus_client.samples import NativeHistogram

    from mockforge_analytics.export.metrics.definitions import Definition

__all__ = ["counter", "gauge", "histogram", "info"]

Labels = TypeVar("Labels", bound=tuple[str, ...])


def counter(definition: Definition, values: Mapping[Labels, tuple[float, float | None]]) -> Metric:
    """Return a counter: by labels its value, and the time since when it counts (seconds) where that is to be told."""
    family = CounterMetricFamily(definition.full_name, definition.help, labels=definition.labels)
    for labels, (value, created) in values.items():
        family.add_metric(labels, value, created=created)
    return family


def gauge(definition: Definition, values: Mapping[Labels, float]) -> Metric:
    """Return a gauge: by labels its value."""
    family = GaugeMetricFamily(definition.full_name, definition.help, labels=definition.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def info(definition: Definition, *values: str) -> Metric:
    """Return an information whose labels have `values`."""
    family = InfoMetricFamily(definition.full_name, definition.help)
    family.add_metric((), dict(zip(definition.labels, values, strict=True)))
    return family


def histogram(
    definition: Definition,
    bounds: Sequence[float],
    values: Mapping[Labels, tuple[Iterable[int], float, float | None]],
    natives: Mapping[Labels, NativeHistogram] | None = None,
) -> Metric:
    """Return a histogram: by labels the counts of each bucket, the sum of what was counted, and since when.

    With `natives` it is a native one as well, which only the protobuf exposition can show.
    """
    family = HistogramMetricFamily(definition.full_name, definition.help, labels=definition.labels)
    texts = [*map(floatToGoString, bounds), "+Inf"]
    for labels, (counts, total, created) in values.items():
        family.add_metric(labels, list(zip(texts, map(float, accumulate(counts)), strict=True)), total)
        if created is not None:
            family.add_sample(f"{family.name}_created", dict(zip(definition.labels, labels, strict=True)), created)
        if natives is not None:
            named = dict(zip(definition.labels, labels, strict=True))
            family.add_sample(family.name, named, 0.0, native_histogram=natives[labels])
    return family
