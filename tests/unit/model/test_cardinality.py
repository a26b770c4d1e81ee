"""Cardinality caps against brute force."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.model.cardinality import collapse, overflowing, rank_in_group
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA, SERIES_SCHEMA

GROUPS = 4
PAIRS = st.lists(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, 30)), unique=True, max_size=60)


def admitted(pairs: list[tuple[int, int]], positions: list[int], present: list[int], cap: int) -> set[tuple[int, int]]:
    room = [cap - n for n in present]
    inside = set()
    for _, series, group in sorted((position, s, g) for (g, s), position in zip(pairs, positions, strict=True)):
        if room[group] > 0:
            room[group] -= 1
            inside.add((group, series))
    return inside


def overflow_mask(pairs: list[tuple[int, int]], positions: list[int], present: list[int], cap: int) -> list[bool]:
    columns = np.array([(*pair, position) for pair, position in zip(pairs, positions, strict=True)], np.int64).reshape(
        -1, 3
    )
    mask = overflowing(columns[:, 0], columns[:, 1], columns[:, 2], np.array(present, np.int64), cap)
    return [bool(over) for over in mask]


@given(PAIRS, st.lists(st.integers(0, 12), min_size=GROUPS, max_size=GROUPS), st.integers(1, 10), st.data())
def test_the_first_to_come_are_admitted(
    pairs: list[tuple[int, int]], present: list[int], cap: int, data: st.DataObject
) -> None:
    positions = data.draw(st.lists(st.integers(0, 20), min_size=len(pairs), max_size=len(pairs)))
    inside = admitted(pairs, positions, present, cap)
    assert overflow_mask(pairs, positions, present, cap) == [pair not in inside for pair in pairs]


@given(PAIRS, st.integers(1, 10), st.integers(0, 60))
def test_two_calls_one_after_the_other_admit_what_one_admits(pairs: list[tuple[int, int]], cap: int, cut: int) -> None:
    positions = list(range(len(pairs)))
    whole = overflow_mask(pairs, positions, [0] * GROUPS, cap)
    first = overflow_mask(pairs[:cut], positions[:cut], [0] * GROUPS, cap)
    inside = [pair for pair, over in zip(pairs[:cut], first, strict=True) if not over]
    present = [sum(group == g for group, _ in inside) for g in range(GROUPS)]
    assert first + overflow_mask(pairs[cut:], positions[cut:], present, cap) == whole


@given(st.lists(st.integers(-3, 3)))
def test_ranks(groups: list[int]) -> None:
    expected = [groups[:i].count(group) for i, group in enumerate(groups)]
    assert rank_in_group(np.array(groups, np.int64)).tolist() == expected


def test_collapse_keeps_scope_and_times() -> None:
    row = ("HTTP", "w", "prod", "GET", "/a", 200, 1, 2)
    schema: dict[str, type[pl.DataType]] = {**SERIES_SCHEMA, "first_seen": pl.Int64, "last_seen": pl.Int64}
    collapsed = collapse(pl.DataFrame([row], schema=schema, orient="row"))
    assert collapsed.rows() == [("HTTP", "w", "prod", "", "__overflow__", 0, 1, 2)]
    assert collapsed.schema == schema


def test_collapse_of_error_series_keeps_the_category() -> None:
    row = ("HTTP", "w", "prod", "GET", "/a", 500, "boom", "server_error")
    collapsed = collapse(pl.DataFrame([row], schema=ERROR_SERIES_SCHEMA, orient="row"))
    assert collapsed.rows() == [("HTTP", "w", "prod", "", "__overflow__", 0, "__overflow__", "server_error")]
    assert collapsed.schema == ERROR_SERIES_SCHEMA
