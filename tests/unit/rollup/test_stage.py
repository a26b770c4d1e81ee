"""The whole stage against a rollup made with dictionaries."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.config import CapConfig, Templating
from mockforge_analytics.model.batch import (
    CLIENT_ENDPOINT_SCHEMA,
    CLIENT_SCHEMA,
    ERROR_EVENT_SCHEMA,
    SERIES_DELTA_SCHEMA,
)
from mockforge_analytics.model.dimensions import ERROR_SERIES_SCHEMA
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.rollup import Rollup
from tests.support.rollup_oracle import Row, add_up, read

START = 1_750_000_000_000_000  # microseconds
NOW = START + 86_400_000_000
MANY = 20_000

ROW = st.fixed_dictionaries(
    {
        "timestamp": st.integers(START, START + 7_200_000_000) | st.integers(86_400_000_000, START),
        "protocol": st.sampled_from(["HTTP", "gRPC", "custom"]),
        "method": st.sampled_from(["GET", "POST", None]),
        "endpoint": st.sampled_from(["/a", "/b", "/b/:id"]),
        "status_code": st.sampled_from([None, 0, 13, 200, 304, 404, 429, 451, 499, 500, 599, 999]),
        "latency": st.none() | st.floats(0, 100) | st.sampled_from([0.0, 5e-7, 1.5e-6, 2.5e-6, 0.001]),
        "bytes_sent": st.none() | st.integers(0, 2**40),
        "bytes_received": st.none() | st.integers(0, 10),
        "client_ip": st.sampled_from(["192.0.2.1", "2001:db8::1", None]),
        "user_agent": st.sampled_from(["curl/8.0", "", None]),
        "workspace_id": st.sampled_from(["w", "", None]),
        "environment": st.sampled_from(["prod", None]),
        "error_type": st.sampled_from([None, None, "", "timeout", "not_found", "connection_refused", "odd"]),
    }
)
ROWS = st.lists(ROW, min_size=1, max_size=60)


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in REQUEST_SCHEMA} for row in rows], schema=REQUEST_SCHEMA)


def rollup(**caps: int) -> Rollup:
    return Rollup(Templating.IDENTIFIERS, CapConfig(**caps))


def request(**values: Any) -> Row:
    usual = {"timestamp": START, "protocol": "HTTP", "method": "GET", "endpoint": "/a", "status_code": 200}
    return {**dict.fromkeys(REQUEST_SCHEMA), **usual, **values}


@given(ROWS)
def test_deltas_are_what_dictionaries_count(rows: list[Row]) -> None:
    deltas, refused = rollup().deltas(frame(rows), now_us=NOW)
    assert refused == {}
    assert read([deltas]) == add_up(rows)


@given(ROWS, st.data())
def test_any_split_in_any_order_adds_up_to_the_whole(rows: list[Row], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    bounds = [0, *cuts, len(rows)]
    shuffled = frame(rows)[list(order)]
    stage = rollup()
    parts = [stage.deltas(shuffled[a:b], now_us=NOW)[0] for a, b in pairwise(bounds)]
    assert read(parts) == read([rollup().deltas(frame(rows), now_us=NOW)[0]])


@given(ROWS, st.data())
def test_frames_encoded_apart_become_the_deltas_of_the_whole(rows: list[Row], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    stage = rollup()
    parts = [stage.encode(frame(rows)[a:b], now_us=NOW)[0] for a, b in pairwise([0, *cuts, len(rows)])]
    deltas = stage.sums([part for part in parts if part is not None])
    whole, _ = rollup().deltas(frame(rows), now_us=NOW)
    assert read([deltas]) == add_up(rows)
    for name in ("series", "error_series", "clients", "client_endpoints"):
        assert getattr(deltas, name).frame().equals(getattr(whole, name).frame())
    assert deltas.error_owners.tolist() == whole.error_owners.tolist()


@given(ROWS, st.data())
def test_parts_of_what_was_encoded_are_what_their_rows_would_be(rows: list[Row], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(rows) - 1))
    end = data.draw(st.integers(begin + 1, len(rows)))
    encoded, _ = rollup().encode(frame(rows), now_us=NOW)
    assert encoded is not None
    deltas = rollup().sums([encoded.part(begin, end)])
    alone, _ = rollup().deltas(frame(rows[begin:end]), now_us=NOW)
    assert read([deltas]) == add_up(rows[begin:end])
    assert deltas.series.frame().equals(alone.series.frame())
    assert deltas.clients.frame().equals(alone.clients.frame())
    assert deltas.events.equals(alone.events)


@given(st.lists(ROW, min_size=1, max_size=12))
def test_series_stand_in_order_of_first_appearance(rows: list[Row]) -> None:
    deltas, _ = rollup().deltas(frame(rows), now_us=NOW)
    stage = rollup()
    single = [stage.deltas(frame([row]), now_us=NOW)[0] for row in rows]
    expected = list(dict.fromkeys(part.series.frame().row(0)[:-2] for part in single))
    assert [row[:-2] for row in deltas.series.frame().iter_rows()] == expected
    errors = list(dict.fromkeys(part.error_series.frame().row(0) for part in single if len(part.error_series)))
    assert list(deltas.error_series.frame().iter_rows()) == errors


def many_rows(seed: int, clients: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    status = rng.choice([200, 404, 500], MANY).tolist()
    return [
        request(
            timestamp=START + int(at),
            endpoint=f"/e{int(e)}",
            status_code=s,
            latency=float(x) if x < 1 else None,
            client_ip=f"c{int(c)}",
            user_agent=f"a{int(c) % 7}",
            bytes_sent=int(e),
        )
        for at, e, s, x, c in zip(
            rng.integers(0, 7_200_000_000, MANY),
            rng.integers(0, 15, MANY),
            status,
            rng.lognormal(-1, 1, MANY),
            rng.integers(0, clients, MANY),
            strict=True,
        )
    ]


@pytest.mark.parametrize("clients", [10, MANY])
def test_large_frames_take_other_paths_to_the_same_sums(clients: int) -> None:
    rows = many_rows(5, clients)
    deltas, _ = rollup().deltas(frame(rows), now_us=NOW)
    assert read([deltas]) == add_up(rows)


def test_every_frame_of_deltas_has_its_schema_and_no_nulls() -> None:
    rows = [{"timestamp": START, "protocol": "HTTP"}, request(status_code=500, client_ip="c"), request(client_ip="d")]
    deltas, _ = rollup().deltas(frame(rows), now_us=NOW)
    assert deltas.series.frame().schema == SERIES_DELTA_SCHEMA
    assert deltas.error_series.frame().schema == ERROR_SERIES_SCHEMA
    assert deltas.clients.frame().schema == CLIENT_SCHEMA
    assert deltas.client_endpoints.frame().schema == CLIENT_ENDPOINT_SCHEMA
    assert deltas.events.schema == ERROR_EVENT_SCHEMA
    for made in (deltas.series, deltas.error_series, deltas.clients, deltas.client_endpoints):
        part = made.frame()
        assert sum(part.null_count().row(0)) == 0


def test_nothing_adds_nothing() -> None:
    deltas, refused = rollup().deltas(frame([]), now_us=NOW)
    assert (len(deltas.cells), len(deltas.series), len(deltas.clients), refused) == (0, 0, 0, {})


def test_a_frame_that_is_refused_as_a_whole_adds_nothing() -> None:
    deltas, refused = rollup().deltas(frame([request(timestamp=0)] * 3), now_us=NOW)
    assert deltas.series.frame().schema == SERIES_DELTA_SCHEMA
    assert (len(deltas.cells), refused) == (0, {"timestamp_past": 3})


def test_endpoints_come_from_the_path_where_the_source_knows_none() -> None:
    rows = [
        request(endpoint=None, path="/users/42"),
        request(endpoint="/users/:id", path="/users/43"),
        request(endpoint="", path="/users/me"),
        request(endpoint=None, path=None),
        request(endpoint="/users/44", path="/users/44"),
    ]
    deltas, _ = rollup().deltas(frame(rows), now_us=NOW)
    assert deltas.series.frame()["endpoint"].to_list() == ["/users/:id", "/users/me", "", "/users/44"]
    requests = dict(zip(deltas.cells.series.tolist(), deltas.cells.measures[0].tolist(), strict=True))
    assert requests == {0: 2, 1: 1, 2: 1, 3: 1}


def test_names_that_are_the_same_once_clean_are_one_series() -> None:
    rows = [request(protocol=name, endpoint=f"/a{end}") for name, end in (("http", "\0"), ("HTTP/1.1", "\x1f"))]
    deltas, _ = rollup().deltas(frame(rows), now_us=NOW)
    assert deltas.series.frame().select("protocol", "endpoint").rows() == [("HTTP", "/a\ufffd")]
    assert deltas.cells.measures[0].tolist() == [2]


def test_texts_are_bounded() -> None:
    long = "x" * 10_000
    names = ("protocol", "method", "endpoint", "workspace_id", "environment", "client_ip", "user_agent", "error_type")
    row = request(status_code=500, **dict.fromkeys(names, long), error_message=long, trace_id=long)
    deltas, _ = rollup().deltas(frame([row]), now_us=NOW)
    limits = (32, 32, 1024, 128, 128, 64, 512, 128)
    event = deltas.events.row(0, named=True)
    assert [len(event[name]) for name in names] == list(limits)
    assert (len(event["error_message"]), len(event["trace_id"]), event["endpoint"][-2:]) == (1024, 128, "x…")
    assert [len(deltas.series.frame()[name][0]) for name in names[:5]] == list(limits[:5])
    assert [len(deltas.clients.frame()[name][0]) for name in names[5:7]] == list(limits[5:7])


def test_clients_know_family_and_version() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    deltas, _ = rollup().deltas(frame([request(client_ip="c", user_agent=agent)]), now_us=NOW)
    assert deltas.clients.frame().select("user_agent", "user_agent_family", "user_agent_version").row(0) == (
        agent,
        "Firefox",
        "128.0",
    )


def test_the_endpoints_of_a_client_are_capped() -> None:
    counts = {"/z": 5, "/a": 2, "/c": 2, "/b": 2, "/d": 1}
    rows = [request(endpoint=name, client_ip="busy") for name, n in counts.items() for _ in range(n)]
    rows += [request(endpoint=name, client_ip="calm") for name in ("/y", "/x", "/w")]
    rows += [request(endpoint=name, client_ip=None) for name in counts]
    deltas, _ = rollup(endpoints_per_client=3).deltas(frame(rows), now_us=NOW)
    ips = deltas.clients.frame()["client_ip"].to_list()
    found = {(ips[client], endpoint): count for client, endpoint, count in deltas.client_endpoints.frame().iter_rows()}
    assert found == {
        ("busy", "/z"): 5,
        ("busy", "/a"): 2,
        ("busy", "/b"): 2,
        ("busy", "__overflow__"): 3,
        **{("calm", name): 1 for name in ("/y", "/x", "/w")},
    }


def test_cells_are_minutes_where_no_finer_tier_keeps_the_frame() -> None:
    rows = [request(timestamp=START + second * 1_000_000, latency=0.5) for second in range(0, 200, 7)]
    expected: dict[int, int] = {}
    for row in rows:
        minute = row["timestamp"] // 60_000_000 * 60
        expected[minute] = expected.get(minute, 0) + 1
    deltas, _ = rollup().deltas(frame(rows), now_us=NOW, fine_from=START // 1_000_000 + 200)
    assert dict(zip(deltas.cells.bucket.tolist(), deltas.cells.measures[0].tolist(), strict=True)) == expected
    fine, _ = rollup().deltas(frame(rows), now_us=NOW, fine_from=START // 1_000_000 + 196)
    assert (fine.cells.bucket % 60 != 0).any()
