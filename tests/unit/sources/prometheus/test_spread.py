"""Shares of time and of buckets: exact totals, and less than one away from the exact proportion."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.sources.prometheus.spread import allot, spread

INTERVALS = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(1, 10**6), st.integers(0, 2**53)), min_size=0, max_size=8
)


@given(INTERVALS, st.sampled_from([1, 7, 10_000, 60_000]))
def test_shares_add_up_and_follow_the_overlap(intervals: list[tuple[int, int, int]], width: int) -> None:
    intervals = [(start, length % (width * 50) + 1, amount) for start, length, amount in intervals]
    start = np.array([entry[0] for entry in intervals], np.int64)
    length = np.array([entry[1] for entry in intervals], np.int64)
    amount = np.array([entry[2] for entry in intervals], np.int64)
    found = spread(start, start + length, amount, width)
    for number, (begin, seconds, whole) in enumerate(intervals):
        mine = found.row == number
        assert int(found.amount[mine].sum()) == whole
        for bucket, share in zip(found.bucket[mine].tolist(), found.amount[mine].tolist(), strict=True):
            instants = min(bucket + width - 1, begin + seconds) - max(bucket - 1, begin)
            assert instants > 0
            assert share >= 0
            assert abs(share - Fraction(whole * instants, seconds)) < 1
        covered = {instant // width * width for instant in (begin + 1, begin + seconds)}
        assert covered <= set(found.bucket[mine].tolist())


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 1_000), min_size=1, max_size=8), st.floats(0, 1)), min_size=0, max_size=6
    )
)
def test_what_is_taken_is_there_and_adds_up(groups: list[tuple[list[int], float]]) -> None:
    counts = np.array([count for members, _ in groups for count in members], np.int64)
    group = np.array([number for number, (members, _) in enumerate(groups) for _ in members], np.int64)
    wanted = np.array([int(part * sum(members)) for members, part in groups], np.int64)
    taken = allot(counts, group, wanted)
    assert ((taken >= 0) & (taken <= counts)).all()
    for number, (members, _) in enumerate(groups):
        mine = taken[group == number].tolist()
        assert sum(mine) == wanted[number]
        whole = sum(members)
        for count, share in zip(members, mine, strict=True):
            assert whole == 0 or abs(share - Fraction(count * int(wanted[number]), whole)) < 1
