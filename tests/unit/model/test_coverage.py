"""Where a tier is complete: the floor and the islands as one set of disjoint windows."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.model.plan import Coverage
from mockforge_analytics.model.tiers import TIERS
from mockforge_analytics.model.window import Window

TIER = TIERS[0]


def _window(bounds: tuple[int, int]) -> Window:
    return Window(min(bounds), max(bounds))


windows = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(_window)


@given(st.lists(windows, max_size=5), st.integers(0, 60), windows)
def test_ranges_are_disjoint_and_hold_exactly_the_complete_seconds(
    islands: list[Window], floor: int, window: Window
) -> None:
    coverage = Coverage({TIER.name: floor}, {TIER.name: tuple(islands)}, None, None)
    ranges = coverage.ranges(TIER, window)
    assert all(a.end < b.start for a, b in pairwise(ranges))
    complete = {s for s in range(window.start, window.end) if s >= floor or any(i.start <= s < i.end for i in islands)}
    assert {s for part in ranges for s in range(part.start, part.end)} == complete
