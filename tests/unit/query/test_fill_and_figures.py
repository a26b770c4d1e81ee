"""Zero-filling and the arithmetic of single figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.model.cells import NO_MAXIMUM, NO_MINIMUM
from mockforge_analytics.model.histogram import RELATIVE_ERROR, Histograms
from mockforge_analytics.model.window import Granularity, Window
from mockforge_analytics.query.figures import Latency, Sums, percent, percents
from mockforge_analytics.query.fill import Grid

EDGES = st.integers(0, 100_000)


@given(EDGES, st.integers(1, 50_000), st.sampled_from(Granularity))
def test_a_grid_has_every_bucket_of_the_window_and_each_second_once(
    start: int, seconds: int, width: Granularity
) -> None:
    window = Window(start, start + seconds)
    grid = Grid(window, width)
    expected: dict[int, int] = {}
    for second in range(window.start, window.end):
        expected[second // width * width] = expected.get(second // width * width, 0) + 1
    assert dict(zip(grid.starts.tolist(), grid.seconds.tolist(), strict=True)) == expected
    assert len(grid) == len(expected)
    assert grid.rows(grid.starts).tolist() == list(range(len(grid)))


def test_buckets_without_traffic_are_zero_and_unknown() -> None:
    grid = Grid(Window(65, 250), 60)
    buckets = np.array([120, 180, 120])
    assert grid.counts(buckets, np.array([1, 2, 3])).tolist() == [0, 4, 2, 0]
    known = grid.known(buckets[:2], np.array([1.5, 2.5]))
    assert np.array_equal(known, [np.nan, 1.5, 2.5, np.nan], equal_nan=True)


def test_parts_of_nothing_are_zero() -> None:
    assert percent(0, 0) == 0.0
    assert percent(1, 3) == pytest.approx(33.333333333)
    assert percents(np.array([0, 1, 5]), np.array([0, 4, 5])).tolist() == [0.0, 25.0, 100.0]


def sums(latencies: list[list[int]], unknown: list[int]) -> Sums:
    """Return groups with these latencies (microseconds) and so many requests of unknown latency."""
    pairs = [(group, value) for group, values in enumerate(latencies) for value in values]
    seconds = np.array([value / 1e6 for _, value in pairs])
    owners = np.array([group for group, _ in pairs], np.int64)
    columns = {
        "request_count": [len(values) + extra for values, extra in zip(latencies, unknown, strict=True)],
        "latency_count": [len(values) for values in latencies],
        "latency_sum": [sum(values) for values in latencies],
        "latency_min": [min(values, default=int(NO_MINIMUM)) for values in latencies],
        "latency_max": [max(values, default=NO_MAXIMUM) for values in latencies],
    }
    return Sums(
        {name: np.array(values, np.int64) for name, values in columns.items()},
        Histograms.build(owners, seconds, len(latencies)),
    )


def test_averages_divide_by_the_known_latencies_only() -> None:
    rows = sums([[1_000, 3_000], []], [8, 5]).latencies().rows()
    assert rows[0].average == pytest.approx(2.0)
    assert rows[1] == Latency()


def test_merging_ignores_the_bounds_of_groups_without_latencies() -> None:
    groups = sums([[7_000], [], [2_000, 9_000]], [0, 3, 1])
    # Minimum and maximum mean nothing where no latency is known, so a store may leave anything there.
    groups.columns["latency_min"][1], groups.columns["latency_max"][1] = 0, 10**9
    merged = groups.merged()
    (row,) = merged.latencies().rows()
    assert (merged.total("request_count"), row.count, row.minimum, row.maximum) == (7, 3, 2.0, 9.0)
    assert row.p99 == pytest.approx(9.0, rel=RELATIVE_ERROR)


def test_merging_nothing_is_unknown() -> None:
    assert sums([], []).merged().latencies().rows() == [Latency()]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_no_percentile_leaves_the_range_of_the_latencies(values: list[int]) -> None:
    (row,) = sums([values], [0]).latencies().rows()
    assert row.minimum is not None
    assert row.p50 is not None
    assert row.p95 is not None
    assert row.p99 is not None
    assert row.maximum is not None
    assert row.minimum <= row.p50 <= row.p95 <= row.p99 <= row.maximum
