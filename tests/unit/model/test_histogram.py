"""Histograms against exact sorts and brute force."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import StoreCorruptError
from mockforge_analytics.model.histogram import (
    MAX_INDEX,
    MAX_LATENCY_SECONDS,
    MIN_INDEX,
    RELATIVE_ERROR,
    ZERO_INDEX,
    ZERO_THRESHOLD,
    Histograms,
    bucket_index,
    bucket_upper_bounds,
)
from mockforge_analytics.model.histogram_codec import decode, encode

GAMMA_EXPONENT = 32
MAX_SPARSE_BYTES = 30
SECONDS = st.floats(min_value=0.0, max_value=1e8, allow_nan=False, allow_infinity=False, allow_subnormal=False)


def exact_boundary(power: int) -> float:
    """2^(power/32), correctly rounded, by decimal arithmetic."""
    getcontext().prec = 60
    return float(Decimal(2) ** (Decimal(power) / Decimal(GAMMA_EXPONENT)))


def contents(histograms: Histograms) -> list[dict[int, int]]:
    bounds = histograms.offsets.tolist()
    return [
        dict(zip(histograms.index[a:b].tolist(), histograms.count[a:b].tolist(), strict=True))
        for a, b in itertools.pairwise(bounds)
    ]


def test_every_exact_boundary_is_the_inclusive_upper_bound_of_its_bucket() -> None:
    powers = np.arange(MIN_INDEX + 1, MAX_INDEX + 1)
    boundaries = np.array([exact_boundary(int(power)) for power in powers])
    assert bucket_index(boundaries).tolist() == (powers - 1).tolist()
    assert bucket_index(np.nextafter(boundaries, np.inf)).tolist() == powers.tolist()
    assert bucket_upper_bounds((powers - 1).astype(np.int16)).tolist() == boundaries.tolist()


def test_values_at_the_ends_of_the_range() -> None:
    values = np.array([0.0, ZERO_THRESHOLD, np.nextafter(ZERO_THRESHOLD, 1), MAX_LATENCY_SECONDS, 1e300])
    assert bucket_index(values).tolist() == [ZERO_INDEX, ZERO_INDEX, MIN_INDEX, MAX_INDEX, MAX_INDEX]


def nearest_rank(values: list[float], numerator: int, denominator: int) -> float:
    ordered = sorted(values)
    return ordered[max(-(-numerator * len(ordered) // denominator), 1) - 1]


@given(st.lists(st.floats(min_value=1e-6, max_value=1e6), min_size=1, max_size=300))
def test_quantiles_are_within_the_stated_error_of_an_exact_sort(values: list[float]) -> None:
    column = Histograms.build(np.zeros(len(values), np.int64), np.array(values), 1)
    low, high = np.array([min(values)]), np.array([max(values)])
    got = column.quantiles([0.0, 0.07, 0.5, 0.95, 0.99, 1.0], low, high)[0]
    for answer, numerator in zip(got, (0, 7, 50, 95, 99, 100), strict=True):
        exact = nearest_rank(values, numerator, 100)
        assert abs(answer - exact) <= exact * RELATIVE_ERROR * (1 + 1e-9)


def test_quantiles_of_nothing_are_unknown() -> None:
    got = Histograms.empty(2).quantiles([0.5], np.zeros(2), np.zeros(2))
    assert got.shape == (2, 1)
    assert np.isnan(got).all()


@given(st.lists(st.tuples(st.integers(0, 4), SECONDS), max_size=200), st.integers(0, 2**32 - 1))
def test_merging_in_any_order_and_split_equals_building_at_once(rows: list[tuple[int, float]], seed: int) -> None:
    group = np.array([g for g, _ in rows], np.int64)
    seconds = np.array([s for _, s in rows], np.float64)
    whole = Histograms.build(group, seconds, 5)
    expected: list[Counter[int]] = [Counter() for _ in range(5)]
    for g, index in zip(group.tolist(), bucket_index(seconds).tolist(), strict=True):
        expected[g][index] += 1
    assert contents(whole) == [dict(sorted(c.items())) for c in expected]
    single = Histograms.build(np.arange(len(rows)), seconds, len(rows))
    order = np.random.default_rng(seed).permutation(len(rows))
    assert contents(single.take(order).merge(group[order], 5)) == contents(whole)
    cut = len(rows) // 2
    halves = [Histograms.build(group[s], seconds[s], 5) for s in (slice(cut), slice(cut, None))]
    numbers = np.tile(np.arange(5), 2)
    assert contents(Histograms.concat(halves).merge(numbers, 5)) == contents(whole)
    assert whole.totals().tolist() == [sum(c.values()) for c in expected]


EDGES = st.integers(MIN_INDEX - 40, MAX_INDEX + 40).map(exact_boundary)
NEAR = st.tuples(EDGES, st.sampled_from([-math.inf, 0.0, math.inf])).map(
    lambda edge: math.nextafter(edge[0], edge[1]) if edge[1] else edge[0]
)


@given(st.lists(SECONDS | NEAR | st.just(0.0), max_size=20))
def test_few_latencies_fall_into_the_buckets_that_many_do(values: list[float]) -> None:
    few = Histograms.build(np.zeros(len(values), np.int64), np.array(values, np.float64), 1)
    assert contents(few) == [dict(sorted(Counter(bucket_index(np.array(values, np.float64)).tolist()).items()))]


@pytest.mark.parametrize(("groups", "rows"), [(50_000, 3_000), (3, 5_000), (3, 20)])
def test_many_and_few_groups_take_other_paths_to_the_same_result(groups: int, rows: int) -> None:
    rng = np.random.default_rng(7)
    group = rng.integers(0, groups, rows)
    seconds = rng.lognormal(-4, 2, rows)
    column = Histograms.build(group, seconds, groups)
    expected: dict[int, Counter[int]] = {}
    for g, index in zip(group.tolist(), bucket_index(seconds).tolist(), strict=True):
        expected.setdefault(g, Counter())[index] += 1
    assert {g: c for g, c in enumerate(contents(column)) if c} == {
        g: dict(sorted(c.items())) for g, c in expected.items()
    }


HISTOGRAM = st.dictionaries(
    st.integers(ZERO_INDEX, MAX_INDEX),
    st.one_of(st.integers(1, 9), st.integers(1, 2**40)),
    max_size=60,
)
DENSE = st.builds(
    lambda start, counts: {start + i: c for i, c in enumerate(counts)},
    st.integers(ZERO_INDEX, 0),
    st.lists(st.integers(1, 70_000), min_size=1, max_size=200),
)


@given(st.lists(st.one_of(HISTOGRAM, DENSE), max_size=12))
def test_the_codec_round_trips(column: list[dict[int, int]]) -> None:
    ordered = [dict(sorted(h.items())) for h in column]
    offsets = np.cumsum([0] + [len(h) for h in ordered])
    index = np.array([i for h in ordered for i in h], np.int16)
    count = np.array([c for h in ordered for c in h.values()], np.int64)
    histograms = Histograms(offsets.astype(np.int64), index, count)
    blobs = encode(histograms)
    assert contents(decode(blobs)) == ordered
    assert [blob == b"" for blob in blobs] == [not h for h in ordered]


def test_a_minute_cell_is_small() -> None:
    seconds = np.random.default_rng(3).lognormal(math.log(0.05), 0.5, 30)
    (blob,) = encode(Histograms.build(np.zeros(30, np.int64), seconds, 1))
    assert len(blob) <= MAX_SPARSE_BYTES


@pytest.mark.parametrize(
    "blob", [b"\x09abc", b"\x01", b"\x01\x88", b"\x03\x01", b"\x02\xff\xff\x01", b"\x04\x00\x00abc"]
)
def test_a_damaged_blob_is_reported(blob: bytes) -> None:
    with pytest.raises(StoreCorruptError, match="doctor"):
        decode([blob])
