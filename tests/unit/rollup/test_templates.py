"""Paths become endpoints."""

from __future__ import annotations

import random
import string
import uuid

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.config import Templating
from mockforge_analytics.rollup.templates import Templates

SEGMENT = st.sampled_from(
    ["", "api", "v1", "users", "42", "2024-02-29", "a b", "%20", "me", "style2.css", "x@example.org"]
)
PATH = st.lists(SEGMENT, max_size=6).map("/".join)
MEANING = {"42": ":id", "2024-02-29": ":date", "x@example.org": ":email"}
LIMIT = 1_024  # characters of an endpoint
RANDOM = 100_000
ROUTES = 4 * 4 * 4  # resource, kind of identifier, resource
MANY = 5_000  # more than are looked up in the cache


def endpoint(path: str, level: Templating = Templating.IDENTIFIERS) -> str:
    return str(Templates(level).endpoints(pl.Series([path]))[0])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ""),
        ("/", "/"),
        ("//", "//"),
        ("/users/42", "/users/:id"),
        ("/users/42/", "/users/:id/"),
        ("/users/42/orders/7f9c24e5/items/3", "/users/:id/orders/:hex/items/:id"),
        ("/v2.1/users/jane%40example.com", "/v2.1/users/:email"),
        ("/images/jordan-80.png", "/images/jordan-80.png"),
        ("/style2.css", "/style2.css"),
        ("/presentations/logstash-monitorama-2013/", "/presentations/logstash-monitorama-2013/"),
        ("/downloads/product_1", "/downloads/product_1"),
        ("/blog/2007/Jan/27", "/blog/:id/Jan/:id"),
        ("/cart;jsessionid=4F1A0B/items", "/cart/items"),
        ("/cart/7;JSESSIONID=4F1A0B.node1", "/cart/:id"),
        ("/a;v=1.1;sid=99;x=2", "/a;v=1.1;x=2"),
        ("sensors/17/temperature", "sensors/:id/temperature"),
        ("*", "*"),
        ("/helloworld.Greeter/SayHello", "/helloworld.Greeter/SayHello"),
        ("example.org:443", "example.org:443"),
        ("/%2e%2e/%2fetc", "/%2e%2e/%2fetc"),
        ("/ü/42", "/ü/:id"),
        ("/\x00\x1b[31m/42", "/\ufffd\ufffd[31m/:id"),
        ("/" + "a" * 2_000, "/:token"),
        ("/a" * 65, "/a" * 63 + "/…"),
        ("/a" * 63, "/a" * 63),
    ],
)
def test_identifiers(path: str, expected: str) -> None:
    assert endpoint(path) == expected
    filler = [f"/filler-{i}-x" for i in range(MANY)]
    assert Templates(Templating.IDENTIFIERS).endpoints(pl.Series([path, *filler]))[0] == expected


@given(st.lists(PATH, unique=True, max_size=30))
def test_each_segment_is_judged_for_itself_whether_remembered_or_not(paths: list[str]) -> None:
    templates = Templates(Templating.IDENTIFIERS)
    expected = ["/".join(MEANING.get(segment, segment) for segment in path.split("/")) for path in paths]
    for _ in range(2):
        assert templates.endpoints(pl.Series(paths, dtype=pl.String)).to_list() == expected


def test_level_none_keeps_paths() -> None:
    for path in ("/users/42", "/cart;jsessionid=4F1A0B", "/" + "a" * 1_000, "/a" * 100):
        assert endpoint(path, Templating.NONE) == path
    assert endpoint("/" + "a" * 2_000, Templating.NONE) == "/" + "a" * 1_022 + "…"


def test_endpoints_are_bounded_after_templating() -> None:
    words = "/" + "/".join(["word"] * 60) + "/" + "y" * 100
    assert endpoint("/" + "-y" * 60 + words * 3)[-1] == "…"
    assert len(endpoint("/" + "/".join(["w" * 100] * 30))) == LIMIT


def test_paths_with_thousands_of_segments_do_no_harm() -> None:
    paths = pl.Series(["/" * n for n in range(60_000, 60_100)] + ["/1" * 30_000, "a" * 200_000])
    endpoints = Templates(Templating.IDENTIFIERS).endpoints(paths)
    assert endpoints.unique().sort().to_list() == sorted(["/" * 64 + "…", "/:id" * 63 + "/…", ":token"])


def random_paths(n: int) -> list[str]:
    rng = random.Random(3)
    kinds = (
        lambda: str(rng.randrange(10**9)),
        lambda: str(uuid.UUID(int=rng.getrandbits(128))),
        lambda: f"{rng.getrandbits(96):024x}",
        lambda: "".join(rng.choices(string.ascii_letters + string.digits + "-_", k=43)),
    )
    prefixes = ("users", "orders", "files", "mocks")
    return [f"/api/v1/{rng.choice(prefixes)}/{rng.choice(kinds)()}/{rng.choice(prefixes)}" for _ in range(n)]


def test_a_hundred_thousand_random_paths_become_few_endpoints() -> None:
    paths = pl.Series(random_paths(RANDOM)).unique()
    assert len(paths) > 0.99 * RANDOM
    endpoints = Templates(Templating.IDENTIFIERS).endpoints(paths)
    made = endpoints.value_counts()
    assert made.filter(pl.col("count") > 1).height == ROUTES
    missed = made.filter(pl.col("count") == 1).height
    assert missed < 0.01 * len(paths)
    assert Templates(Templating.ADAPTIVE).endpoints(paths).n_unique() < ROUTES + 4 * 101


def test_the_cache_changes_nothing_when_it_overflows() -> None:
    templates = Templates(Templating.IDENTIFIERS)
    for start in range(0, 70_000, 3_500):
        paths = [f"/users/{i}/p-{i}-x" for i in range(start, start + 3_500)]
        assert templates.endpoints(pl.Series(paths)).to_list() == [f"/users/:id/p-{p.split('-')[1]}-x" for p in paths]
    assert endpoint("/users/1/p-1-x") == templates.endpoints(pl.Series(["/users/1/p-1-x"]))[0]


def test_adaptive_answers_are_never_those_from_before_a_collapse() -> None:
    templates = Templates(Templating.ADAPTIVE)
    early = pl.Series(["/shop/alpha", "/help/alpha"])
    assert templates.endpoints(early).to_list() == ["/shop/alpha", "/help/alpha"]
    names = [f"/shop/name-{a}{b}" for a in string.ascii_lowercase for b in string.ascii_lowercase]
    assert set(templates.endpoints(pl.Series(names))) == {"/shop/:any"}
    assert templates.endpoints(early).to_list() == ["/shop/:any", "/help/alpha"]


def test_adaptive_goes_on_from_known_endpoints() -> None:
    templates = Templates(Templating.ADAPTIVE, ["/shop/:any/reviews", "/help/faq", "__overflow__"])
    paths = pl.Series(["/shop/lamp/reviews", "/help/faq", "/shop/42"])
    assert templates.endpoints(paths).to_list() == ["/shop/:any/reviews", "/help/faq", "/shop/:id"]


SEGMENTS = st.one_of(
    SEGMENT,
    st.from_regex(r"[0-9]{1,12}", fullmatch=True),
    st.uuids().map(str),
    st.uuids().map(lambda one: str(one).upper()),
    st.from_regex(r"(?:19|20)[0-9]{6}", fullmatch=True),
    st.from_regex(r"[a-z0-9_.%;@-]{0,24}", fullmatch=True),
    st.sampled_from(["٣", "1٣", "x" * 129, "9" * 129, "a;jsessionid=1", "v1", "\n", "7\n7", "ü" * 2_000, "é" * 1_300]),
)


@given(st.lists(st.lists(SEGMENTS, max_size=6).map("/".join), min_size=1, max_size=20, unique=True))
def test_few_paths_become_what_many_do(paths: list[str]) -> None:
    others = [f"/other-{number}/{number}x" for number in range(300)]
    many = Templates(Templating.IDENTIFIERS).endpoints(pl.Series([*paths, *others]))
    few = Templates(Templating.IDENTIFIERS)
    assert few.endpoints(pl.Series(paths)).to_list() == many.to_list()[: len(paths)]
    assert few.endpoints(pl.Series(paths[::-1])).to_list() == many.to_list()[: len(paths)][::-1]
