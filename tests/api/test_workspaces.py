"""A token of one workspace: no route of the document gives a byte of another one away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.store.tokens import TokenFile
from tests.support.server import Served, serving
from tests.support.stores import NOW, FixedClock
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

CANARIES = ("elsewhere", "secret-endpoint", "203.0.113.77", "SpyAgent", "hidden-env", "777777")
OWN: list[Row] = [
    row(
        NOW - 3_000 + number * 60,
        endpoint=f"/own/{number % 3}",
        status_code=(200, 404, 500)[number % 3],
        workspace_id="shop",
        client_ip="192.0.2.1",
        user_agent_family="curl",
    )
    for number in range(40)
]
FOREIGN: list[Row] = [
    row(
        NOW - 3_500 + number * 30,
        protocol="gRPC",
        method="DELETE",
        endpoint="/own/1" if number % 5 == 0 else "/secret-endpoint",
        status_code=(201, 418, 503)[number % 3],
        workspace_id="elsewhere",
        environment="hidden-env",
        client_ip="203.0.113.77",
        user_agent_family="SpyAgent",
        bytes_sent=777_777,
    )
    for number in range(100)
]


@dataclass
class Shop:
    """A server with the data of two workspaces, and a token for one of them."""

    served: Served
    bound: str
    whole: str

    def ask(self, route: str, secret: str, parameters: dict[str, Any]) -> httpx.Response:
        given = {"start_time": NOW - 7_200, "end_time": NOW, **parameters}
        return self.served.client.get(route, params=given, headers={"Authorization": f"Bearer {secret}"})

    def questions(self) -> list[tuple[str, dict[str, Any]]]:
        """Return every GET route of the document with what it requires, each accepted value of lists once.

        What is required beyond that is an endpoint, which is one that both workspaces have.
        """
        document = self.served.client.get(
            f"{BASE_PATH}/openapi.json", headers={"Authorization": f"Bearer {self.whole}"}
        ).json()
        found = []
        for path, methods in document["paths"].items():
            if "get" not in methods or path in ("/health", "/ready"):
                continue
            choices = [
                {parameter["name"]: value}
                for parameter in methods["get"].get("parameters", [])
                for value in parameter["schema"].get("enum", ())
            ]
            required = {p["name"] for p in methods["get"].get("parameters", []) if p.get("required")}
            given = {"endpoint": "/own/1"} if "endpoint" in required else {}
            found += [(path, given | choice) for choice in choices if required <= set(given | choice)]
            if required <= set(given):
                found.append((path, given))
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    clock = FixedClock()
    with serving(tmp_path_factory.mktemp("workspaces"), [*OWN, *FOREIGN], clock=clock) as served:
        tokens = TokenFile(served.database.path, clock)
        _, bound = tokens.create("bound", [Scope.ADMIN], workspace_id="shop")
        _, whole = tokens.create("whole", [Scope.ADMIN])
        yield Shop(served, bound, whole)


def test_the_canaries_are_there_to_be_found(shop: Shop) -> None:
    texts = [shop.ask(path, shop.whole, choice).text for path, choice in shop.questions()]
    assert all(any(canary in text for text in texts) for canary in CANARIES)
    assert len({path for path, _ in shop.questions()}) >= 23


def test_no_route_gives_a_byte_of_another_workspace_away(shop: Shop) -> None:
    for path, choice in shop.questions():
        answer = shop.ask(path, shop.bound, choice)
        assert [canary for canary in CANARIES if canary in answer.text] == [], (path, choice, answer.text)
        assert answer.status_code in (200, 403, 422), (path, choice, answer.text)


def test_every_report_is_that_of_the_own_workspace(shop: Shop) -> None:
    compared = 0
    for path, choice in shop.questions():
        mine = shop.ask(path, shop.bound, choice)
        if path.endswith(("/session", "/status", "/system", "/metrics")) or choice == {"dimension": "workspace_id"}:
            continue  # the list of workspaces leaves a filter on the workspace out, unless one is bound to it
        named = shop.ask(path, shop.whole, {**choice, "workspace_id": "shop"})
        assert (mine.status_code, _without(mine)) == (named.status_code, _without(named)), (path, choice)
        compared += mine.status_code == 200
    assert compared >= 21


def test_asking_for_another_workspace_is_refused_alike_whether_it_exists(shop: Shop) -> None:
    refused = 0
    for path, choice in shop.questions():
        answers = [
            shop.ask(path, shop.bound, {**choice, "workspace_id": asked})
            for asked in ("elsewhere", "nowhere", "(none)", ["shop", "elsewhere"])
        ]
        if path.endswith(("/session", "/docs", "/openapi.json")):
            continue
        bodies = [{**answer.json(), "timestamp": ""} for answer in answers]
        assert all(body == bodies[0] for body in bodies), path
        assert {answer.status_code for answer in answers} == {403}, path
        refused += 1
    assert refused >= 14


@pytest.mark.parametrize("path", [f"{BASE_PATH}/status", "/metrics", "/__mockforge/analytics/system"])
def test_what_tells_of_everything_is_not_for_one_workspace(shop: Shop, path: str) -> None:
    assert shop.ask(path, shop.bound, {}).status_code == 403


def test_events_land_in_the_own_workspace_only(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {shop.bound}"}
    event = {"timestamp": NOW - 90_000, "path": "/sent", "status_code": 200}
    answer = shop.served.client.post(f"{BASE_PATH}/events", json=event, headers=headers)
    assert answer.status_code == 200
    foreign = {**event, "workspace_id": "elsewhere"}
    refused = shop.served.client.post(f"{BASE_PATH}/events", json=foreign, headers=headers)
    assert refused.status_code == 422
    window = {"start_time": NOW - 100_000, "end_time": NOW - 80_000, "dimension": "workspace_id"}
    values = shop.ask(f"{BASE_PATH}/dimensions", shop.whole, window).json()["data"]["values"]
    assert values == [{"value": "shop", "count": 1}]


def test_the_stream_shows_the_own_workspace_and_no_other(shop: Shop) -> None:
    address = f"{shop.served.url.replace('http', 'ws')}{BASE_PATH}/stream"
    with connect(address, additional_headers={"Authorization": f"Bearer {shop.bound}"}) as socket:
        texts = [socket.recv(30)]
        socket.send('{"frames": "delta", "duration_seconds": 7200, "group_by": "endpoint"}')
        while '"snapshot"' not in str(texts[-1]):
            texts.append(socket.recv(30))
        socket.send('{"frames": "delta", "workspace_id": "elsewhere"}')
        with pytest.raises(ConnectionClosed):
            texts += iter(lambda: socket.recv(30), None)
    said = " ".join(map(str, texts))
    assert "/own/" in said
    assert [canary for canary in CANARIES if canary in said] == []


def _without(answer: httpx.Response) -> Any:
    """Return what was answered, but for what differs from one moment to the next."""
    if not answer.headers["content-type"].startswith("application/json"):
        return answer.text
    body = answer.json()
    if isinstance(body, dict):
        body.pop("timestamp", None)
        if isinstance(body.get("data"), dict):
            body["data"].pop("meta", None)
    return body
