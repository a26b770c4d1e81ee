"""Fine counts against a plain counter, and native histograms taken apart again."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.export.metrics.fine import FineCounts
from mockforge_analytics.export.metrics.native import native_histogram
from mockforge_analytics.model.histogram import MAX_INDEX, MIN_INDEX, ZERO_INDEX

ENTRIES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.one_of(st.integers(ZERO_INDEX, MAX_INDEX), st.integers(-3, 3), st.sampled_from([ZERO_INDEX, MIN_INDEX])),
        st.integers(1, 1_000_000),
    ),
    max_size=30,
)
GROUPS = st.lists(st.integers(-1, 2), min_size=4, max_size=4)


@given(st.lists(ENTRIES, max_size=5), GROUPS)
def test_counts_are_those_added_and_histograms_hold_them(
    parts: list[list[tuple[int, int, int]]], group: list[int]
) -> None:
    fine, expected = FineCounts.empty(), Counter[tuple[int, int]]()
    for part in parts:
        row, index, count = (np.array([entry[i] for entry in part], np.int64) for i in range(3))
        fine = fine.plus(row, index, count)
        for number, bucket, more in part:
            if group[number] >= 0:
                expected[group[number], bucket] += more
    found: Counter[tuple[int, int]] = Counter()
    for number, index, count in fine.of_rows(np.array(group)).rows():
        native = native_histogram(index, count, 1.5)
        found[number, ZERO_INDEX] += int(native.zero_count)
        at, value, deltas = 0, 0, iter(native.pos_deltas or ())
        for span in native.pos_spans or ():
            at += span.offset
            for _ in range(span.length):
                value += next(deltas)
                found[number, at - 1] += value  # native bucket i is ours of i - 1
                at += 1
        assert next(deltas, None) is None
        assert native.count_value == sum(n for (owner, _), n in found.items() if owner == number)
        assert all(span.offset > 0 for span in (native.pos_spans or ())[1:])
    assert +found == expected
