"""What goes wrong between a Prometheus server and us: nothing is stored by halves, nothing is missing afterwards."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.collection import PrometheusSource
from mockforge_analytics.query.reports.connections import open_connections
from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.sources.prometheus.client import selector
from tests.repo.syntax import ROOT
from tests.support.metrics_stub import Asked, Reply, Stub, stub
from tests.support.stores import NOW, FixedClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "s3cret-token"
SCRAPE = 15


@contextmanager
def reading(
    path: Path, server: Stub, clock: FixedClock, **more: Any
) -> Iterator[tuple[MetricsAggregator, AnalyticsDatabase]]:
    settings = {"name": "stub", "delay_seconds": 0, "history_seconds": 3_600, "timeout_seconds": 5.0, **more}
    with (
        AnalyticsDatabase.open(path, clock=clock) as database,
        closing(MetricsAggregator(database, PrometheusSource(url=server.url, **settings))) as reader,
    ):
        yield reader, database


def counter(values: dict[int, float | str], **labels: str) -> tuple[dict[str, str], list[tuple[float, float | str]]]:
    """Return a counter by the seconds after `NOW`."""
    known = {"__name__": "http_requests_total", "job": "shop", "instance": "a", "handler": "/x", "status": "200"}
    return {**known, **labels}, [(NOW + at, value) for at, value in sorted(values.items())]


def steady(minutes: int) -> tuple[dict[str, str], list[tuple[float, float | str]]]:
    """Return a counter that grows by one each scrape, from an hour ago on."""
    return counter({at: (at + 3_600) // SCRAPE for at in range(-3_600, minutes * 60 + 1, SCRAPE)})


def total(database: AnalyticsDatabase) -> int:
    return database.overview(last="2h").total_requests


def failure(kind: str, server: Stub) -> Reply:
    good = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}).encode()
    return {
        "unauthorized": Reply(401, b"Unauthorized", "text/plain"),
        "broken": Reply(500, b'{"status":"error","error":"disk on fire"}'),
        "half": Reply(200, good[:40], promised=len(good)),
        "trickling": Reply(200, good * 20, trickling=True),
        "page": Reply(200, b"<html>log in</html>", "text/html"),
        "redirect": Reply(302, headers={"Location": f"{server.url}/elsewhere"}),
        "refused": Reply(200, b'{"status":"error","errorType":"execution","error":"out of memory"}'),
        "scalar": Reply(200, b'{"status":"success","data":{"resultType":"scalar","result":[]}}'),
        "words": Reply(
            200,
            b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"many"]]}]}}',
        ),
        "large": Reply(200, b" " * 20_000),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("unauthorized", "answered 401"),
        ("broken", "answered 500: disk on fire"),
        ("half", "cannot be asked"),
        ("trickling", "takes longer than 0.5 seconds"),
        ("page", "does not answer like one"),
        ("redirect", "redirects elsewhere, which is not followed"),
        ("refused", "could not answer: out of memory"),
        ("scalar", "answered with a scalar"),
        ("words", "a value that is no number"),
        ("large", "more than 10000 bytes"),
    ],
)
def test_a_server_that_fails_is_told_and_made_up_for(tmp_path: Path, kind: str, said: str) -> None:
    clock = FixedClock()
    with stub() as server:
        server.series = [steady(30)]
        limits = (
            {"timeout_seconds": 0.5} if kind == "trickling" else {"max_body_bytes": 10_000} if kind == "large" else {}
        )
        with reading(tmp_path / "a.db", server, clock, **limits) as (reader, database):
            server.script = lambda asked: failure(kind, server) if asked.path.endswith("query") else None
            reader.cycle()
            assert reader.status.up is False
            assert reader.status.error is not None
            assert said in reader.status.error
            assert reader.status.failing_since == NOW
            assert reader.status.until is None
            assert total(database) == 0
            assert "/elsewhere" not in [asked.path for asked in server.asked]
        server.script = None
        clock.now = NOW + 1_800
        with reading(tmp_path / "a.db", server, clock) as (reader, database):
            reader.cycle()
            assert reader.status.up is True
            assert reader.status.error is None
            assert reader.status.until == NOW + 1_800
            assert total(database) == 3_600 // SCRAPE - 1  # an hour of history before this reading


def test_nobody_listens(tmp_path: Path) -> None:
    with stub() as server:
        url = server.url
    gone = Stub(url=url)
    with reading(tmp_path / "a.db", gone, FixedClock()) as (reader, _):
        waits = []
        for _ in range(8):
            reader.cycle()
            assert reader.status.error is not None
            waits.append(round(reader.seconds_to_wait(), 1))
        assert waits == [5.0, 7.5, 11.2, 16.9, 25.3, 30.0, 30.0, 30.0]


def test_thirty_minutes_of_our_downtime_are_backfilled_exactly(tmp_path: Path) -> None:
    clock = FixedClock()
    with stub() as server:
        server.series = [steady(30)]
        with reading(tmp_path / "a.db", server, clock) as (reader, database):
            reader.cycle()
            assert total(database) == 3_600 // SCRAPE - 1  # the first sample only sets the mark
        before = len(server.queries)
        clock.now = NOW + 1_800
        with reading(tmp_path / "a.db", server, clock) as (reader, database):
            reader.cycle()
            assert database.overview(last="30m").total_requests == 1_800 // SCRAPE
            minutes = database.requests(last="30m", granularity="minute").frame
            assert minutes["request_count"].to_list() == [60 // SCRAPE] * 30
            assert reader.status.target == NOW + 1_800
        windows = [asked.window for asked in server.queries[before:]]
        assert windows[0][0] == NOW
        assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]
        assert windows[-1][1] == NOW + 1_800


def test_a_server_that_loads_no_more_is_asked_for_less(tmp_path: Path) -> None:
    def refuse_long(asked: Asked) -> Reply | None:
        if asked.path.endswith("query") and asked.window[1] - asked.window[0] > 120:
            return Reply(422, b'{"status":"error","error":"query processing would load too many samples into memory"}')
        return None

    with stub() as server:
        server.series, server.script = [steady(0)], refuse_long
        with reading(tmp_path / "a.db", server, FixedClock()) as (reader, database):
            reader.cycle()
            assert reader.status.error is None
            assert total(database) == 3_600 // SCRAPE - 1


def test_an_answer_with_warnings_is_stored_and_flagged(tmp_path: Path) -> None:
    with stub() as server:
        server.series, server.warnings = [steady(0)], ["a store did not answer"]
        with reading(tmp_path / "a.db", server, FixedClock()) as (reader, database):
            reader.cycle()
            assert total(database) == 3_600 // SCRAPE - 1
            assert reader.status.warnings == ("a store did not answer",)
            assert reader.status.tally.incomplete == len(server.queries)


def test_absent_is_not_zero(tmp_path: Path) -> None:
    """A reading without series moves on and stores nothing; what the counter gained meanwhile counts later."""
    clock = FixedClock()
    with stub() as server:
        server.series = [counter({-60: 10, 0: 20})]
        with reading(tmp_path / "a.db", server, clock) as (reader, database):
            reader.cycle()
            server.series = [counter({300: 50}, instance="b"), ({"__name__": "http_requests_total"}, [])]
            clock.now = NOW + 240
            reader.cycle()
            assert total(database) == 10
            server.series = [counter({-60: 10, 0: 20, 300: 50})]
            clock.now = NOW + 300
            reader.cycle()
            assert total(database) == 40


@pytest.mark.parametrize(("age", "known"), [(0, 7), (130, 7), (240, 7), (400, 0)])
def test_connections_are_open_from_one_reading_to_the_next(tmp_path: Path, age: int, known: int) -> None:
    """Readings are a minute apart and 15 seconds late: the newest sample may be two minutes old, and still holds."""
    clock = FixedClock()
    with stub() as server:
        gauge = {"job": "shop", "instance": "a"}
        server.series = [
            ({"__name__": "mockforge_ws_connections_active", **gauge}, [(NOW - 30, 3), (NOW - 15, 5)]),
            ({"__name__": "mockforge_requests_in_flight", "protocol": "http", **gauge}, [(NOW - 15, 2)]),
            ({"__name__": "mockforge_requests_total", "protocol": "http", **gauge}, [(NOW - 15, 2)]),
        ]
        with reading(tmp_path / "a.db", server, clock) as (reader, database):
            reader.cycle()
            assert reader.status.error is None
            with database.store.snapshot() as snapshot:
                found = open_connections(snapshot, (NOW + age) * 1_000_000)
    assert sum(found.values()) == known
    assert {protocol for protocol, _, _ in found} == ({"WebSocket", "HTTP"} if known else set())


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "-1", "1e308", "18446744073709551616"])
def test_impossible_values_are_left_out_with_the_reason(tmp_path: Path, value: str) -> None:
    with stub() as server:
        server.series = [counter({-60: 10, -30: value, 0: 14})]
        with reading(tmp_path / "a.db", server, FixedClock()) as (reader, database):
            reader.cycle()
            assert total(database) == 4
            assert reader.status.tally.refused == {"not a counter value": 1}


def test_a_counter_that_vanishes_and_a_target_that_is_replaced(tmp_path: Path) -> None:
    with stub() as server:
        server.series = [
            counter({-300: 100, -240: 110}),  # gone after that: no flat line, nothing lost
            counter({-180: 7, -120: 9}, instance="b"),
            ({"__name__": "up", "job": "shop", "instance": "b"}, [(NOW - 240, 1), (NOW - 180, 1), (NOW - 120, 1)]),
        ]
        with reading(tmp_path / "a.db", server, FixedClock()) as (reader, database):
            reader.cycle()
            assert total(database) == 10 + 9  # b was watched before it counted anything
            assert reader.status.tally.assumed == 1


def test_names_and_values_cannot_leave_their_quotes(tmp_path: Path) -> None:
    evil = 'a"}) or vector(1)#\n\\'
    assert selector(["x"], {"job": evil}) == '{__name__=~"x",job="a\\"}) or vector(1)#\\n\\\\"}'
    assert selector(['m"|.*']) == '{__name__=~"m\\"\\\\|\\\\.\\\\*"}'
    with stub() as server:
        server.series = [steady(0)]
        with reading(tmp_path / "a.db", server, FixedClock(), matchers={"job": evil}) as (reader, _):
            reader.cycle()
        (first, *_) = server.queries
        assert 'job="a\\"}) or vector(1)#\\n\\\\"}[' in first.form["query"]
        assert server.asked[0].form["match[]"] == '{__name__!="",job="a\\"}) or vector(1)#\\n\\\\"}'


def test_credentials_are_sent_and_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with stub() as server:
        server.series = [steady(0)]
        with reading(
            tmp_path / "a.db", server, FixedClock(), bearer_token=TOKEN, headers={"X-Scope-OrgID": "tenant"}
        ) as (reader, _):
            reader.cycle()
            assert reader.status.error is None
            assert server.queries[0].headers["Authorization"] == f"Bearer {TOKEN}"
            assert server.queries[0].headers["X-Scope-OrgID"] == "tenant"
            server.script = lambda _: Reply(401, b"no")
            reader.cycle()
            assert TOKEN not in repr(reader.status)
        with reading(tmp_path / "b.db", server, FixedClock(), username="u", password=TOKEN) as (reader, _):
            reader.cycle()
            assert server.asked[-1].headers["Authorization"].startswith("Basic ")
            assert TOKEN not in repr(reader.status)
    assert TOKEN not in caplog.text


def read_and_die(url: str, path: Path, at_point: int) -> int:
    command = [sys.executable, "-m", "tests.prometheus.killed", url, str(path), str(NOW), str(at_point)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).returncode


def test_killed_at_any_point_of_a_write_it_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with stub() as server:
        server.series = [steady(0)]
        codes = [read_and_die(server.url, path, at_point) for at_point in (1, 2, 3, 4, 6, 9, 1_000)]
        assert set(codes[:-1]) == {-signal.SIGKILL}
        assert codes[-1] == 0
        with AnalyticsDatabase.open(path, clock=FixedClock()) as database:
            assert total(database) == 3_600 // SCRAPE - 1
