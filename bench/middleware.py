"""What `AnalyticsMiddleware` adds to a request: the same application bare and wrapped, called by turns in one loop."""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from bench.measure import nearest_rank
from bench.outcome import Figure, Section, Table, number
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.sources.asgi.middleware import AnalyticsMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from bench.context import Context
    from mockforge_analytics.sources.asgi.protocol import Application, Message, Receive, Scope, Send

__all__ = ["measure"]

CALLS: Final = 50_000
QUICK_CALLS: Final = 2_000
CALLS_A_BREATH: Final = 50  # between two pauses, in which the reporting thread gets its turn
TARGET_US: Final = 30.0
TARGET_P99_US: Final = 100.0
SHARES: Final = (0.5, 0.99)
MICROSECOND: Final = 1_000  # nanoseconds
HEADERS: Final = [
    (b"host", b"shop.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"accept-language", b"en"),
    (b"authorization", b"Bearer 0123456789abcdef0123456789abcdef"),
    (b"x-forwarded-for", b"203.0.113.7, 198.51.100.2"),
    (b"x-request-id", b"5f6c0f52-9b8a-4a3b-8d6e-0d5a6f3c9b1e"),
    (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    (b"cookie", b"session=0123456789abcdef"),
]


class _Route:
    path_format = "/items/{item_id}"


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as a framework does at the least: one message in, two out, and the route noted in the scope."""
    await receive()
    scope["route"] = _Route
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Message) -> None:
    """Take `message` as a server with room in its buffer does."""


def _scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": "/items/7",
        "raw_path": b"/items/7",
        "root_path": "",
        "query_string": b"q=1",
        "headers": HEADERS,
        "client": ("203.0.113.7", 4711),
    }


async def _by_turns(bare: Application, wrapped: Application, calls: int) -> tuple[list[int], list[int]]:
    """Return nanoseconds of each call of either."""
    times: tuple[list[int], list[int]] = ([], [])
    for number_ in range(calls):
        for application, taken in zip((bare, wrapped), times, strict=True):
            scope = _scope()
            begin = perf_counter_ns()
            await application(scope, _receive, _send)
            taken.append(perf_counter_ns() - begin)
        if number_ % CALLS_A_BREATH == 0:
            await asyncio.sleep(0.001)
    return times


class _Receiver(BaseHTTPRequestHandler):
    """Takes batches as the ingest route does, and keeps nothing."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"success":true,"data":{"rejected":0},"error":null,"timestamp":0}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _serve(port: Connection) -> None:
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        port.send(server.server_address[1])
        server.serve_forever()


@contextmanager
def _server() -> Iterator[str]:
    """Give the address of a receiver in another process."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there,))
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def measure(context: Context) -> list[Section]:
    """Return the section."""
    calls = context.sized(CALLS, QUICK_CALLS)
    figures, rows = [], []
    with ExitStack() as stack:
        folder = stack.enter_context(context.folder())
        database = stack.enter_context(AnalyticsDatabase.open(folder / "middleware.db"))
        url = stack.enter_context(_server())
        middlewares = {
            "to a server": AnalyticsMiddleware(_application, url=url),
            "into a database": AnalyticsMiddleware(_application, database=database),
        }
        for name, middleware in context.each(list(middlewares.items()), "requests through the middleware"):
            stack.callback(middleware.reporter.close)
            bare, wrapped = asyncio.run(_by_turns(_application, middleware, calls))
            ranks = [nearest_rank(times, share) / MICROSECOND for share in SHARES for times in (bare, wrapped)]
            figures += [
                Figure(f"{name}: added at the median", ranks[1] - ranks[0], "µs", TARGET_US),
                Figure(f"{name}: added at the 99th percentile", ranks[3] - ranks[2], "µs", TARGET_P99_US),
            ]
            rows.append((name, *(f"{number(rank)} µs" for rank in ranks)))
    columns = ("", "bare, median", "wrapped, median", "bare, p99", "wrapped, p99")
    return [
        Section("Requests through the middleware", _METHOD.format(calls=calls), figures, [Table("", columns, rows)])
    ]


_METHOD: Final = (
    "An application that answers at once is called {calls:,} times bare and as many times wrapped, by turns in one "
    "event loop, with ten request headers; meanwhile the reporting thread sends to a server in another process, or "
    "writes into a database in this one."
)
