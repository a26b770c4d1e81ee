"""Stored histograms as Prometheus' native ones: the same buckets, schema 5, their numbers one higher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from prometheus_client.samples import BucketSpan, NativeHistogram

from mockforge_analytics.model.histogram import SCALE, ZERO_INDEX, ZERO_THRESHOLD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int64s = NDArray[np.int64]

__all__ = ["native_histogram"]


def native_histogram(index: Int64s, count: Int64s, seconds: float) -> NativeHistogram:
    """Return the histogram whose stored buckets `index` (ascending) hold `count` latencies of `seconds` together.

    https://prometheus.io/docs/specs/native_histograms/ : spans of buckets that follow each other, each with its
    distance from the end of the one before, and of every bucket the difference to the one before.
    """
    zero = int(count[index == ZERO_INDEX].sum())
    index, count = index[index != ZERO_INDEX], count[index != ZERO_INDEX]
    number = index + 1
    starts = np.flatnonzero(np.diff(number, prepend=number[:1] - 2) != 1)
    lengths = np.diff(starts, append=len(number))
    ends = number[starts] + lengths
    offsets = number[starts] - np.concatenate([np.zeros(1, np.int64), ends])[: len(starts)]
    return NativeHistogram(
        count_value=zero + int(count.sum()),
        sum_value=seconds,
        schema=SCALE,
        zero_threshold=ZERO_THRESHOLD,
        zero_count=zero,
        pos_spans=tuple(map(BucketSpan, offsets.tolist(), lengths.tolist())),
        pos_deltas=tuple(np.diff(count, prepend=0).tolist()),
    )
