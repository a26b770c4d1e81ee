"""A driver of applications without a server, a clock that stands still, a recorder and a receiver that remember."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Queue
from typing import TYPE_CHECKING, Any

import uvicorn
import zstandard

from mockforge_analytics.sources.asgi.event import Describer
from mockforge_analytics.sources.asgi.settings import CaptureSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from mockforge_analytics.sources.asgi.event import Event
    from mockforge_analytics.sources.asgi.observation import Observation
    from mockforge_analytics.sources.asgi.protocol import Application, Message, Receive, Scope, Send

WAIT = 20.0  # seconds after which a test that waits has failed


class FakeClock:
    """Time that passes when it is told to."""

    def __init__(self, now_us: int = 1_750_000_000_000_000) -> None:
        self.seconds = 0.0
        self.start_us = now_us

    def now_us(self) -> int:
        return self.start_us + round(self.seconds * 1e6)

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Recording:
    """A recorder that remembers what it was told."""

    capture: CaptureSettings = field(default_factory=CaptureSettings)
    clock: FakeClock = field(default_factory=FakeClock)
    seen: list[Observation] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=lambda: {"HTTP": 0, "WebSocket": 0})
    faults: int = 0
    closed: int = 0

    def enter(self, protocol: str) -> None:
        self.open[protocol] += 1

    def leave(self, protocol: str) -> None:
        self.open[protocol] -= 1

    def record(self, seen: Observation) -> None:
        self.seen.append(seen)

    def fault(self) -> None:
        self.faults += 1

    def close(self) -> None:
        self.closed += 1

    @property
    def events(self) -> list[Event]:
        describer = Describer(self.capture)
        return [describer.event(seen) for seen in self.seen]


def http_scope(path: str = "/", method: str = "GET", **more: Any) -> dict[str, Any]:
    """The scope of a request as uvicorn makes it."""
    root = more.get("root_path", "")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": root + path,
        "raw_path": (root + path).encode(),
        "root_path": root,
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("203.0.113.7", 4711),
        "server": ("testserver", 80),
        "extensions": {},
        **more,
    }


def websocket_scope(path: str = "/", **more: Any) -> dict[str, Any]:
    """The scope of a WebSocket handshake as uvicorn makes it."""
    scope = http_scope(path, **more) | {"type": "websocket", "scheme": "ws", "subprotocols": []}
    del scope["method"]
    return scope


def events_in(*messages: Message) -> Receive:
    """Return a `receive` that gives `messages`, and the end of the connection after them."""
    waiting = deque(messages)
    end = {"type": "websocket.disconnect" if messages[0]["type"].startswith("websocket") else "http.disconnect"}

    async def receive() -> Message:
        return waiting.popleft() if waiting else end

    return receive


def request_body(*chunks: bytes) -> Receive:
    """Return a `receive` that gives the body of a request in `chunks`, and then never anything again."""
    parts = chunks or (b"",)
    last = len(parts) - 1
    read = events_in(
        *({"type": "http.request", "body": part, "more_body": number < last} for number, part in enumerate(parts))
    )
    given = 0

    async def receive() -> Message:
        nonlocal given
        given += 1
        if given > len(parts):
            await asyncio.get_running_loop().create_future()
        return await read()

    return receive


def collected(into: list[Message]) -> Send:
    """Return a `send` that keeps what it is given."""

    async def send(message: Message) -> None:
        into.append(message)

    return send


def response(status: int, *chunks: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> Application:
    """Return an application that reads its request and answers with `chunks`."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        for number, chunk in enumerate(chunks or (b"",)):
            await send({"type": "http.response.body", "body": chunk, "more_body": number < len(chunks) - 1})

    return application


@dataclass(frozen=True)
class Delivery:
    """One request that reached the receiver."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        match self.headers.get("content-encoding"):
            case "zstd":
                return zstandard.ZstdDecompressor().decompress(self.body).decode()
            case "gzip":
                return gzip.decompress(self.body).decode()
            case _:
                return self.body.decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("type") != "connections"]

    @property
    def samples(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("type") == "connections"]


Responder = Callable[["Send", "Receive"], Awaitable[None]]


def answering(status: int, body: bytes = b"{}", headers: Iterable[tuple[bytes, bytes]] = ()) -> Responder:
    """Return what makes the receiver answer once with `status`."""

    async def answer(send: Send, receive: Receive) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return answer


async def silence(send: Send, receive: Receive) -> None:
    """Make the receiver say nothing until its client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def taken(rejected: int = 0) -> Responder:
    """Return what makes the receiver take a batch, as the ingest route does."""
    data = {"received": 0, "stored": 0, "deduplicated": 0, "rejected": rejected, "overflowed": 0, "errors": []}
    body = json.dumps({"success": True, "data": data, "error": None, "timestamp": "2026-01-01T00:00:00Z"}).encode()
    return answering(200, body, [(b"content-type", b"application/json")])


class Receiver:
    """The ingest route of a server: remembers what it is sent, answers by `script` and then takes everything."""

    def __init__(self) -> None:
        self.url = ""
        self.script: deque[Responder] = deque()
        self.arrived: Queue[Delivery] = Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        async for chunk in _chunks(receive):
            body += chunk
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.arrived.put(Delivery(scope["path"], headers, body))
        answer = self.script.popleft() if self.script else taken()
        await answer(send, receive)

    def next(self) -> Delivery:
        """Return the next request; wait for it."""
        return self.arrived.get(timeout=WAIT)

    def all(self) -> list[Delivery]:
        """Return every request that has come."""
        return [self.arrived.get() for _ in range(self.arrived.qsize())]


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        yield message.get("body", b"")


@contextmanager
def served(application: Application, **options: Any) -> Iterator[str]:
    """Serve `application` with uvicorn in a thread; give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    settings = {"lifespan": "off", "log_level": "critical", "ws": "wsproto", **options}
    server = uvicorn.Server(uvicorn.Config(application, **settings))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(WAIT)
        listener.close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a receiver."""
    receiver = Receiver()
    with served(receiver) as url:
        receiver.url = url
        yield receiver


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
