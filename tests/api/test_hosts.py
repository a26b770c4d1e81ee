"""Names, origins and policies: what protects a server on this machine from the pages of others."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import httpx
import pytest

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.api.hosts import host_allowed
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "https://dash.example"
SETTINGS = {"allowed_hosts": ["analytics.example", "*.internal.example"], "allowed_origins": [ORIGIN]}
ROUTE = f"{BASE_PATH}/overview"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hosts"), server=SETTINGS) as running:
        yield running


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "127.0.0.1:80", "127.9.9.9", "[::1]:9180", "app.localhost", "analytics.example",
     "Analytics.Example.:443", "a.internal.example", "a.b.internal.example:1"],
)  # fmt: skip
def test_names_of_the_server(served: Served, host: str) -> None:
    assert served.client.get(ROUTE, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "analytics.example.evil.example", "internal.example", "xinternal.example", "192.0.2.1",
     "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "0.0.0.0:9180", "x"],
)  # fmt: skip
def test_names_of_others(served: Served, host: str) -> None:
    answer = served.client.get(ROUTE, headers={"Host": host})
    assert (answer.status_code, answer.json()["field"]) == (421, "Host")
    assert served.client.get("/health", headers={"Host": host}).status_code == 200


def test_a_request_has_one_name(served: Served) -> None:
    names = ("localhost", "evil.example")
    for both in (names, names[::-1]):
        connection = HTTPConnection(httpx.URL(served.url).netloc.decode())
        connection.putrequest("GET", ROUTE, skip_host=True)
        for name in both:
            connection.putheader("Host", name)
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["field"]) == (400, "Host")
        connection.close()


def test_the_address_that_was_called_is_a_name() -> None:
    assert host_allowed("192.0.2.7:9180", ["192.0.2.7"])
    assert host_allowed("[2001:db8::7]:9180", ["2001:db8::7"])
    assert not host_allowed("192.0.2.8:9180", ["192.0.2.7"])


def test_only_pages_of_allowed_origins_may_read(served: Served) -> None:
    allowed = served.client.get(ROUTE, headers={"Origin": ORIGIN})
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    export = served.client.get(f"{BASE_PATH}/export/csv", headers={"Origin": ORIGIN})
    readable = export.headers["Access-Control-Expose-Headers"].lower().split(", ")
    own = [name for name in export.headers if name.startswith("x-analytics-")]
    assert own
    assert {"x-request-id", "retry-after", "content-disposition", *own} <= set(readable)
    assert (
        "Access-Control-Allow-Origin" not in served.client.get(ROUTE, headers={"Origin": "https://x.example"}).headers
    )
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = served.client.options(f"{BASE_PATH}/events", headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)


def test_no_page_may_read_where_none_is_allowed(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        answer = served.client.get(ROUTE, headers={"Origin": ORIGIN})
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_every_answer_has_its_policies(served: Served) -> None:
    for path in (ROUTE, "/health", "/nothing", f"{BASE_PATH}/docs", "/"):
        headers = served.client.get(path, headers={"Accept": "text/html"}).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["Content-Security-Policy"]
        if path.endswith("/docs"):
            assert "script-src" not in policy
        elif headers["Content-Type"].startswith("text/html"):
            assert policy["script-src"] == "'self'"
            assert f"ws://{served.url.removeprefix('http://')}" in policy["connect-src"].split()
        else:
            assert headers["Cache-Control"] == "no-store"


def test_the_documentation_needs_nothing_that_its_policy_forbids(served: Served) -> None:
    page = served.client.get(f"{BASE_PATH}/docs").text
    assert not [part for part in ("<style", "style=", "<script", "onclick", 'src="http', 'href="http') if part in page]
