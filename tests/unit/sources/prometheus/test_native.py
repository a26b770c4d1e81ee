"""Native histograms: finer schemas merge exactly, and any cut of the readings counts every observation once."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest

from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.histogram import Histograms, bucket_index
from mockforge_analytics.model.status import Tally
from mockforge_analytics.sources.prometheus.counting import start
from mockforge_analytics.sources.prometheus.mapping import Kind, Rule
from mockforge_analytics.sources.prometheus.native import NativeSample
from mockforge_analytics.sources.prometheus.series import NAME, RawSeries
from mockforge_analytics.sources.prometheus.state import load_state, save_state
from tests.support.series import raw

RULE = Rule("d_seconds", Kind.DURATION, counts_requests=True)
NOTHING = np.zeros(0)


def native(*samples: NativeSample, **labels: str) -> RawSeries:
    return RawSeries({NAME: "d_seconds", **labels}, NOTHING.astype(np.int64), NOTHING, native=samples)


def sample(time: int, seconds: list[float], schema: int) -> NativeSample:
    """Return the histogram of `seconds` by the definition: (2^((i-1)/2^s), 2^(i/2^s)] holds what lies in it."""
    width = 2.0**-schema
    counts: Counter[tuple[float, float]] = Counter()
    for value in seconds:
        if value == 0:
            counts[-1e-9, 1e-9] += 1
            continue
        place = math.ceil(math.log2(value) / width)
        if value <= 2.0 ** ((place - 1) * width):
            place -= 1
        counts[2.0 ** ((place - 1) * width), 2.0 ** (place * width)] += 1
    return NativeSample(time, sum(seconds), tuple((low, high, n) for (low, high), n in counts.items()))


def latencies(chance: random.Random, count: int) -> list[float]:
    return [0.0 if chance.random() < 0.05 else chance.lognormvariate(-3, 2) for _ in range(count)]


@pytest.mark.parametrize("schema", [5, 6, 8])
def test_finer_schemas_merge_exactly(schema: int) -> None:
    seconds = latencies(random.Random(schema), 500)
    taken = start().take([RULE], [native(sample(0, [], schema), sample(9_000, seconds, schema))], 9_000, 10_000)
    expected = Histograms.build(np.zeros(500, np.int64), np.array(seconds), 1)
    found = taken.counted.histograms
    assert found.index.tolist() == expected.index.tolist()
    assert found.count.tolist() == expected.count.tolist()
    assert taken.counted.measures[Measure.LATENCY_COUNT].sum() == 500
    assert taken.counted.measures[Measure.REQUESTS].sum() == 500
    assert abs(taken.counted.measures[Measure.LATENCY_SUM].sum() - sum(seconds) * 1e6) <= 1
    assert taken.widest == 1


@pytest.mark.parametrize("schema", [-1, 0, 2, 3])
def test_coarser_schemas_stay_within_their_buckets(schema: int) -> None:
    seconds = [value for value in latencies(random.Random(schema), 300) if value]
    taken = start().take([RULE], [native(sample(0, [], schema), sample(9_000, seconds, schema))], 9_000, 10_000)
    width = 2.0 ** (2.0**-schema)
    low, high = np.array([1e-9]), np.array([60.0])
    for q in (0.1, 0.5, 0.95):
        exact = sorted(seconds)[math.ceil(q * len(seconds)) - 1]
        (answer,) = taken.counted.histograms.quantiles([q], low, high)[0]
        assert exact / width / 1.02 <= answer <= exact * width * 1.02
    assert taken.widest == pytest.approx(width)


@pytest.mark.parametrize("seed", range(15))
def test_any_cut_counts_every_observation_once(seed: int) -> None:
    """Also where the schema coarsens on the way, new buckets appear, and the process restarts."""
    chance = random.Random(seed)
    seconds: list[float] = []
    schema, expected = 8, 0
    history: list[tuple[int, list[float], int]] = []
    for time in range(0, 20_000, 1_000):
        if time and chance.random() < 0.1:
            seconds = []
        if chance.random() < 0.15:
            schema = max(schema - chance.randrange(1, 3), 1)
        fresh = latencies(chance, chance.randrange(1, 8))
        before = len(history[-1][1]) if history else 0
        if history and not seconds and len(fresh) >= before:
            fresh = fresh[: before // 2]  # a restart that hides in grown counts is not to be seen
        seconds = seconds + fresh
        expected += len(fresh) if time else 0
        history.append((time, list(seconds), schema))
    samples = [sample(*entry) for entry in history]
    counting, found, position = start(), 0, 0
    while position < len(samples):
        step = chance.randrange(1, 6)
        piece = samples[max(position - 1, 0) : position + step]
        position += step
        taken = counting.take([RULE], [native(*piece, path="/a")], piece[-1].time, 10_000)
        found += int(taken.counted.measures[Measure.LATENCY_COUNT].sum())
        assert taken.refused == {}
        counting, _ = load_state(save_state(taken.after, Tally()))
    assert found == expected


def test_a_histogram_of_both_sorts_counts_once_and_its_change_of_form_is_nothing_new() -> None:
    up = raw("up", [(time, 1) for time in range(0, 5_000, 1_000)])
    classic = [
        raw("d_seconds_bucket", [(0, 5), (1_000, 9), (2_000, 9)], le="0.1"),
        raw("d_seconds_bucket", [(0, 5), (1_000, 9), (2_000, 9)], le="+Inf"),
    ]
    first = start().take([RULE], [up.up_to(1_000), *[raw_series.up_to(1_000) for raw_series in classic]], 1_000, 10_000)
    assert first.counted.measures[Measure.LATENCY_COUNT].sum() == 4
    both = [up.up_to(2_000), *classic, native(sample(2_000, [0.05] * 9, 5))]
    second = first.after.take([RULE], both, 2_000, 10_000)
    assert second.counted.measures[Measure.LATENCY_COUNT].sum() == 0
    third = second.after.take([RULE], [native(sample(3_000, [0.05] * 11, 5))], 3_000, 10_000)
    assert third.counted.measures[Measure.LATENCY_COUNT].sum() == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ((0.1, 0.25, 3.0), "a native histogram with buckets of its own"),
        ((-0.2, -0.1, 3.0), "a native histogram with observations that are no latencies"),
        ((1.0, math.inf, 3.0), "a native histogram with observations that are no latencies"),
        ((1.0, 2.0, math.nan), "not a counter value"),
        ((1.0, 2.0, -1.0), "not a counter value"),
    ],
)
def test_other_histograms_are_refused_with_the_reason(bad: tuple[float, float, float], reason: str) -> None:
    taken = start().take([RULE], [native(NativeSample(1_000, 1.0, (bad,)))], 1_000, 10_000)
    assert taken.refused == {reason: 1}
    assert len(taken.counted) == 0


def test_the_index_of_a_bucket_is_that_of_its_upper_bound() -> None:
    upper = np.array([2.0 ** (place / 32) for place in range(-200, 200)])
    assert bucket_index(upper).tolist() == list(range(-201, 199))
