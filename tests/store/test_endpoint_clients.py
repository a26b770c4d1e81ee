"""Clients of an endpoint against the requests that were sent: exact below the caps, between honest bounds past them."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockforge_analytics.config import CapConfig, RetentionConfig, Templating
from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.batch import Batch, Intake
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.query.reports.endpoint_clients import endpoint_clients
from mockforge_analytics.query.spec import QuerySpec
from mockforge_analytics.rollup.stage import Rollup
from tests.support.stores import HOUR, MICROS, NOW, fold, opened_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.query.client_results import EndpointClients
    from mockforge_analytics.store.sqlite import SqliteStore

START: Final = NOW // HOUR * HOUR
ENDPOINTS: Final = ("/a", "/b", "/c", "/d", "/e")
AGENTS: Final = {"curl/8.0": "curl", "Wget/1.21": "Wget", "": ""}


@dataclass(frozen=True)
class Sent:
    """One request of a client."""

    at: int
    endpoint: str = "/a"
    client: str = "10.0.0.1"
    workspace: str = "one"
    agent: str = "curl/8.0"

    @property
    def hour(self) -> int:
        return self.at // HOUR * HOUR


SENT: Final = st.builds(
    Sent,
    st.integers(START - 4 * HOUR, START + 60),
    st.sampled_from(ENDPOINTS),
    st.sampled_from(["", *(f"10.0.0.{number}" for number in range(6))]),
    st.sampled_from(["one", "two"]),
    st.sampled_from(sorted(AGENTS)),
)
CAPS: Final = st.builds(
    CapConfig,
    endpoints_per_client=st.sampled_from([1, 2, 20]),
    clients_per_hour=st.sampled_from([1, 3, 1000]),
    series_per_hour=st.sampled_from([2, 4, 1000]),
)
SPECS: Final = st.builds(
    QuerySpec,
    start=st.sampled_from([None, START - 2 * HOUR]),
    endpoint=st.lists(st.sampled_from(ENDPOINTS), min_size=1, max_size=2, unique=True).map(tuple),
    workspace_id=st.sampled_from([(), ("one",)]),
    client_ip=st.sampled_from([(), ("10.0.0.1", "10.0.0.2")]),
    user_agent_family=st.sampled_from([(), ("curl",)]),
)


def frame_of(requests: Sequence[Sent]) -> pl.DataFrame:
    given: dict[str, list[Any]] = {
        "timestamp": [r.at * MICROS for r in requests],
        "protocol": ["HTTP"] * len(requests),
        "endpoint": [r.endpoint for r in requests],
        "client_ip": [r.client or None for r in requests],
        "workspace_id": [r.workspace for r in requests],
        "user_agent": [r.agent or None for r in requests],
    }
    nothing = [None] * len(requests)
    return pl.DataFrame({name: given.get(name, nothing) for name in REQUEST_SCHEMA}, schema=REQUEST_SCHEMA)


def send(store: SqliteStore, requests: Sequence[Sent], caps: CapConfig) -> None:
    made, refused = Rollup(Templating.NONE, caps).deltas(frame_of(requests), now_us=NOW * MICROS)
    assert not refused
    store.write(Batch(NOW * MICROS, Intake("test", len(requests)), made))


def asked(store: SqliteStore, spec: QuerySpec) -> EndpointClients:
    with store.snapshot() as snapshot:
        return endpoint_clients(snapshot, spec, NOW * MICROS)


def meant(sent: Sequence[Sent], spec: QuerySpec, got: EndpointClients) -> list[Sent]:
    return [
        r
        for r in sent
        if got.window.start <= r.at < got.window.end
        and r.endpoint in spec.endpoint
        and r.workspace in (spec.workspace_id or (r.workspace,))
        and r.client in (spec.client_ip or (r.client,))
        and AGENTS[r.agent] in (spec.user_agent_family or (AGENTS[r.agent],))
    ]


def check(store: SqliteStore, sent: Sequence[Sent], spec: QuerySpec, caps: CapConfig) -> None:
    got = asked(store, spec)
    truth = meant(sent, spec, got)
    named = [r for r in truth if r.client]
    counts = Counter(r.client for r in named)
    assert got.attributed_requests <= len(named)
    assert got.unique_clients == len(got.rows) <= len(counts)
    assert got.attributed_requests == sum(row.request_count for row in got.rows)
    assert [row.client_ip for row in got.rows] == [
        row.client_ip for row in sorted(got.rows, key=lambda row: (-row.request_count, row.client_ip))
    ]
    for row in got.rows:
        mine = [r for r in named if r.client == row.client_ip]
        assert 0 < row.request_count <= counts[row.client_ip] <= row.requests_at_most
        assert {row.first_hour, row.last_hour} <= {r.hour for r in mine}
        assert set(row.agent_families) <= {AGENTS[r.agent] for r in mine}
        assert (row.share is None) is (got.total_requests is None)
        assert row.share is None or row.share == pytest.approx(100 * row.request_count / (got.total_requests or 0))
    listed = {row.client_ip for row in got.rows}
    assert sum(count for client, count in counts.items() if client not in listed) <= got.overflow_requests
    if not got.overflow_requests:
        assert {row.client_ip: row.request_count for row in got.rows} == counts
        assert all(row.requests_at_most == row.request_count for row in got.rows)
    if spec.client_ip or spec.user_agent_family:
        assert (got.total_requests, got.unattributed_requests) == (None, None)
    else:
        assert got.total_requests is not None
        assert got.unattributed_requests == got.total_requests - got.attributed_requests
        assert got.total_requests <= len(truth)
        assert got.total_requests == len(truth) or got.warnings
    if caps == CapConfig():
        assert got.overflow_requests == 0


@settings(max_examples=60)
@given(st.lists(st.lists(SENT, min_size=1, max_size=40), min_size=1, max_size=4), CAPS, st.lists(SPECS, max_size=4))
def test_bounds_hold_pending_folded_and_in_between(
    parts: list[list[Sent]], caps: CapConfig, specs: list[QuerySpec]
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        opened_store(Path(folder) / "a.db", caps=caps.model_dump()) as store,
    ):
        sent: list[Sent] = []
        for number, part in enumerate(parts):
            send(store, part, caps)
            sent += part
            for spec in specs:
                check(store, sent, spec, caps)
            if number % 2 == 0:
                fold(store)
        for spec in specs:
            check(store, sent, spec, caps)


def test_without_overflow_every_count_is_exact_and_says_so(tmp_path: Path) -> None:
    sent = [
        Sent(START - HOUR * (number % 5), ENDPOINTS[number % 3], f"10.0.0.{number % 7}", ("one", "two")[number % 2])
        for number in range(400)
    ]
    with opened_store(tmp_path / "a.db") as store:
        send(store, sent[:200], CapConfig())
        fold(store)
        send(store, sent[200:], CapConfig())
        got = asked(store, QuerySpec(endpoint=("/b",)))
        few = asked(store, QuerySpec(endpoint=("/b",), limit=2))
        one = asked(store, QuerySpec(endpoint=("/b",), workspace_id=("one",)))
    expected = Counter(r.client for r in sent if r.endpoint == "/b")
    assert {row.client_ip: (row.request_count, row.requests_at_most) for row in got.rows} == {
        client: (count, count) for client, count in expected.items()
    }
    assert (got.total_requests, got.attributed_requests, got.unattributed_requests) == (*[expected.total()] * 2, 0)
    assert (few.rows, few.unique_clients, few.attributed_requests) == (got.rows[:2], 7, expected.total())
    assert one.total_requests == sum(r.endpoint == "/b" and r.workspace == "one" for r in sent)


def test_past_the_cap_of_a_client_the_bound_is_its_own_overflow(tmp_path: Path) -> None:
    caps = CapConfig(endpoints_per_client=1)
    busy = [Sent(START, "/b")] * 5 + [Sent(START, "/a")] * 3 + [Sent(START, "/c")] * 2
    sent = [Sent(START - HOUR)] * 4 + busy + [Sent(START, client="10.0.0.2")] * 6
    with opened_store(tmp_path / "a.db", caps=caps.model_dump()) as store:
        send(store, sent, caps)
        got = asked(store, QuerySpec(endpoint=("/a",)))
        mine = asked(store, QuerySpec(endpoint=("/a",), client_ip=("10.0.0.1",)))
        fold(store)
        assert asked(store, QuerySpec(endpoint=("/a",))).rows == got.rows
    # Of 13 requests 10 are known; of the 5 past the cap no more than the missing 3 can be to /a.
    assert (got.total_requests, got.unattributed_requests, got.overflow_requests) == (13, 3, 5)
    assert [(row.client_ip, row.request_count, row.requests_at_most) for row in got.rows] == [
        ("10.0.0.2", 6, 6),
        ("10.0.0.1", 4, 7),
    ]
    # With a filter on clients the total is not known, and so does not narrow the bound.
    assert [(row.request_count, row.requests_at_most, row.share) for row in mine.rows] == [(4, 9, None)]


def test_requests_of_clients_past_the_cap_may_be_of_any_of_them(tmp_path: Path) -> None:
    """An address with a row in one hour may be past the cap in another: its upper bound knows."""
    caps = CapConfig(clients_per_hour=1)
    with opened_store(tmp_path / "a.db", caps=caps.model_dump()) as store:
        send(store, [Sent(START - HOUR)] * 2, caps)
        send(store, [Sent(START, client="10.0.0.2")] * 3, caps)
        fold(store)
        send(store, [Sent(START)] * 4, caps)
        fold(store)
        got = asked(store, QuerySpec(endpoint=("/a",)))
        mine = asked(store, QuerySpec(endpoint=("/a",), client_ip=("10.0.0.1",)))
        by_agent = asked(store, QuerySpec(endpoint=("/a",), user_agent_family=("curl",)))
    found = [(row.client_ip, row.request_count, row.requests_at_most) for row in got.rows]
    assert found == [("10.0.0.2", 3, 7), ("10.0.0.1", 2, 6)]
    assert (got.total_requests, got.unattributed_requests, got.overflow_requests) == (9, 4, 4)
    assert [(row.request_count, row.requests_at_most) for row in mine.rows] == [(2, 6)]
    assert [(row.request_count, row.requests_at_most) for row in by_agent.rows] == [(3, 7), (2, 6)]


def test_requests_without_an_address_are_not_attributed(tmp_path: Path) -> None:
    with opened_store(tmp_path / "a.db") as store:
        send(store, [Sent(START), *[Sent(START, client="")] * 3], CapConfig())
        got = asked(store, QuerySpec(endpoint=("/a",)))
    assert (got.total_requests, got.attributed_requests, got.unattributed_requests) == (4, 1, 3)
    assert [(row.request_count, row.requests_at_most, row.share) for row in got.rows] == [(1, 1, 25.0)]


def test_endpoints_past_the_cap_on_series_are_told_of(tmp_path: Path) -> None:
    caps = CapConfig(series_per_hour=1)
    with opened_store(tmp_path / "a.db", caps=caps.model_dump()) as store:
        send(store, [Sent(START, "/b")], caps)
        send(store, [Sent(START, "/a")] * 3, caps)
        got = asked(store, QuerySpec(endpoint=("/a",)))
    assert (got.total_requests, got.attributed_requests) == (3, 3)
    assert [(row.request_count, row.requests_at_most, row.share) for row in got.rows] == [(3, 3, 100.0)]
    assert got.warnings[0].startswith("3 requests are counted without their endpoint")


def test_totals_that_are_kept_less_long_than_clients_are_unknown(tmp_path: Path) -> None:
    retention = RetentionConfig(hour_aggregates_days=7, client_analytics_days=30).model_dump()
    old = START - 10 * 24 * HOUR
    with opened_store(tmp_path / "a.db", retention=retention) as store:
        send(store, [Sent(old - HOUR, "/b"), Sent(old), Sent(START)], CapConfig())
        fold(store)
        recent = asked(store, QuerySpec(start=START, endpoint=("/a",)))
        both = asked(store, QuerySpec(start=old, endpoint=("/a",)))
    assert (recent.total_requests, recent.attributed_requests) == (1, 1)
    assert (both.total_requests, both.attributed_requests) == (None, 2)
    assert [(row.request_count, row.requests_at_most, row.share) for row in both.rows] == [(2, 2, None)]


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        (QuerySpec(), "endpoint", "endpoint is missing"),
        (QuerySpec(endpoint=("/a", "__overflow__")), "endpoint", "stands for all that are past the cap"),
        (QuerySpec(endpoint=("/a",), method=("GET",)), "method", "method cannot filter this report"),
        (QuerySpec(endpoint=("/a",), error_type=("timeout",)), "error_type", "error_type cannot filter this report"),
    ],
)
def test_what_cannot_be_answered_is_refused(tmp_path: Path, spec: QuerySpec, field: str, words: str) -> None:
    with opened_store(tmp_path / "a.db") as store, pytest.raises(QueryError, match=words) as caught:
        asked(store, replace(spec, duration=HOUR))
    assert caught.value.field == field
