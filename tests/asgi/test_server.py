"""Under a real server with real clients: what is streamed, interrupted, compressed, and what goes over a WebSocket."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from queue import Queue
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage

from mockforge_analytics import AnalyticsMiddleware
from tests.asgi.support import WAIT, Recording, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.requests import Request as StarletteRequest
    from starlette.websockets import WebSocket

    from mockforge_analytics.sources.asgi.event import Event
    from mockforge_analytics.sources.asgi.observation import Observation
    from mockforge_analytics.sources.asgi.protocol import Application


class Live(Recording):
    """A recorder for which another thread can wait."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: Queue[Observation] = Queue()

    def record(self, seen: Observation) -> None:
        super().record(seen)
        self.arrived.put(seen)

    def next(self) -> Event:
        """Return the next event; wait for it."""
        self.arrived.get(timeout=WAIT)
        return self.events[-1]


async def _forever() -> AsyncIterator[bytes]:
    while True:
        yield b"data: tick\n\n"
        await asyncio.sleep(0.001)


async def _talk(socket_: WebSocket) -> None:
    await socket_.accept()
    while (text := await socket_.receive_text()) != "bye":
        await socket_.send_text(text.upper())
    await socket_.close(1000)


async def _count(request: StarletteRequest) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def _events(request: StarletteRequest) -> StreamingResponse:
    return StreamingResponse(_forever(), media_type="text/event-stream")


def application(file: Path) -> Starlette:
    async def download(request: StarletteRequest) -> FileResponse:
        return FileResponse(file)

    return Starlette(
        routes=[
            Route("/count", _count, methods=["GET", "POST"]),
            Route("/events", _events),
            Route("/download", download),
            WebSocketRoute("/talk/{room}", _talk),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=100)],
    )


@pytest.fixture(params=["wsproto", "websockets-sansio"])
def live(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, Live]]:
    file = tmp_path / "file.txt"
    file.write_text("line\n" * 20_000)
    recorder = Live()
    wrapped: Application = AnalyticsMiddleware(application(file), reporter=recorder)
    with served(wrapped, ws=request.param) as url:
        yield url, recorder
    assert recorder.faults == 0
    assert recorder.open == {"HTTP": 0, "WebSocket": 0}


def test_an_upload_in_many_chunks(live: tuple[str, Live]) -> None:
    url, recorder = live
    size = 3_000_000
    answer = httpx.post(f"{url}/count?q=1", content=b"x" * size)
    assert answer.text == str(size)
    event = recorder.next()
    assert (event.status_code, event.bytes_received, event.bytes_sent) == (200, size, len(str(size)))


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_download_counts_the_bytes_that_are_sent(live: tuple[str, Live], encoding: str) -> None:
    url, recorder = live
    with httpx.stream("GET", f"{url}/download", headers={"Accept-Encoding": encoding}) as answer:
        size = sum(len(chunk) for chunk in answer.iter_raw())
    assert (size == 100_000) is (encoding == "identity")
    assert recorder.next().bytes_sent == size


def test_head_and_options(live: tuple[str, Live]) -> None:
    url, recorder = live
    assert httpx.head(f"{url}/download").headers["content-length"] == "100000"
    head = recorder.next()
    httpx.options(f"{url}/count")
    options = recorder.next()
    assert (head.method, head.status_code, head.bytes_sent, head.endpoint) == ("HEAD", 200, 0, "/download")
    assert (options.method, options.status_code, options.endpoint) == ("OPTIONS", 405, "/count")


def test_a_stream_that_its_client_leaves(live: tuple[str, Live]) -> None:
    url, recorder = live
    with httpx.stream("GET", f"{url}/events") as answer:
        next(answer.iter_raw())
    event = recorder.next()
    assert (event.status_code, event.error_type, event.endpoint) == (200, "client_disconnected", "/events")
    assert event.bytes_sent > 0


@contextmanager
def talking(url: str) -> Iterator[tuple[socket.socket, WSConnection]]:
    """Give a WebSocket connection after its handshake."""
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 0), WAIT) as connection:
        protocol = WSConnection(ConnectionType.CLIENT)
        connection.sendall(protocol.send(Request(host=address.netloc.decode(), target="/talk/red?token=hidden")))
        assert isinstance(heard(connection, protocol), AcceptConnection)
        yield connection, protocol


def heard(connection: socket.socket, protocol: WSConnection) -> Any:
    """Return the next event of the connection."""
    while True:
        for event in protocol.events():
            return event
        protocol.receive_data(connection.recv(65_536) or None)


def test_a_session_that_the_application_ends(live: tuple[str, Live]) -> None:
    url, recorder = live
    with talking(url) as (connection, protocol):
        for text in ("hello", "world"):
            connection.sendall(protocol.send(TextMessage(data=text)))
            assert heard(connection, protocol).data == text.upper()
        assert recorder.open == {"HTTP": 0, "WebSocket": 1}
        connection.sendall(protocol.send(TextMessage(data="bye")))
        closing = heard(connection, protocol)
        assert isinstance(closing, CloseConnection)
        connection.sendall(protocol.send(closing.response()))
    event = recorder.next()
    assert (event.protocol, event.status_code, event.endpoint, event.path) == (
        "WebSocket",
        101,
        "/talk/{room}",
        "/talk/red",
    )
    assert (event.bytes_received, event.bytes_sent, event.error_type) == (13, 10, None)
    assert (event.metadata or {})["close_code"] == 1000


def test_a_session_that_the_client_ends(live: tuple[str, Live]) -> None:
    url, recorder = live
    with talking(url) as (connection, protocol):
        connection.sendall(protocol.send(CloseConnection(code=1001)))
    event = recorder.next()
    assert (event.status_code, event.error_type, (event.metadata or {})["close_code"]) == (101, None, 1001)


def test_a_session_whose_connection_is_lost(live: tuple[str, Live]) -> None:
    url, recorder = live
    with talking(url):
        pass
    event = recorder.next()
    code = (event.metadata or {})["close_code"]
    # RFC 6455 says 1006; uvicorn with wsproto says 1005, which is also how a client ends that gives no reason.
    assert (code, event.error_type) in [(1006, "client_disconnected"), (1005, None)]
    assert event.status_code == 101
