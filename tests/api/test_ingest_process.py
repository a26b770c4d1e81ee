"""A server process that is killed, flooded, lied to and bombed: what it acknowledged is there, once, and it goes on."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import zstandard

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.config import ENVIRONMENT_PREFIX
from tests.support.process import Server, server_process, start_server

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = f"{BASE_PATH}/events"
MEBIBYTE = 1024 * 1024
HOUR = 3_600
KINDS = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    bounds = settings(INGEST__BODY_TIMEOUT_SECONDS="0.5", INGEST__MAX_BODY_BYTES=str(2 * MEBIBYTE))
    with server_process(tmp_path_factory.mktemp("ingest"), **bounds) as running:
        yield running


def settings(**values: str) -> dict[str, str]:
    return {f"{ENVIRONMENT_PREFIX}{name}": value for name, value in values.items()}


def post(server: Server, content: Any) -> httpx.Response:
    return server.client.post(EVENTS, content=content, headers=KINDS)


def begin(server: Server, head: str, content: bytes = b"") -> socket.socket:
    """Return a connection on which a request was begun."""
    connection = socket.create_connection(("127.0.0.1", httpx.URL(server.url).port or 0), timeout=60)
    connection.sendall(head.encode() + content)
    return connection


def peak_bytes(server: Server) -> int:
    """Return the largest resident set the process has had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1_024


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def body(count: int, seed: int) -> bytes:
    """Return `count` events of now, of five endpoints, whose sizes tell them apart in a sum."""
    made = [{"path": f"/p/{'abcde'[n % 5]}", "status_code": 200, "bytes_sent": seed + n} for n in range(count)]
    return b"\n".join(json.dumps(one).encode() for one in made)


def bytes_of(count: int, seed: int) -> int:
    return sum(seed + n for n in range(count))


def total(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.data("overview", duration=HOUR, end_time=f"{time.time() + 60:.0f}")
    return found


def is_alive(server: Server) -> bool:
    return post(server, b'{"path":"/alive"}').status_code == 200


def answer_of(connection: socket.socket) -> str:
    """Return what comes until the other side closes or goes silent after an answer."""
    with connection:
        head = b""
        while b"\r\n\r\n" not in head and (piece := connection.recv(65_536)):
            head += piece
    return head.split(b"\r\n")[0].decode()


def head(length: str) -> str:
    return f"POST {EVENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n"


def send_until_stored(port: int, number: int, size: int, outcomes: Counter[str]) -> None:
    """Send a batch with its key as a careful sender does: again until it is acknowledged."""
    headers = {**KINDS, "Idempotency-Key": f"batch-{number}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, verify=False) as client:
        while True:
            try:
                answer = client.post(EVENTS, content=body(size, number), headers=headers)
            except httpx.TransportError:
                outcomes["broken"] += 1
                time.sleep(0.05)  # the server is being started again; nothing here depends on how long that takes
                continue
            if answer.status_code == 200:
                data = answer.json()["data"]
                assert data["stored"] + data["deduplicated"] == size
                return
            assert answer.status_code in (429, 503), answer.text
            outcomes[str(answer.status_code)] += 1


def test_killed_under_load_each_event_counts_once(tmp_path: Path) -> None:
    port, size, batches, outcomes = free_port(), 50, 90, Counter[str]()
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send_until_stored, port, number, size, outcomes) for number in range(batches)]
        finished = as_completed(sent)
        for _ in range(2):
            server = start_server(tmp_path, "--port", str(port))
            for one in islice(finished, 20):
                one.result()
            server.kill()
        with server_process(tmp_path, "--port", str(port)) as server:
            for one in sent:
                one.result()
            overview = total(server)
            assert overview["total_requests"] == size * batches
            assert overview["total_bytes_sent"] == sum(bytes_of(size, number) for number in range(batches))
            counts = {row["endpoint"]: row["request_count"] for row in overview["top_endpoints"]}
            assert counts == {f"/p/{name}": size * batches // 5 for name in "abcde"}
            sources = server.data("status")["sources"]
    assert outcomes["broken"] > 0
    (row,) = (row for row in sources if row["source"] == "events")
    assert row["received"] == row["stored"] + row["deduplicated"] + row["rejected"]


def test_overload_turns_senders_away_and_loses_nothing(tmp_path: Path) -> None:
    bounds = settings(STORE__QUEUE_EVENTS="3000", INGEST__IN_FLIGHT_BYTES=str(MEBIBYTE), INGEST__WORKERS="1")
    with server_process(tmp_path, **bounds) as server:
        statuses: Counter[int] = Counter()
        stored: list[int] = []
        lock = threading.Lock()

        def flood(seed: int) -> None:
            with httpx.Client(base_url=server.client.base_url, timeout=60, verify=False) as client:
                for number in range(10):
                    answer = client.post(EVENTS, content=body(1_000, seed + number), headers=KINDS)
                    if answer.status_code != 200:
                        assert 1 <= int(answer.headers["Retry-After"]) <= 30
                        assert answer.json()["success"] is False
                    with lock:
                        statuses[answer.status_code] += 1
                        if answer.status_code == 200:
                            assert answer.json()["data"]["stored"] == 1_000
                            stored.append(bytes_of(1_000, seed + number))

        with ThreadPoolExecutor(20) as pool:
            for done in [pool.submit(flood, seed * 1_000) for seed in range(20)]:
                done.result()
        assert statuses[200] > 0
        assert statuses[429] + statuses[503] > 0
        assert set(statuses) <= {200, 429, 503}
        answer = post(server, body(10, 5))
        assert answer.status_code == 200, "it does not recover"
        overview = total(server)
        assert overview["total_requests"] == 1_000 * statuses[200] + 10
        assert overview["total_bytes_sent"] == sum(stored) + bytes_of(10, 5)
        (row,) = server.data("status")["sources"]
        assert (row["received"], row["rejected"]) == (row["stored"], 0) == (overview["total_requests"], 0)


def test_a_body_that_does_not_arrive_is_given_up(server: Server) -> None:
    connections = [begin(server, head("Content-Length: 100"), b'{"path":') for _ in range(20)]
    assert is_alive(server)
    for connection in connections:
        assert answer_of(connection).startswith("HTTP/1.1 408")
    assert is_alive(server)


def test_bodies_that_are_only_announced_keep_nobody_out(tmp_path: Path) -> None:
    with server_process(tmp_path, **settings(INGEST__IN_FLIGHT_BYTES=str(MEBIBYTE))) as server:
        announced = [begin(server, head("Content-Length: 500000"), b'{"path":') for _ in range(6)]
        answer = post(server, body(7_000, 1)[:500_000].rpartition(b"\n")[0])
        for connection in announced:
            connection.close()
        assert answer.status_code == 200, answer.text


def test_a_length_that_is_too_large_is_refused_before_the_body(server: Server) -> None:
    for length in (str(2 * MEBIBYTE + 1), "1" + "0" * 18, "9" * 400):
        status = answer_of(begin(server, head(f"Content-Length: {length}")))
        assert status.startswith(("HTTP/1.1 413", "HTTP/1.1 400")), status
    assert is_alive(server)


def test_a_chunked_body_is_bounded_while_it_is_read(server: Server) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(40):
            sent += MEBIBYTE // 2
            yield b" " * (MEBIBYTE // 2)

    before = peak_bytes(server)
    assert post(server, endless()).status_code == 413
    assert peak_bytes(server) - before < 16 * MEBIBYTE
    assert is_alive(server)


def test_a_wrong_length_stores_nothing_and_harms_nobody(server: Server) -> None:
    event, before = b'{"path":"/lied"}', total(server)["total_requests"]
    assert answer_of(begin(server, head("Content-Length: 5"), event)).startswith("HTTP/1.1 400")
    connection = begin(server, head("Content-Length: 1000"), event)
    connection.shutdown(socket.SHUT_WR)  # the rest will never come
    connection.recv(65_536)
    connection.close()
    for wrong in ("Content-Length: -1", "Content-Length: x", "Content-Length: 1\r\nContent-Length: 2"):
        assert not answer_of(begin(server, head(wrong), event)).startswith("HTTP/1.1 2")
    assert total(server)["total_requests"] == before
    assert is_alive(server)


BOMBS: dict[str, tuple[bytes, dict[str, str]]] = {
    "gzip": (gzip.compress(b" " * (100 * MEBIBYTE)), {"Content-Encoding": "gzip"}),
    "deflate": (zlib.compress(b" " * (100 * MEBIBYTE)), {"Content-Encoding": "deflate"}),
    "zstd": (zstandard.compress(b" " * (100 * MEBIBYTE)), {"Content-Encoding": "zstd"}),
    "gzip of gzip": (gzip.compress(gzip.compress(b" " * (100 * MEBIBYTE))), {"Content-Encoding": "gzip"}),
    "empty events": (b"[" + b"{}," * 600_000 + b"{}]", {}),
    "numbers": (b"[" + b"1," * 1_000_000 + b"1]", {}),
    "line feeds": (b"{}" + b"\n" * 2_000_000 + b"{}", {}),
    "depth": (b"[" * 2_000_000, {}),
    "depth of objects": (b'{"a":' * 400_000, {}),
    "depth of metadata": (b'{"path":"/","metadata":' + b"[" * 1_900_000, {}),
    "names": (b"{" + b",".join(b'"%d":1' % n for n in range(150_000)) + b"}", {}),
    "one number": (b'{"path":"/","status_code":' + b"9" * 2_000_000 + b"}", {}),
    "one text": (b'{"path":"' + b"x" * 2_000_000 + b'"}', {}),
}


def test_bombs_are_refused_in_bounded_memory(server: Server) -> None:
    assert is_alive(server)
    before, requests = peak_bytes(server), total(server)["total_requests"]
    for name, (content, headers) in BOMBS.items():
        answer = server.client.post(EVENTS, content=content, headers={"Content-Type": "application/json", **headers})
        assert answer.status_code in (400, 413, 422), name
        assert answer.json()["success"] is False
    assert peak_bytes(server) - before < 96 * MEBIBYTE
    assert total(server)["total_requests"] == requests
    assert is_alive(server)
