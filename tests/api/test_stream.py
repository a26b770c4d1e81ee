"""The live stream on real sockets: the contract, its settings, and deltas that end where the reports are."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.runtime.imports import import_log
from tests.support.listener import Listener
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import NOW, FixedClock
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 30.0  # for what must come
NINE = {
    "timestamp",
    "total_requests",
    "total_errors",
    "error_rate",
    "avg_latency_ms",
    "p95_latency_ms",
    "p99_latency_ms",
    "active_connections",
    "requests_per_second",
}
ROWS: list[Row] = [
    row(
        NOW - 3_000 + 7 * number,
        protocol=("HTTP", "gRPC")[number % 2],
        endpoint=f"/things/{'abc'[number % 3]}",
        method=("GET", "POST")[number % 2],
        status_code=(200, 200, 200, 404, 500)[number % 5],
        workspace_id=("", "one")[number % 4 == 0],
        latency_us=1_000 + 137 * number,
        bytes_sent=number,
    )
    for number in range(400)
]


def received(socket: ClientConnection) -> dict[str, Any]:
    message = json.loads(socket.recv(SECONDS))
    assert isinstance(message, dict)
    return message


def send(socket: ClientConnection, **config: Any) -> None:
    socket.send(json.dumps(config))


def closing(socket: ClientConnection) -> tuple[int, str]:
    """Read until the server closes; return why."""
    with pytest.raises(ConnectionClosed) as closed:
        _read_on(socket)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def _read_on(socket: ClientConnection) -> None:
    while True:
        socket.recv(SECONDS)


@contextmanager
def listening(served: Served, **options: Any) -> Iterator[ClientConnection]:
    with connect(f"{served.url.replace('http', 'ws')}{BASE_PATH}/stream", **options) as socket:
        yield socket


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, ROWS) as running:
        yield running


def test_a_client_of_the_contract_gets_nine_flat_fields_at_once(served: Served) -> None:
    with listening(served) as socket:
        told = received(socket)
    assert set(told) == NINE
    errors = sum(entry["status_code"] >= 400 for entry in ROWS)
    assert (told["timestamp"], told["total_requests"], told["total_errors"]) == (NOW, len(ROWS), errors)
    assert told["error_rate"] == pytest.approx(100 * errors / len(ROWS))


def test_the_frame_says_what_the_overview_says(served: Served) -> None:
    with listening(served) as socket:
        send(socket, interval_seconds=5, duration_seconds=900, protocol="grpc", endpoint=None, workspace_id=None)
        told = received(socket)
    data = served.data("overview", duration=900, protocol="grpc")
    assert {name: told[name] for name in NINE - {"timestamp"}} == {name: data[name] for name in NINE - {"timestamp"}}


def test_frames_go_on_every_interval(served: Served) -> None:
    with listening(served) as socket:
        send(socket, interval_seconds=1)
        first = received(socket)
        served.database.write_requests(frame([row(NOW - 5)]))
        assert received(socket)["total_requests"] == first["total_requests"] + 1


def test_settings_apply_at_once_and_replace_all_of_the_last(served: Served) -> None:
    with listening(served) as socket:
        send(socket, interval_seconds=3_600, endpoint="/things/a", protocol="HTTP")
        both = sum(entry["endpoint"] == "/things/a" and entry["protocol"] == "HTTP" for entry in ROWS)
        assert received(socket)["total_requests"] == both
        send(socket, interval_seconds=3_600, endpoint="/things/a")
        assert received(socket)["total_requests"] == sum(entry["endpoint"] == "/things/a" for entry in ROWS)
        send(socket, workspace_id="one", interval_seconds=3_600, unknown="ignored")
        assert received(socket)["total_requests"] == sum(entry["workspace_id"] == "one" for entry in ROWS)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for tests that count nothing."""
    with serving(tmp_path_factory.mktemp("stream"), ROWS) as running:
        yield running


WRONG = [
    "",
    "no JSON",
    "[]",
    '"text"',
    '{"interval_seconds": 0}',
    '{"interval_seconds": 3601}',
    '{"interval_seconds": 1e300}',
    '{"interval_seconds": NaN}',
    '{"interval_seconds": "5"}',
    '{"interval_seconds": true}',
    '{"duration_seconds": -1}',
    '{"duration_seconds": 1000000000000000000000000000000}',
    f'{{"duration_seconds": {"9" * 5_000}}}',
    f'{{"endpoint": {"9" * 5_000}}}',
    '{"endpoint": {"a": 1}}',
    '{"endpoint": "\\ud800"}',
    '{"endpoint": "a\\u0000b"}',
    '{"status_code": "abc"}',
    '{"frames": "all"}',
    '{"client_ip": "127.0.0.1"}',
    "[" * 30_000 + "]" * 30_000,
    '{"a":' * 9_000 + "1" + "}" * 9_000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("message", WRONG, ids=lambda message: str(message[:40]))
def test_a_wrong_message_is_ignored(shared: Served, message: str | bytes) -> None:
    with listening(shared) as socket:
        send(socket, interval_seconds=3_600, endpoint="/things/a")
        first = received(socket)
        socket.send(message)
        send(socket, interval_seconds=3_600, endpoint="/things/b")
        assert received(socket)["total_requests"] not in (0, first["total_requests"])


@pytest.mark.parametrize("message", WRONG, ids=lambda message: str(message[:40]))
def test_a_listener_of_deltas_is_told_what_is_wrong(shared: Served, message: str | bytes) -> None:
    with listening(shared) as socket:
        send(socket, frames="delta", interval_seconds=3_600)
        held = received(socket)
        assert held["type"] == "snapshot"
        socket.send(message)
        told = received(socket)
        assert told["type"] == "error", told
        assert isinstance(told["error"], str)
        shared.database.write_requests(frame([row(NOW - 1)]))
        assert received(socket)["from_commit"] == held["commit"]  # it goes on as it was


def test_settings_may_come_as_a_binary_message(shared: Served) -> None:
    with listening(shared) as socket:
        socket.send(json.dumps({"interval_seconds": 3_600, "endpoint": "/things/a"}))
        first = received(socket)
        socket.send(json.dumps({"interval_seconds": 3_600, "endpoint": "/things/b"}).encode())
        assert received(socket)["total_requests"] not in (0, first["total_requests"])


def test_an_error_names_the_key(shared: Served) -> None:
    with listening(shared) as socket:
        for key, value in (
            ("interval_seconds", 0),
            ("duration_seconds", 10**9),
            ("granularity", "fortnight"),
            ("group_by", "colour"),
            ("status_code", "x"),
            ("error_type", "timeout"),
        ):
            send(socket, frames="delta", **{key: value})
            told = received(socket)
            while told.get("type") != "error":
                told = received(socket)
            assert told["field"] == key
            assert told["error"]


def test_deltas_end_where_the_reports_are(served: Served) -> None:
    """Reports asked for the window of the last frame say the same, also after the commit number of the frame."""
    held = Listener()
    with listening(served) as socket:
        send(socket, frames="delta", group_by="protocol", duration_seconds=1_800, interval_seconds=3_600)
        held.take(received(socket))
        commit = held.commit
        for number in range(20):
            commit = served.database.write_requests(
                frame([row(NOW - 37 * number, protocol="HTTP", latency_us=number), row(NOW - 2_000 + number)])
            ).commit
        while held.commit < commit:
            held.take(received(socket))
    assert held.kinds["snapshot"] == 1
    start, end = held.window
    data = served.data("overview", start_time=start, end_time=end)
    assert data["meta"]["commit"] == held.commit
    for name in held.overview.keys() - {"timestamp"}:
        assert held.overview[name] == data[name], name
    trends = served.data("latency", start_time=start, end_time=end, granularity=held.granularity)["trends"]
    assert list(held.latency.values()) == trends
    series = served.data("requests", start_time=start, end_time=end, granularity=held.granularity, group_by="protocol")
    assert held.lines == {
        line["label"]: {point["timestamp"]: (point["value"], point["error_count"]) for point in line["data"]}
        for line in series["series"]
    }


@pytest.mark.parametrize("group_by", ["status_class", "status_code", "method", "endpoint", "environment", "none"])
def test_a_snapshot_has_the_series_of_the_requests_route(shared: Served, group_by: str) -> None:
    with listening(shared) as socket:
        send(socket, frames="delta", group_by=group_by, protocol="HTTP", interval_seconds=3_600)
        told = received(socket)
    window = {name: told[name] for name in ("start_time", "end_time", "granularity")}
    assert told["series"] == shared.data("requests", **window, group_by=group_by, protocol="HTTP")["series"]


def test_a_reconnecting_listener_gets_a_snapshot_again_and_so_does_one_who_repeats_its_settings(served: Served) -> None:
    with listening(served) as socket:
        for _ in range(3):
            send(socket, frames="delta", interval_seconds=3_600)
            assert received(socket)["type"] == "snapshot"


def test_a_window_that_moves_on_is_told_by_a_tick(tmp_path: Path) -> None:
    clock = FixedClock()
    with serving(tmp_path, ROWS, clock=clock) as served, listening(served) as socket:
        send(socket, frames="delta", interval_seconds=1, duration_seconds=60)
        first = received(socket)
        clock.now += 30
        told = received(socket)
        while told["end_time"] == first["end_time"]:
            told = received(socket)
        assert (told["type"], told["end_time"] - first["end_time"], told["commit"]) == ("tick", 30, first["commit"])


def test_requests_that_are_stored_in_any_way_are_told(served: Served, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text('127.0.0.1 - - [14/Nov/2023:12:33:50 +0000] "GET /logged HTTP/1.1" 200 12 "-" "curl/8"\n' * 3)
    with listening(served) as socket:
        send(socket, frames="delta", group_by="endpoint", endpoint="/logged", interval_seconds=3_600)
        assert received(socket)["series"] == []
        import_log(served.database, log)
        told = received(socket)
        while not told.get("series"):
            told = received(socket)
        assert (told["series"][0]["label"], told["series"][0]["total"]) == ("/logged", 3)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://", "http://[", "https://"]
)
def test_pages_of_other_origins_are_refused(shared: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, listening(shared, origin=origin):
        pass
    assert refused.value.response.status_code == 403
    body = json.loads(refused.value.response.body or b"")
    assert (body["success"], body["field"]) == (False, "Origin")


def test_its_own_pages_and_those_that_the_settings_name_may_listen(tmp_path: Path) -> None:
    allowed = {"allowed_origins": ["https://dash.example"]}
    with serving(tmp_path, server=allowed) as served:
        for origin in (served.url, "https://dash.example", "https://DASH.example:443"):
            with listening(served, origin=origin) as socket:
                assert set(received(socket)) == NINE
