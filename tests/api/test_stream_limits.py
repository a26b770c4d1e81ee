"""The live stream under load and abuse, on real sockets."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import database_app
from mockforge_analytics.store.tokens import TokenFile
from tests.api.test_stream import NINE, ROWS, closing, listening, received, send
from tests.support.process import server_process
from tests.support.raw_socket import raw_socket
from tests.support.requests import frame
from tests.support.server import Served, serving, serving_app
from tests.support.stores import NOW, FixedClock, settings
from tests.traffic import row

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.live.hub import Hub
    from mockforge_analytics.model.status import StreamStats

SUBSCRIBERS = 200


def stream_url(url: str) -> str:
    return f"{url.replace('http', 'ws')}{BASE_PATH}/stream"


def stats(served: Served) -> StreamStats:
    hub: Hub = served.app.state.stream
    return hub.stats()


def until(served: Served, **wanted: int) -> None:
    """Ask the server something else until the stream has the figures `wanted`."""
    for _ in range(2_000):
        if all(getattr(stats(served), name) == value for name, value in wanted.items()):
            return
        served.get("overview")
    pytest.fail(f"{stats(served)} never came to {wanted}")


def test_many_who_ask_the_same_share_one_computation(tmp_path: Path) -> None:
    async def listen(served: Served) -> None:
        async with AsyncExitStack() as stack:
            sockets = [
                await stack.enter_async_context(connect_async(stream_url(served.url))) for _ in range(SUBSCRIBERS)
            ]
            for number, socket in enumerate(sockets):
                config = {"frames": "delta", "interval_seconds": 3_600, "duration_seconds": (900, 3_600)[number % 2]}
                await socket.send(json.dumps(config))
            for socket in sockets:
                while json.loads(await socket.recv()).get("type") != "snapshot":
                    pass
            before = stats(served)
            assert (before.clients, before.subscriptions) == (SUBSCRIBERS, 2)
            await asyncio.to_thread(served.database.write_requests, frame([row(NOW - 1)]))
            deltas = {await socket.recv() for socket in sockets}
            assert len(deltas) == 2
            after = stats(served)
            assert after.computations == before.computations + 2
            assert after.reads == before.reads

    with serving(tmp_path, ROWS, stream={"max_clients": SUBSCRIBERS}) as served:
        asyncio.run(listen(served))
        until(served, clients=0, subscriptions=0)
        assert stats(served).frames_sent >= 2 * SUBSCRIBERS


def test_past_the_places_there_is_a_word_and_a_close(tmp_path: Path) -> None:
    with serving(tmp_path, stream={"max_clients": 1}) as served, listening(served) as first:
        received(first)
        with listening(served) as second:
            assert closing(second) == (1013, "all 1 places of the stream are taken")
        assert stats(served).refused == 1
        send(first, interval_seconds=1)
        assert set(received(first)) == NINE
    with pytest.raises(ConnectionClosed):
        received(first)


def test_a_flood_of_messages_is_a_breach_of_policy(tmp_path: Path) -> None:
    with serving(tmp_path, stream={"messages_per_minute": 5}) as served:
        with listening(served) as socket:
            for _ in range(6):
                send(socket, interval_seconds=3_600)
            assert closing(socket)[0] == 1008
        with listening(served) as socket:
            for _ in range(5):
                send(socket, interval_seconds=3_600)
            assert set(received(socket)) == NINE


@pytest.mark.parametrize("pieces", [1, 50], ids=["one frame", "fragments"])
def test_a_message_that_is_too_big_closes(tmp_path: Path, pieces: int) -> None:
    with serving(tmp_path) as served, listening(served) as socket:
        piece = " " * (64 * 1024 // pieces + 1)
        socket.send([piece] * pieces)
        assert closing(socket)[0] == 1009


def test_text_that_is_no_text_closes(tmp_path: Path) -> None:
    with serving(tmp_path) as served, listening(served) as socket:
        socket.send(b"\xff\xfe", text=True)
        assert closing(socket)[0] == 1007


SLOW = {"slow_seconds": 0.5, "queue_messages": 4, "frames_per_second": 100.0, "messages_per_minute": 10_000}


def test_who_never_reads_is_let_go_and_the_others_hear_on(tmp_path: Path) -> None:
    rows = [row(NOW - 15 * number, endpoint=f"/e{number % 20}") for number in range(1, 1_000)]
    ask = json.dumps({"frames": "delta", "group_by": "endpoint", "granularity": "10s", "duration_seconds": 14_900})
    with (
        serving(tmp_path, rows, stream=SLOW, retention={"live_hours": 5}) as served,
        listening(served) as reader,
        raw_socket(stream_url(served.url)) as sleeper,
    ):
        send(reader, frames="delta", interval_seconds=3_600)
        assert received(reader)["type"] == "snapshot"
        commit = 0
        while not stats(served).closed_slow:
            sleeper.send(ask)  # a megabyte each time, as long as it can be sent
            commit = served.database.write_requests(frame([row(NOW - 1)])).commit
            told = received(reader)
            while told["commit"] < commit:
                told = received(reader)
            assert commit < 2_000
        assert stats(served).coalesced > 0
        messages, code, reason = sleeper.read_to_the_end()
        assert messages > 0
        assert (code, reason) in ((1013, "the client reads too slowly"), (None, ""))
        until(served, clients=1)


def test_who_never_answers_a_ping_is_let_go(tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "a.db", config=settings(), clock=FixedClock()) as database:
        app = database_app(database)
        with serving_app(app, ping_seconds=0.2) as url, raw_socket(stream_url(url)) as socket:
            _, code, _ = socket.read_to_the_end(pong=False)
            assert code == 1011
        assert app.state.stream.stats().clients == 0


def test_a_server_that_shuts_down_says_so(tmp_path: Path) -> None:
    with (
        AnalyticsDatabase.open(tmp_path / "a.db", config=settings(), clock=FixedClock()) as database,
        ExitStack() as stack,
    ):
        app = database_app(database)
        with serving_app(app) as url:
            sockets = [stack.enter_context(connect_plain(url)) for _ in range(2)]
            send(sockets[1], frames="delta")
            for socket in sockets:
                received(socket)
        for socket in sockets:
            assert closing(socket) == (1001, "the server is shutting down")
        assert app.state.stream.stats().clients == 0


def connect_plain(url: str, **headers: str) -> Any:
    return connect(stream_url(url), additional_headers=headers)


def test_the_process_says_so_too_when_it_is_told_to_end(tmp_path: Path) -> None:
    with server_process(tmp_path) as server, connect_plain(server.url) as socket:
        assert set(received(socket)) == NINE
        assert server.stop() == 0
        assert closing(socket) == (1001, "the server is shutting down")


def test_who_is_bound_to_a_workspace_sees_no_other(tmp_path: Path) -> None:
    own = sum(entry["workspace_id"] == "one" for entry in ROWS)
    assert 0 < own < len(ROWS)
    clock = FixedClock()
    with serving(tmp_path, ROWS, clock=clock) as served:
        tokens = TokenFile(served.database.path, clock)
        _, secret = tokens.create("bound", [Scope.READ], workspace_id="one")
        with connect_plain(served.url, Authorization=f"Bearer {secret}") as socket:
            assert received(socket)["total_requests"] == own
            send(socket, frames="delta", group_by="workspace_id", workspace_id="one")
            told = received(socket)
            assert [line["label"] for line in told["series"]] == ["one"]
            assert told["overview"]["total_requests"] == own
            send(socket, workspace_id=["one", "two"])
            assert closing(socket)[0] == 4403


def test_commits_of_another_process_are_told_too(tmp_path: Path) -> None:
    clock = FixedClock()
    with AnalyticsDatabase.open(tmp_path / "a.db", config=settings(), clock=clock) as writer:
        writer.write_requests(frame(ROWS))
        with (
            AnalyticsDatabase.open(tmp_path / "a.db", config=settings(), clock=clock, writable=False) as database,
            serving_app(database_app(database)) as url,
            connect_plain(url) as socket,
        ):
            send(socket, frames="delta", interval_seconds=3_600)
            first = received(socket)
            commit = writer.write_requests(frame([row(NOW - 1)])).commit
            told = received(socket)
            assert (told["type"], told["commit"]) == ("snapshot", commit)
            assert told["overview"]["total_requests"] == first["overview"]["total_requests"] + 1
