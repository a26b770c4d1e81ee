"""What is under way when a server is told to end: finished, stored, or told in time."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.support.process import Server, server_process
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

EVENT = {"method": "GET", "path": "/x", "status_code": 200}


def stored(path: Path) -> tuple[int, int]:
    """Return how many requests the database has, and how many of them are not folded."""
    with AnalyticsDatabase.open(path, writable=False) as database:
        return database.overview().total_requests, database.status().pending_requests


def half_a_request(server: Server) -> tuple[socket.socket, bytes]:
    """Send the first half of an event; return the connection and the other half."""
    body = json.dumps(EVENT).encode()
    host = server.url.removeprefix("http://")
    head = f"POST {BASE_PATH}/events HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    connection = socket.create_connection((host.split(":")[0], int(host.split(":")[1])))
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
    return connection, body[10:]


def test_a_request_under_way_is_finished(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        connection, rest = half_a_request(server)
        with connection:
            until(lambda: server.get("/health").status_code == 200, "the server has read what was sent")
            server.process.send_signal(signal.SIGTERM)
            until(lambda: not is_open(server), "the end of the listening")
            connection.sendall(rest)
            answer = b"".join(iter(lambda: connection.recv(4_096), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert server.process.wait(60) == 0
    assert stored(server.database) == (1, 0)


def is_open(server: Server) -> bool:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_a_second_signal_does_not_wait_for_requests_and_loses_nothing_accepted(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        assert server.client.post(f"{BASE_PATH}/events", json=EVENT).json()["data"]["stored"] == 1
        connection, _ = half_a_request(server)
        with connection:
            until(lambda: server.get("/health").status_code == 200, "the server has read what was sent")
            server.process.send_signal(signal.SIGTERM)
            until(lambda: not is_open(server), "the end of the listening")
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(9) == 0, "less than requests are waited for"
    assert stored(server.database) == (1, 0)


def test_streams_are_closed_in_good_order(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        with connect(f"{server.url.replace('http', 'ws')}{BASE_PATH}/stream") as stream:
            assert stream.recv(30)
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                list(iter(lambda: stream.recv(30), None))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in (1001, 1012)
        assert server.process.wait(60) == 0


def test_everything_acknowledged_under_load_is_there_afterwards(tmp_path: Path) -> None:
    acknowledged = []

    def send(server: Server) -> None:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            while True:
                try:
                    answer = client.post(f"{BASE_PATH}/events", json=[EVENT] * 50)
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    acknowledged.append(answer.json()["data"]["stored"])

    with server_process(tmp_path) as server:
        senders = [threading.Thread(target=send, args=(server,)) for _ in range(3)]
        for sender in senders:
            sender.start()
        until(lambda: len(acknowledged) >= 20, "some acknowledged batches")
        assert server.stop() == 0
        for sender in senders:
            sender.join()
    total, pending = stored(server.database)
    assert pending == 0
    # A batch may be stored whose acknowledgement was cut off by the end; none the other way round.
    assert sum(acknowledged) <= total <= sum(acknowledged) + 3 * 50


def test_the_status_tells_of_upkeep(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        assert server.data("status")["upkeep"] == {"table": None, "deleted_rows": 0, "finished_at": None}
