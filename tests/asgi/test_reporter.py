"""The whole way: an application under a real server, the reporting thread, a receiver or a database."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mockforge_analytics import AnalyticsDatabase, AnalyticsMiddleware, CaptureSettings, DeliverySettings, Reporter
from mockforge_analytics.errors import ConfigError, SchemaError, StoreBusyError
from mockforge_analytics.sources.asgi.stats import Drop
from tests.asgi.support import (
    WAIT,
    answering,
    closed_port,
    collected,
    http_scope,
    receiving,
    request_body,
    response,
    served,
    silence,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import polars as pl
    from starlette.requests import Request

    from mockforge_analytics.sources.asgi.protocol import Application
    from tests.asgi.support import Receiver

NEVER = 1_000.0  # seconds
QUIET = DeliverySettings(interval=NEVER, gauge_interval=NEVER, flush_timeout=WAIT)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def ask(application: Application, *paths: str) -> None:
    """Let `application` answer requests, in a loop of their own."""

    async def call() -> None:
        for path in paths:
            await application(http_scope(path), request_body(), collected([]))

    asyncio.run(call())


SECRET = "hunter2-0123456789"


def test_no_secret_leaves_the_process(receiver: Receiver) -> None:
    async def handler(request: Request) -> PlainTextResponse:
        body = (await request.body()).decode()
        raise RuntimeError(f"cannot use {body} with password={SECRET} of https://me:{SECRET}@db/x?key={SECRET}")

    capture = CaptureSettings(error_messages=True, masked_paths=(r"(?<=/reset/)[^/]+", "hunter2[^ ]*"))
    with Reporter(url=receiver.url, capture=capture, delivery=QUIET) as reporter:
        inner = Middleware(AnalyticsMiddleware, reporter=reporter)
        application = Starlette(routes=[Route("/reset/{token}", handler, methods=["POST"])], middleware=[inner])
        with served(application) as url:
            headers = {
                "Authorization": f"Bearer {SECRET}",
                "Cookie": f"session={SECRET}",
                "X-Api-Key": SECRET,
                "Referer": f"https://a.example/?{SECRET}",
                "Content-Type": "text/plain",
            }
            answer = httpx.post(f"{url}/reset/{SECRET}?token={SECRET}", headers=headers, content=SECRET)
            assert answer.status_code == 500
    deliveries = receiver.all()
    (event,) = [event for delivery in deliveries for event in delivery.events]
    assert (event["endpoint"], event["path"]) == ("/reset/{token}", "/reset/***")
    assert event["error_type"] == "RuntimeError"
    assert event["bytes_received"] == len(SECRET)
    for delivery in deliveries:
        for part in (delivery.text, delivery.body.decode("latin-1"), str(delivery.headers), delivery.path):
            assert SECRET not in part
            assert "hunter2" not in part


def test_a_full_batch_and_the_interval_make_the_thread_send(receiver: Receiver) -> None:
    with Reporter(url=receiver.url, delivery=DeliverySettings(batch_size=3, interval=NEVER)) as reporter:
        ask(AnalyticsMiddleware(response(200), reporter=reporter), "/1", "/2", "/3")
        assert [event["path"] for event in receiver.next().events] == ["/1", "/2", "/3"]
    with Reporter(url=receiver.url, delivery=DeliverySettings(interval=0.01)) as reporter:
        ask(AnalyticsMiddleware(response(200), reporter=reporter), "/4")
        assert [event["path"] for event in receiver.next().events] == ["/4"]


def test_closing_sends_the_rest_and_what_comes_later_starts_anew(receiver: Receiver) -> None:
    reporter = Reporter(url=receiver.url, delivery=QUIET)
    middleware = AnalyticsMiddleware(response(200), reporter=reporter)
    ask(middleware, "/1", "/2")
    reporter.close()
    ask(middleware, "/3")
    reporter.close()
    reporter.close()
    first, second = receiver.all()
    assert [event["path"] for event in first.events + second.events] == ["/1", "/2", "/3"]
    keys = [delivery.headers["idempotency-key"] for delivery in (first, second)]
    assert keys == [f"{reporter.instance}-1", f"{reporter.instance}-2"]
    assert (reporter.stats.recorded, reporter.stats.delivered, reporter.stats.waiting) == (3, 3, 0)


def test_the_end_of_the_lifespan_flushes_before_the_application_lets_go(receiver: Receiver) -> None:
    order: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        order.extend(event["path"] for delivery in receiver.all() for event in delivery.events)
        order.append("closed")

    async def handler(request: Request) -> PlainTextResponse:
        return PlainTextResponse("fine")

    inner = Middleware(AnalyticsMiddleware, url=receiver.url, delivery=QUIET)
    application = Starlette(routes=[Route("/item", handler)], middleware=[inner], lifespan=lifespan)
    with served(application, lifespan="on") as url:
        assert httpx.get(f"{url}/item").text == "fine"
        assert receiver.arrived.empty()
    assert order == ["/item", "closed"]


@pytest.mark.parametrize("away", ["dead", "busy", "silent", "garbage"])
def test_the_application_answers_whatever_the_server_does(receiver: Receiver, away: str) -> None:
    url = receiver.url
    match away:
        case "dead":
            url = f"http://127.0.0.1:{closed_port()}"
        case "busy":
            receiver.script.extend([answering(503)] * 50)
        case "silent":
            receiver.script.extend([silence] * 50)
        case _:
            receiver.script.extend([answering(200, b"\0garbage")] * 50)
    delivery = DeliverySettings(batch_size=3, queue_size=5, interval=0.01, timeout=0.2, flush_timeout=0.5)
    with Reporter(url=url, delivery=delivery) as reporter:
        application = AnalyticsMiddleware(response(200, b"fine"), reporter=reporter)
        with served(application) as address, httpx.Client() as client:
            for number in range(20):
                assert client.get(f"{address}/{number}").content == b"fine"
    for thread in threading.enumerate():
        if thread.name.startswith("mockforge-analytics"):
            thread.join(WAIT)
    stats = reporter.stats
    assert (stats.recorded, stats.delivered, stats.waiting, stats.faults) == (20, 0, 0, 0)
    assert stats.dropped_total == 20
    assert (Drop.REFUSED in (stats.dropped or {})) is (away == "garbage")
    assert stats.last_error


def test_what_is_open_is_counted() -> None:
    reporter = Reporter(url="http://127.0.0.1:9", delivery=QUIET)
    during: list[dict[str, int]] = []
    answer = response(200)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        during.append(reporter.open_connections)
        await answer(scope, receive, send)
        during.append(reporter.open_connections)

    reporter.enter("WebSocket")
    ask(
        AnalyticsMiddleware(
            application,
            reporter=reporter,
        ),
        "/",
    )
    reporter.close()
    assert during == [{"HTTP": 1, "WebSocket": 1}, {"HTTP": 0, "WebSocket": 1}]


def test_many_loops_at_once_lose_nothing(receiver: Receiver) -> None:
    with Reporter(
        url=receiver.url, delivery=DeliverySettings(batch_size=50, interval=0.001, flush_timeout=WAIT)
    ) as reporter:
        middleware = AnalyticsMiddleware(response(200), reporter=reporter)
        work = [(middleware, *(f"/{worker}/{n}" for n in range(300))) for worker in range(4)]
        threads = [threading.Thread(target=ask, args=given) for given in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    paths = [event["path"] for delivery in receiver.all() for event in delivery.events]
    assert sorted(paths) == sorted(f"/{worker}/{n}" for worker in range(4) for n in range(300))
    assert reporter.open_connections == {"HTTP": 0, "WebSocket": 0}
    assert (reporter.stats.delivered, reporter.stats.waiting) == (1_200, 0)


def test_into_a_database(tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "traffic.db") as database:
        reporter = Reporter(database=database, delivery=QUIET, capture=CaptureSettings(workspace_id="team-a"))
        statuses = {"/ok": 200, "/missing": 404, "/broken": 500}

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await response(statuses[scope["path"]], b"12345")(scope, receive, send)

        reporter.enter("WebSocket")
        ask(AnalyticsMiddleware(application, reporter=reporter), "/ok", "/ok", "/missing", "/broken")
        reporter.close()
        found = database.overview(duration="1h")
        assert (found.total_requests, found.total_errors, found.total_bytes_sent) == (4, 2, 20)
        assert found.active_connections == 1
        assert {item.endpoint: item.request_count for item in database.endpoints().rows} == {
            "/ok": 2,
            "/missing": 1,
            "/broken": 1,
        }
        assert [source.source for source in database.status().sources] == ["asgi"]
    assert (reporter.stats.delivered, reporter.stats.waiting) == (4, 0)


class FakeDatabase:
    """A writer that fails as it is told, and remembers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.writes: list[tuple[list[str], str | None]] = []
        self.stored = threading.Event()

    def write_requests(
        self, requests: pl.DataFrame, *, source: str, token: str | None = None, gauges: pl.DataFrame | None = None
    ) -> object:
        self.writes.append((requests["path"].to_list(), token))
        if self.errors:
            raise self.errors.pop(0)
        self.stored.set()
        return None


def test_a_database_that_is_busy_gets_the_same_batch_again() -> None:
    database = FakeDatabase(StoreBusyError("full"), StoreBusyError("full"))
    delivery = DeliverySettings(batch_size=2, interval=NEVER, retry_first=0.001)
    with Reporter(database=database, delivery=delivery) as reporter:
        ask(AnalyticsMiddleware(response(200), reporter=reporter), "/1", "/2")
        assert database.stored.wait(WAIT)
    assert database.writes == [(["/1", "/2"], f"{reporter.instance}-1")] * 3
    assert (reporter.stats.retries, reporter.stats.delivered) == (2, 2)


@pytest.mark.parametrize("error", [SchemaError("newer"), ValueError("broken")])
def test_a_database_that_will_never_take_it(error: Exception) -> None:
    with Reporter(database=FakeDatabase(error), delivery=QUIET) as reporter:
        ask(AnalyticsMiddleware(response(200), reporter=reporter), "/1")
    assert (reporter.stats.dropped, reporter.stats.waiting) == ({Drop.REFUSED: 1}, 0)


def test_nothing_to_report_to_or_too_much_is_refused() -> None:
    with pytest.raises(ConfigError, match="either the address of a server"):
        AnalyticsMiddleware(response(200))
    with pytest.raises(ConfigError, match="either the address of a server"):
        AnalyticsMiddleware(response(200), url="http://a", database=FakeDatabase())
    with pytest.raises(ConfigError, match="a reporter has its settings already"):
        AnalyticsMiddleware(response(200), reporter=Reporter(url="http://a"), workspace_id="w")
    with pytest.raises(ConfigError, match="the server address"):
        AnalyticsMiddleware(response(200), url="localhost:9180")


def test_nothing_starts_before_the_first_request() -> None:
    before = set(threading.enumerate())
    reporter = Reporter(url=f"http://127.0.0.1:{closed_port()}")
    middleware = AnalyticsMiddleware(response(200), reporter=reporter)
    ask(middleware, "/health")
    assert set(threading.enumerate()) == before
    assert reporter.stats.recorded == 0
