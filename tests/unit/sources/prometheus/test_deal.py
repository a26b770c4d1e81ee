"""Histograms over time: nothing is lost, and every share is one that the buckets allow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.model.histogram import bucket_upper_bounds
from mockforge_analytics.sources.prometheus.buckets import Layout
from mockforge_analytics.sources.prometheus.deal import deal

LAYOUT = Layout((0.001, 0.01, 0.1, 1.0, float("inf")))
BUCKETS = len(LAYOUT.bounds)
COUNTS = st.lists(st.integers(0, 40), min_size=BUCKETS, max_size=BUCKETS)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 90_000), COUNTS, st.floats(0, 1)), min_size=1, max_size=5)
)
def test_shares_add_up(intervals: list[tuple[int, int, list[int], float]]) -> None:
    start = np.array([entry[0] for entry in intervals], np.int64)
    end = start + np.array([entry[1] for entry in intervals], np.int64)
    counts = np.array([entry[2] for entry in intervals], np.int64)
    low, high = LAYOUT.sum_bounds(counts)
    total = low + ((np.minimum(high, low + 10**9) - low) * np.array([entry[3] for entry in intervals])).astype(np.int64)
    found = deal(start, end, counts, total, LAYOUT, 10_000)
    for number in range(len(intervals)):
        mine = found.row == number
        assert found.counts[mine].sum(axis=0).tolist() == counts[number].tolist()
        assert found.total[mine].sum() == (total[number] if counts[number].any() else 0)
    assert (found.counts >= 0).all()
    low, high = LAYOUT.sum_bounds(found.counts)
    assert (found.total >= low).all()
    assert (found.total <= high).all()


@given(st.lists(COUNTS, min_size=1, max_size=5))
def test_observations_stay_in_their_bucket(rows: list[list[int]]) -> None:
    counts = np.array(rows, np.int64)
    placed = LAYOUT.histograms(counts)
    assert placed.totals().tolist() == counts.sum(axis=1).tolist()
    upper = bucket_upper_bounds(placed.index)
    owner = placed.owners()
    for number, row in enumerate(rows):
        mine = owner == number
        for bound, count in zip(LAYOUT.bounds[:-1], np.cumsum(row), strict=False):
            # A point of ours may reach over a bound by the width of one of our buckets, 2.2 %.
            assert placed.count[mine & (upper <= bound * 1.022)].sum() >= count
            assert placed.count[mine & (upper <= bound * 0.999)].sum() <= count
