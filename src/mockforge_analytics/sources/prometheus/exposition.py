"""What a target exposes at `/metrics`, read whole or not at all.

Text format 0.0.4 and OpenMetrics 1.0, by content type, with the reference parser of the Prometheus project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.prometheus.series import NAME, RawSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client import Metric
    from prometheus_client.samples import Sample

__all__ = ["ACCEPT", "ACCEPT_TEXT", "ScrapeLimits", "is_openmetrics", "parse_exposition"]

ACCEPT_TEXT: Final = "text/plain;version=0.0.4;charset=utf-8,*/*;q=0.1"
ACCEPT: Final = (
    "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;charset=utf-8;q=0.5,*/*;q=0.1"
)
_OPENMETRICS: Final = "application/openmetrics-text"
_TEXT_TYPES: Final = ("text/plain", "")
# The parser appends `_total` to the names of counters that lack it, and so makes two of Envoy's families one; nothing
# here asks for the type.
_COUNTER: Final = re.compile(r"^(\s*#\s*TYPE\s+\S+\s+)counter\s*$", re.ASCII | re.MULTILINE)
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class ScrapeLimits:
    """What a target may expose; one thing too many and nothing of a scrape is used."""

    samples: int = 200_000
    labels: int = 64
    label_length: int = 2_048


def is_openmetrics(content_type: str) -> bool:
    """Return whether an answer of that type is OpenMetrics."""
    return content_type.partition(";")[0].strip().lower() == _OPENMETRICS


def parse_exposition(
    body: bytes,
    content_type: str,
    at: int,
    target: Mapping[str, str],
    limits: ScrapeLimits,
    wanted: Callable[[str], bool] = lambda _name: True,
) -> list[RawSeries]:
    """Return the series of `body`, scraped at `at` (milliseconds), those whose names are `wanted`.

    The labels of `target` (``job``, ``instance``) are added; where a target exposes labels of these names they stay,
    as ``exported_job`` and ``exported_instance``. Timestamps that a target claims are ignored: they may lie anywhere.

    Raises:
        SourceError: it is no exposition, or past a limit.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (*_TEXT_TYPES, _OPENMETRICS):
        message = f"the target answered with {kind[:_SHOWN]!r}; expected are text/plain or {_OPENMETRICS}"
        raise SourceError(message)
    try:
        text = body.decode()
        if kind == _OPENMETRICS:
            families = parse_openmetrics(text)  # type: ignore[no-untyped-call] # the library has no annotation there
            return _series(families, at, target, limits, wanted)
        return _series(parse_text(_COUNTER.sub(r"\1untyped", text)), at, target, limits, wanted)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        message = f"what the target exposes cannot be read: {str(error)[:_SHOWN]}"
        raise SourceError(message) from error


def _series(
    families: Iterable[Metric],
    at: int,
    target: Mapping[str, str],
    limits: ScrapeLimits,
    wanted: Callable[[str], bool],
) -> list[RawSeries]:
    time = np.array([at], np.int64)
    found: dict[tuple[tuple[str, str], ...], tuple[object, RawSeries]] = {}
    read = 0
    for family in families:
        for sample in family.samples:
            read += 1
            if read > limits.samples:
                message = f"it exposes more than {limits.samples} samples"
                raise ValueError(message)
            _check(sample, limits)
            if not wanted(sample.name):
                continue
            labels = {NAME: sample.name, **_own(sample.labels, target), **target}
            key = tuple(sorted(labels.items()))
            # A series may come again with a later timestamp; its last point is what holds now.
            if key in found and found[key][0] == sample.timestamp:
                message = f"it exposes {sample.name} twice with the same labels"
                raise ValueError(message)
            found[key] = sample.timestamp, RawSeries(labels, time, np.array([sample.value], np.float64))
    return [raw for _, raw in found.values()]


def _own(labels: Mapping[str, str], target: Mapping[str, str]) -> dict[str, str]:
    return {f"exported_{name}" if name in target else name: value for name, value in labels.items() if value}


def _check(sample: Sample, limits: ScrapeLimits) -> None:
    if len(sample.labels) > limits.labels:
        message = f"{sample.name} has {len(sample.labels)} labels; at most {limits.labels} are read"
        raise ValueError(message)
    longest = max(map(len, sample.labels.values()), default=0)
    if longest > limits.label_length:
        message = f"{sample.name} has a label of {longest} characters; at most {limits.label_length} are read"
        raise ValueError(message)
