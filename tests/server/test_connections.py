"""Sockets that owe something: closed when they owe it for too long, or when there are too many of them."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import ExitStack
from datetime import datetime
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mockforge_analytics.runtime.connections import (
    BODY_SECONDS,
    HEADER_SECONDS,
    MAX_HALF_OPEN,
    MAX_HEADER_BYTES,
    GuardedProtocol,
    close_dawdlers,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from starlette.requests import Request

HEADER = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body() or b"nothing")


class Guarded(uvicorn.Server):
    """A server on a thread, in whose loop the test decides what time it is."""

    def __init__(self) -> None:
        app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])
        super().__init__(uvicorn.Config(app, port=0, http=GuardedProtocol, log_config=None, timeout_keep_alive=600))
        self.listening = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.listening.set()

    def connect(self) -> socket.socket:
        made = socket.create_connection(self.servers[0].sockets[0].getsockname())
        made.settimeout(30)
        return made

    def connections(self) -> list[GuardedProtocol]:
        return [made for made in self.server_state.connections if isinstance(made, GuardedProtocol)]

    def later(self, seconds: float) -> None:
        """Close what would be late in so many seconds."""

        async def close() -> None:
            close_dawdlers(self.server_state, self.loop.time() + seconds)

        asyncio.run_coroutine_threadsafe(close(), self.loop).result()


@pytest.fixture
def server() -> Iterator[Guarded]:
    guarded = Guarded()
    thread = threading.Thread(target=guarded.run)
    thread.start()
    assert guarded.listening.wait(30)
    yield guarded
    guarded.should_exit = True
    thread.join()


def everything(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    return b"".join(iter(lambda: connection.recv(4_096), b""))


def refusal(connection: socket.socket, status: int) -> Message:
    """Read an answer until the server closes; return its headers, if it is a failure as the API's are."""
    head, _, body = everything(connection).partition(b"\r\n\r\n")
    first, _, fields = head.partition(b"\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    headers = message_from_bytes(fields + b"\r\n\r\n")
    assert len(body) == int(headers["Content-Length"])
    assert headers["Content-Type"] == "application/json"
    assert headers["Connection"] == "close"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "no-store"
    told = json.loads(body)
    assert set(told) == {"success", "data", "error", "field", "timestamp"}
    assert (told["success"], told["data"]) == (False, None)
    assert len(told["error"].split()) > 4
    assert abs(datetime.fromisoformat(told["timestamp"]).timestamp() - time.time()) < 600
    return headers


@pytest.mark.parametrize("sent", [b"", b"GET / HTT", b"\r\n", WHOLE[:-2]], ids=["nothing", "part", "blank", "no end"])
def test_a_header_that_does_not_come_is_not_waited_for(server: Guarded, sent: bytes) -> None:
    with server.connect() as slow, server.connect() as other:
        slow.sendall(sent)
        until(lambda: len(server.connections()) == 2, "both connections")
        server.later(HEADER_SECONDS - 5)
        other.sendall(WHOLE)
        assert other.recv(4_096).startswith(b"HTTP/1.1 200")
        server.later(HEADER_SECONDS + 1)
        refusal(slow, 408)
        other.sendall(WHOLE)
        assert other.recv(4_096).startswith(b"HTTP/1.1 200"), "a connection that owes nothing stays"


@pytest.mark.parametrize("sent", [b"\r\n", b"GET"])
def test_the_second_request_of_a_connection_is_not_waited_for_either(server: Guarded, sent: bytes) -> None:
    with server.connect() as slow:
        slow.sendall(WHOLE)
        assert slow.recv(4_096).startswith(b"HTTP/1.1 200")
        slow.sendall(sent)
        until(lambda: any(made.header_since is not None for made in server.connections()), "the next request")
        server.later(HEADER_SECONDS + 1)
        refusal(slow, 408)


def test_a_body_that_stops_is_not_waited_for(server: Guarded) -> None:
    with server.connect() as slow:
        slow.sendall(HEADER + b"12345")
        until(lambda: any(made.body_since is not None for made in server.connections()), "the header")
        server.later(BODY_SECONDS - 5)
        server.later(BODY_SECONDS + 1)
        refusal(slow, 408)


def test_a_body_that_comes_in_time_is_answered(server: Guarded) -> None:
    with server.connect() as steady:
        steady.sendall(HEADER + b"12345")
        until(lambda: any(made.body_since is not None for made in server.connections()), "the header")
        server.later(BODY_SECONDS - 5)
        steady.sendall(b"67890")
        assert steady.recv(4_096).endswith(b"1234567890")


def test_hundreds_of_silent_connections_do_not_keep_others_out(server: Guarded) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(server.connect()) for _ in range(MAX_HALF_OPEN + 20)]
        until(lambda: len(server.connections()) == MAX_HALF_OPEN, "room")
        assert refusal(silent[0], 503)["Retry-After"] == "5"
        other = stack.enter_context(server.connect())
        other.sendall(WHOLE)
        assert other.recv(4_096).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (WHOLE[:-2], b"X: " + b"y" * 10_000 + b"\r\n"),
        (WHOLE[:-2] + b"X: ", b"y" * 10_000),
        (b"GET /", b"a" * 10_000),
        (b"", b"\r\n" * 5_000),
        (CHUNKED + b"1\r\na\r\n0\r\n", b"X: " + b"y" * 10_000 + b"\r\n"),
        (CHUNKED + b"1;", b"y" * 10_000),
    ],
    ids=["lines", "one line", "address", "blank lines", "trailer", "chunk extension"],
)
def test_what_has_no_end_is_cut_off(server: Guarded, begin: bytes, more: bytes) -> None:
    with server.connect() as endless:
        endless.sendall(begin)
        with pytest.raises(ConnectionError):
            endless.sendall(more * 10_000)
    with server.connect() as other:
        other.sendall(WHOLE)
        assert other.recv(4_096).startswith(b"HTTP/1.1 200")


def test_a_long_header_is_told_so(server: Guarded) -> None:
    with server.connect() as long:
        begin = WHOLE[:-2] + b"X: "
        long.sendall(begin + b"y" * (MAX_HEADER_BYTES - len(begin)))
        long.sendall(b"y")  # the first byte too many is the last one: what is unread at the end would undo the answer
        refusal(long, 431)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["nonsense", "TLS", "version", "length", "no ASCII", "address"],
)
def test_what_is_no_http_is_told_so(server: Guarded, sent: bytes) -> None:
    with server.connect() as strange:
        strange.sendall(sent)
        refusal(strange, 400)


def test_nonsense_after_a_request_ends_the_connection(server: Guarded) -> None:
    with server.connect() as strange:
        strange.sendall(WHOLE)
        assert strange.recv(4_096).startswith(b"HTTP/1.1 200")
        strange.sendall(b"nonsense\r\n\r\n")
        refusal(strange, 400)


def test_a_body_in_many_small_pieces_is_no_long_header(server: Guarded) -> None:
    pieces = 4 * MAX_HEADER_BYTES // len(b"1\r\na\r\n")
    header = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with server.connect() as steady:
        steady.sendall(header + b"1\r\na\r\n" * pieces + b"0\r\n\r\n")
        assert everything(steady).endswith(b"\r\n\r\n" + b"a" * pieces)
