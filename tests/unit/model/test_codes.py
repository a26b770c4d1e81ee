"""Grouping without a sort against dictionaries."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.model.codes import Codes, bucket_key, encode, group

KEYS = st.integers(0, 2**62 - 1) | st.integers(0, 3)
TEXTS = st.none() | st.text(max_size=3) | st.sampled_from(["", "a", "b", "a long text that no view keeps inline"])
MANY = 5_000


def numbered(values: list[object]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]


TIMES = st.sampled_from([1, 300])  # few rows are grouped by a dictionary, many by a table


@given(st.lists(KEYS, min_size=1, max_size=300), TIMES)
def test_one_key_groups_in_order_of_first_appearance(some: list[int], times: int) -> None:
    keys = some * times
    groups = group((np.array(keys, np.int64), 2**62))
    assert groups.of_row.tolist() == numbered(list(keys))
    assert groups.first.tolist() == [keys.index(key) for key in dict.fromkeys(keys)]


@given(st.lists(st.tuples(KEYS, KEYS, st.integers(0, 1), KEYS), min_size=1, max_size=100), TIMES)
def test_keys_too_large_to_multiply_are_combined_all_the_same(some: list[tuple[int, ...]], times: int) -> None:
    rows = some * times
    parts = [(np.array(column, np.int64), max(column) + 1) for column in zip(*rows, strict=True)]
    assert group(*parts).of_row.tolist() == numbered(list(rows))


@pytest.mark.parametrize("distinct", [1, 100, MANY, 2**60])
def test_many_rows(distinct: int) -> None:
    keys = np.random.default_rng(distinct).integers(0, distinct, 3 * MANY)
    groups = group((keys, distinct))
    assert groups.of_row.tolist() == numbered(keys.tolist())
    assert keys[groups.first].tolist() == list(dict.fromkeys(keys.tolist()))


def test_keys_that_a_multiplication_cannot_tell_apart_at_first() -> None:
    """Multiples of a high power of two share the top bits of many products: rows of a slot have to move on."""
    keys = np.arange(2_000) << 50
    assert len(group((keys[::-1].copy(), 2**62))) == len(keys)
    inverse = pow(0x9E3779B97F4A7C15, -1, 2**64)
    products = np.array([i * inverse % 2**64 for i in range(300)], np.uint64)
    colliding = np.sort(products[products < 2**62]).view(np.int64)
    assert len(colliding) > 1
    assert group((np.tile(colliding, 2), 2**62)).of_row.tolist() == [*range(len(colliding))] * 2


def assert_encodes(codes: Codes, texts: list[str | None]) -> None:
    plain = [text or "" for text in texts]
    assert codes.of_row.tolist() == numbered(list(plain))
    assert codes.values.to_list() == list(dict.fromkeys(plain))
    assert codes.values.dtype == pl.String


@given(st.lists(TEXTS, min_size=1, max_size=50), st.sampled_from([1, 400]))
def test_texts_are_encoded_exactly(texts: list[str | None], times: int) -> None:
    assert_encodes(encode(pl.Series(texts * times, dtype=pl.String)), texts * times)


@given(st.lists(TEXTS, min_size=1, max_size=50))
def test_texts_whose_hashes_collide_are_encoded_exactly(texts: list[str | None]) -> None:
    codes = encode(pl.Series(texts * 400, dtype=pl.String), seeds=())
    assert [codes.values[code] for code in codes.of_row.tolist()] == [text or "" for text in texts * 400]
    assert codes.values.n_unique() == len(codes.values)


def test_replaced_values_that_are_equal_become_one() -> None:
    codes = encode(pl.Series(["a", "b", "c", "a"])).with_values(pl.Series(["x", "y", "x"]))
    assert list(codes.rows(np.arange(4))) == ["x", "y", "x", "x"]
    assert codes.values.to_list() == ["x", "y"]
    assert (codes.code("y"), codes.code("z")) == (1, -1)


@given(st.lists(st.integers(0, 10**15), min_size=1), st.integers(1, 10**12))
def test_buckets_count_from_the_earliest(timestamps: list[int], width: int) -> None:
    key, size = bucket_key(np.array(timestamps, np.int64), width)
    expected = [timestamp // width - min(timestamps) // width for timestamp in timestamps]
    assert (key.tolist(), size) == (expected, max(expected) + 1)


PARTS = st.lists(st.lists(st.sampled_from(["", "a", "b"]) | st.text(max_size=2), min_size=1), min_size=1, max_size=4)


@given(PARTS, TIMES, st.booleans())
def test_joined_columns_hold_the_rows_of_all(some: list[list[str]], times: int, as_series: bool) -> None:
    """Few values are numbered by a dictionary, more by Polars."""
    parts = [part * times + ([f"{i:04}" for i in range(700)] if times > 1 else []) for part in some]
    codes = [encode(pl.Series(part, dtype=pl.String)) for part in parts]
    joined = Codes.concat([Codes(c.of_row, c.values) if as_series else c for c in codes])
    assert joined.listed() == [text for part in parts for text in part]
    assert joined.texts == list(dict.fromkeys(joined.listed()))


@given(st.lists(TEXTS, min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_parts_of_one_column_are_joined_as_they_were(texts: list[str | None], cuts: list[int]) -> None:
    whole = encode(pl.Series(texts, dtype=pl.String))
    bounds = [0, *sorted(min(cut, len(texts)) for cut in cuts), len(texts)]
    joined = Codes.concat([whole.taken(slice(a, b)) for a, b in pairwise(bounds)])
    assert joined.listed() == [text or "" for text in texts]
