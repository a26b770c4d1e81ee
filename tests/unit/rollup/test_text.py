"""Bounds and control characters."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.rollup.text import clean

TEXTS = st.lists(st.text() | st.text("a\t\n\x00\x7f\x85…", max_size=20), min_size=1, max_size=20)


def expected(text: str, limit: int) -> str:
    blank = "".join(" " if c in "\t\n\r" else "\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)
    return blank if len(blank) <= limit else blank[: limit - 1] + "…"


@given(TEXTS, st.integers(1, 12), st.sampled_from([1, 300]))
def test_clean(texts: list[str], limit: int, times: int) -> None:
    cleaned = clean(pl.Series(texts * times, dtype=pl.String), limit)
    assert cleaned.to_list() == [expected(text, limit) for text in texts] * times


def test_clean_texts_are_handed_back_as_they_are() -> None:
    for texts in (pl.Series(["/a", None, ""]), pl.Series(["/a"] * 1_000), pl.Series([None] * 1_000, dtype=pl.String)):
        assert clean(texts, 2) is texts


@pytest.mark.parametrize("times", [1, 300])
def test_null_stays_null(times: int) -> None:
    assert clean(pl.Series([None, "a\0"] * times), 8).to_list() == [None, "a\ufffd"] * times


@pytest.mark.parametrize("times", [1, 300])
def test_the_limit_counts_characters_not_bytes(times: int) -> None:
    assert clean(pl.Series(["ääää", "äääää"] * times), 4).to_list() == ["ääää", "äää…"] * times
