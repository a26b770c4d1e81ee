"""Tokens, scopes and sessions over a real socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.store.tokens import TokenFile
from tests.support.server import Served, serving
from tests.support.stores import MICROS, NOW, FixedClock
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS: list[Row] = [row(NOW - 100 - number) for number in range(20)]
EVENT = {"timestamp": NOW, "method": "GET", "path": "/x", "status_code": 200}
HOUR = 3_600


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def served(tmp_path: Path, clock: FixedClock) -> Iterator[Served]:
    with serving(tmp_path, ROWS, clock=clock) as running:
        yield running


@pytest.fixture
def tokens(served: Served, clock: FixedClock) -> TokenFile:
    return TokenFile(served.database.path, clock)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def ask(served: Served, secret: str | None = None, route: str = "overview", **options: Any) -> httpx.Response:
    headers = {} if secret is None else bearer(secret)
    return served.client.request(options.pop("method", "GET"), f"{BASE_PATH}/{route}", headers=headers, **options)


def assert_refused(answer: httpx.Response, status: int, says: str) -> None:
    body = answer.json()
    assert (answer.status_code, body["success"], body["data"]) == (status, False, None)
    assert says in body["error"]


def documented_routes(served: Served) -> list[tuple[str, str]]:
    document = served.client.get(f"{BASE_PATH}/openapi.json").json()
    return [
        (method, path) for path, methods in document["paths"].items() for method in methods if path.startswith("/api")
    ]


def test_without_tokens_the_loopback_address_is_open(served: Served) -> None:
    assert ask(served).status_code == 200
    told = ask(served, route="session").json()["data"]
    assert told == {
        "auth_required": False,
        "authenticated": True,
        "scopes": ["ingest", "read", "admin"],
        "workspace_id": None,
    }


def test_with_the_first_token_every_route_requires_one(served: Served, tokens: TokenFile) -> None:
    routes = documented_routes(served)
    tokens.create("one", [Scope.READ])
    asked = 0
    for method, path in [*routes, ("get", f"{BASE_PATH}/openapi.json"), ("get", f"{BASE_PATH}/docs")]:
        answer = served.client.request(method, path)
        if path.endswith("/session"):
            assert answer.status_code != 401
            continue
        assert_refused(answer, 401, "token is required")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        asked += 1
    assert asked >= 16
    with pytest.raises(InvalidStatus) as refused, connect(f"{served.url.replace('http', 'ws')}{BASE_PATH}/stream"):
        pass
    assert refused.value.response.status_code == 401


def test_health_needs_none(served: Served, tokens: TokenFile) -> None:
    tokens.create("one", [Scope.READ])
    assert served.client.get("/health").status_code == served.client.get("/ready").status_code == 200


@pytest.mark.parametrize(
    ("scope", "reads", "sends"), [(Scope.READ, True, False), (Scope.INGEST, False, True), (Scope.ADMIN, True, True)]
)
def test_scopes(served: Served, tokens: TokenFile, scope: Scope, reads: bool, sends: bool) -> None:
    _, secret = tokens.create("one", [scope])
    for route in ("overview", "status", "export/csv", "docs"):
        answer = ask(served, secret, route)
        assert answer.status_code == (200 if reads else 403)
    answer = ask(served, secret, "events", method="POST", json=EVENT)
    assert answer.status_code == (200 if sends else 403)
    if not sends:
        assert_refused(answer, 403, "scope ingest")
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="ingest"'


def test_revoked_expired_and_wrong_tokens(served: Served, tokens: TokenFile, clock: FixedClock) -> None:
    token, secret = tokens.create("one", [Scope.READ])
    _, brief = tokens.create("brief", [Scope.READ], expires_at=(NOW + HOUR) * MICROS)
    assert ask(served, secret).status_code == ask(served, brief).status_code == 200
    clock.now = NOW + HOUR
    assert_refused(ask(served, brief), 401, "unknown, revoked or expired")
    tokens.revoke(token.id)
    assert_refused(ask(served, secret), 401, "unknown, revoked or expired")
    for wrong in (secret[:-1], secret.upper(), "é"):
        answer = served.client.get(f"{BASE_PATH}/overview", headers=[(b"Authorization", f"Bearer {wrong}".encode())])
        assert_refused(answer, 401, "")
    assert served.client.get(f"{BASE_PATH}/overview", headers={"Authorization": f"Basic {secret}"}).status_code == 401


def test_the_last_token_revoked_opens_the_loopback_address_again(served: Served, tokens: TokenFile) -> None:
    token, _ = tokens.create("one", [Scope.READ])
    assert ask(served).status_code == 401
    tokens.revoke(token.id)
    assert ask(served).status_code == 200


def test_guessing_is_slowed_down_and_a_good_token_still_works(served: Served, tokens: TokenFile) -> None:
    _, secret = tokens.create("one", [Scope.READ])
    codes = [ask(served, f"mfa_{number}").status_code for number in range(12)]
    assert codes == [401] * 10 + [429] * 2
    refused = ask(served, "mfa_another")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert ask(served, secret).status_code == 200


def test_an_open_stream_closes_when_its_token_is_revoked(served: Served, tokens: TokenFile) -> None:
    token, secret = tokens.create("one", [Scope.READ])
    address = f"{served.url.replace('http', 'ws')}{BASE_PATH}/stream"
    with connect(address, additional_headers=bearer(secret)) as socket:
        assert socket.recv(30)
        tokens.revoke(token.id)
        with pytest.raises(ConnectionClosed) as closed:
            list(iter(lambda: socket.recv(30), None))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_a_damaged_token_file_lets_nobody_in(served: Served, tokens: TokenFile) -> None:
    tokens.create("one", [Scope.READ])
    tokens.path.write_text("{")
    assert_refused(ask(served), 503, "repair the file")


def test_settings_may_require_a_token_before_there_is_one(tmp_path: Path) -> None:
    with serving(tmp_path, server={"require_token": True}) as served:
        assert_refused(ask(served), 401, "token is required")


def sign_in(served: Served, secret: str, **options: Any) -> httpx.Response:
    return served.client.post(f"{BASE_PATH}/session", json={"token": secret}, **options)


def test_a_session_stands_for_its_token(served: Served, tokens: TokenFile) -> None:
    token, secret = tokens.create("one", [Scope.READ, Scope.INGEST], workspace_id="shop")
    answer = sign_in(served, secret)
    told = {"auth_required": True, "authenticated": True, "scopes": ["ingest", "read"], "workspace_id": "shop"}
    assert answer.json()["data"] == told
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert secret.lower() not in cookie
    assert ask(served, route="session").json()["data"] == told
    assert ask(served).status_code == 200
    tokens.create("other", [Scope.READ])
    tokens.revoke(token.id)
    assert ask(served).status_code == 401


def test_signing_out_ends_the_session(served: Served, tokens: TokenFile) -> None:
    _, secret = tokens.create("one", [Scope.READ])
    sign_in(served, secret)
    (kept,) = served.client.cookies.items()
    answer = served.client.delete(f"{BASE_PATH}/session")
    assert answer.json()["data"]["authenticated"] is False
    assert not served.client.cookies
    served.client.cookies.set(*kept)
    assert ask(served).status_code == 401


def test_signing_in_with_a_wrong_token(served: Served, tokens: TokenFile) -> None:
    tokens.create("one", [Scope.READ])
    answer = sign_in(served, "mfa_wrong")
    assert_refused(answer, 401, "unknown")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_page_cannot_change_anything(served: Served, tokens: TokenFile, origin: str) -> None:
    foreign = {"Origin": origin}
    answer = served.client.post(f"{BASE_PATH}/events", json=EVENT, headers=foreign)
    assert_refused(answer, 403, "origin")
    _, secret = tokens.create("one", [Scope.ADMIN])
    assert_refused(sign_in(served, secret, headers=foreign), 403, "origin")
    assert sign_in(served, secret, headers={"Origin": served.url}).status_code == 200
    answer = served.client.post(f"{BASE_PATH}/events", json=EVENT, headers=foreign)
    assert_refused(answer, 403, "origin")
    assert served.client.post(f"{BASE_PATH}/events", json=EVENT, headers={"Origin": served.url}).status_code == 200


BODIES = {
    b"": (400, "token"),
    b"{": (400, "token"),
    b"\xff{": (400, "token"),
    b"[" * 4_000: (400, "token"),
    b"[]": (422, "token"),
    b"{}": (422, "token"),
    b'{"token": 1}': (422, "token"),
    b'{"token": ""}': (422, "token"),
    b'{"token": "\\ud800"}': (400, "token"),
    b'{"token": "%s"}' % (b"x" * 201): (422, "token"),
    b'{"token": "%s"}' % (b"x" * 5_000): (413, "token"),
}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body)[:30])
def test_what_is_no_token_is_told_what_one_looks_like(served: Served, body: bytes) -> None:
    status, field = BODIES[body]
    answer = served.client.post(f"{BASE_PATH}/session", content=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["field"] == field
    assert '{"token": "mfa_…"}' in answer.json()["error"]


@pytest.mark.parametrize(
    "said",
    [
        b"Content-Length: 5000\r\n\r\n",  # refused for what it says
        b"Transfer-Encoding: chunked\r\n\r\n1400\r\n" + b"x" * 0x1400,  # for what came of it, long before its end
    ],
)
def test_a_sign_in_is_not_read_to_its_end(served: Served, said: bytes) -> None:
    """Anybody may send one, so it may not fill the memory."""
    address = httpx.URL(served.url)
    with socket.create_connection((address.host, address.port or 0), timeout=30) as connection:
        connection.sendall(f"POST {BASE_PATH}/session HTTP/1.1\r\nHost: localhost\r\n".encode() + said)
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_sign_in_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path, ingest={"body_timeout_seconds": 0.1}) as served:
        address = httpx.URL(served.url)
        with socket.create_connection((address.host, address.port or 0), timeout=30) as connection:
            start = f"POST {BASE_PATH}/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{"
            connection.sendall(start.encode())
            assert connection.recv(12) == b"HTTP/1.1 408"
