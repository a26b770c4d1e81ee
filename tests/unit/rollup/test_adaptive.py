"""Positions with too many values."""

from __future__ import annotations

import random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.rollup.adaptive import AdaptiveTemplates

FANOUT = 3
MEMORY = 400
PATH = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))


def collapse(known: dict[str, set[str]], collapsed: set[str], paths: list[str]) -> list[str]:
    """Do what `AdaptiveTemplates` does, one path and level at a time."""
    parents = dict.fromkeys(paths, "")
    for level in range(max((path.count("/") + 1 for path in paths), default=0)):
        for path, parent in parents.items():
            segments = path.split("/")
            if level < len(segments) and segments[level] and parent not in collapsed:
                known.setdefault(parent, set()).add(segments[level])
        collapsed |= {parent for parent, names in known.items() if len(names) > FANOUT}
        for path, parent in parents.items():
            segments = path.split("/")
            if level < len(segments):
                name = ":any" if parent in collapsed and segments[level] else segments[level]
                parents[path] = f"{parent}{name}/"
    return [parents[path][:-1] for path in paths]


@given(st.lists(st.lists(PATH, max_size=12), max_size=5))
def test_collapsing_matches_a_dictionary_of_sets(batches: list[list[str]]) -> None:
    adaptive = AdaptiveTemplates(fanout=FANOUT)
    known: dict[str, set[str]] = {}
    collapsed: set[str] = set()
    for batch in batches:
        expected = collapse(known, collapsed, batch)
        assert adaptive.endpoints(pl.Series(batch, dtype=pl.String)).to_list() == expected


def names(prefix: str, n: int, suffix: str = "") -> pl.Series:
    return pl.Series([f"{prefix}{i}x{suffix}" for i in range(n)])


def test_a_position_collapses_past_its_fanout_and_not_before() -> None:
    adaptive = AdaptiveTemplates(fanout=FANOUT)
    assert adaptive.endpoints(names("/shop/", FANOUT)).to_list() == ["/shop/0x", "/shop/1x", "/shop/2x"]
    assert not adaptive.changed()
    assert adaptive.endpoints(pl.Series(["/shop/more", "/shop/", "/shop", "/other/0x"])).to_list() == [
        "/shop/:any",
        "/shop/",
        "/shop",
        "/other/0x",
    ]
    assert adaptive.changed()
    assert not adaptive.changed()
    assert adaptive.endpoints(pl.Series(["/shop/0x/reviews"])).to_list() == ["/shop/:any/reviews"]


def test_placeholders_neither_count_nor_collapse() -> None:
    adaptive = AdaptiveTemplates(fanout=FANOUT)
    paths = pl.Series(["/a/:id", "/a/:uuid", "/a/:hex", "/a/:token", "/a/x"])
    assert adaptive.endpoints(paths).to_list() == paths.to_list()
    crowd = pl.concat([names("/a/", 9), paths])
    assert adaptive.endpoints(crowd).to_list() == ["/a/:any"] * 9 + [
        "/a/:id",
        "/a/:uuid",
        "/a/:hex",
        "/a/:token",
        "/a/:any",
    ]


def test_a_segment_that_only_looks_like_a_placeholder_counts() -> None:
    assert set(AdaptiveTemplates(fanout=FANOUT).endpoints(names("/a/:", 9))) == {"/a/:any"}


def test_deep_paths_end_in_one_collapsed_position() -> None:
    deep = pl.Series(["/d" * 15, "/d" * 16, "/d" * 40])
    assert AdaptiveTemplates().endpoints(deep).to_list() == ["/d" * 15, "/d" * 15 + "/:any", "/d" * 15 + "/:any"]


def test_known_endpoints_count() -> None:
    adaptive = AdaptiveTemplates(names("/shop/", FANOUT), fanout=FANOUT)
    assert adaptive.endpoints(pl.Series(["/shop/one-more"])).to_list() == ["/shop/:any"]


def test_no_paths() -> None:
    assert AdaptiveTemplates().endpoints(pl.Series([], dtype=pl.String)).to_list() == []


def test_memory_is_bounded() -> None:
    adaptive = AdaptiveTemplates(fanout=50, memory=MEMORY)
    rng = random.Random(4)
    for batch in range(30):
        adaptive.endpoints(pl.Series([f"/p{rng.randrange(40)}x/q{rng.randrange(45)}x/r{batch}x" for _ in range(100)]))
        assert adaptive.remembered() <= MEMORY


def test_the_most_crowded_parents_collapse_when_memory_is_full() -> None:
    adaptive = AdaptiveTemplates(fanout=50, memory=MEMORY)
    few = names("/few/", 5)
    assert adaptive.endpoints(few).to_list() == few.to_list()
    crowds = [names(f"/crowd{i}/", 40 + i) for i in range(9)]
    found = adaptive.endpoints(pl.concat(crowds))
    # 5 + 396 + 10 segments are known; the parents of 48, 47, 46, 45 and 44 collapse before 200 are left at most.
    assert sorted(found.filter(found.str.ends_with(":any")).unique()) == [f"/crowd{i}/:any" for i in range(4, 9)]
    assert adaptive.remembered() == 5 + 40 + 41 + 42 + 43 + 10
    assert adaptive.endpoints(few).to_list() == few.to_list()
