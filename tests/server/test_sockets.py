"""WebSockets that do not come about: an envelope for each, and nothing in the log that is no fault of the server."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from mockforge_analytics.api.app import BASE_PATH
from tests.support.process import Server, server_process

if TYPE_CHECKING:
    from pathlib import Path

STREAM: Final = f"{BASE_PATH}/stream"
HANDSHAKE: Final = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def check(body: bytes, content_type: str | None) -> None:
    assert content_type == "application/json"
    told = json.loads(body)
    assert (told["success"], told["data"]) == (False, None)
    assert len(told["error"].split()) > 3


def ask(server: Server, method: str, headers: dict[str, str]) -> tuple[int, httpx.Headers]:
    """Return status and headers of the envelope that a handshake is refused with."""
    address = httpx.URL(server.url)
    connection = HTTPConnection(address.host, address.port, timeout=30)
    try:
        connection.request(method, STREAM, headers=headers)
        answer = connection.getresponse()
        check(answer.read(), answer.getheader("Content-Type"))
        return answer.status, httpx.Headers(answer.getheaders())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "change", "status"),
    [
        ("GET", {"Sec-WebSocket-Key": ""}, 400),
        ("GET", {"Sec-WebSocket-Key": "short"}, 400),
        ("GET", {"Sec-WebSocket-Version": "8"}, 400),
        ("POST", {}, 405),
    ],
)
def test_a_handshake_that_is_not_sound(tmp_path: Path, method: str, change: dict[str, str], status: int) -> None:
    headers = {name: value for name, value in (HANDSHAKE | change).items() if value}
    with server_process(tmp_path) as server:
        found, given = ask(server, method, headers)
        assert found == status
        assert given["X-Content-Type-Options"] == "nosniff"
        assert given["Connection"] == "close"


def test_a_listener_that_may_not_listen_is_no_error_of_the_server(tmp_path: Path) -> None:
    with server_process(tmp_path, MOCKFORGE_ANALYTICS_SERVER__REQUIRE_TOKEN="true") as server:
        with pytest.raises(InvalidStatus) as refused, connect(f"ws{server.url.removeprefix('http')}{STREAM}"):
            pass
        answer = refused.value.response
        assert answer.status_code == 401
        check(bytes(answer.body or b""), answer.headers["Content-Type"])
        assert server.stop() == 0
        assert [line for line in server.log_lines if " info " not in line] == []


def test_frames_are_not_compressed(tmp_path: Path) -> None:
    with server_process(tmp_path) as server, connect(f"ws{server.url.removeprefix('http')}{STREAM}") as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
        assert "total_requests" in socket.recv(30)
