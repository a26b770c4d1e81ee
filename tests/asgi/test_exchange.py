"""An HTTP request through the middleware: what is recorded, and that nothing is changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from mockforge_analytics import AnalyticsMiddleware
from mockforge_analytics.sources.asgi.settings import CaptureSettings
from tests.asgi.support import Recording, collected, events_in, http_scope, request_body, response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from mockforge_analytics.sources.asgi.event import Event
    from mockforge_analytics.sources.asgi.protocol import Application, Message, Receive, Scope, Send

START = {"type": "http.response.start", "status": 200, "headers": []}


def run(
    application: Application,
    scope: Scope | None = None,
    receive: Receive | None = None,
    send: Send | None = None,
    recording: Recording | None = None,
) -> tuple[Event, BaseException | None]:
    """Return the event of one request, and what the application raised."""
    recording = recording or Recording()
    middleware = AnalyticsMiddleware(application, reporter=recording)

    async def call() -> BaseException | None:
        try:
            await middleware(scope or http_scope(), receive or request_body(), send or collected([]))
        except BaseException as error:  # noqa: BLE001 it is what the test is about
            return error
        return None

    error = asyncio.run(call())
    assert recording.faults == 0
    assert recording.open == {"HTTP": 0, "WebSocket": 0}
    (event,) = recording.events
    return event, error


def test_a_request_in_full() -> None:
    recording = Recording(CaptureSettings(workspace_id="team-a", environment="staging"))
    headers = [
        (b"user-agent", b"curl/8.5.0"),
        (b"x-request-id", b"req-7"),
        (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ]
    scope = http_scope("/items/7", "POST", headers=headers, query_string=b"key=hidden", path_params={})
    event, _ = run(response(201, b"abc", b"de"), scope, request_body(b"1234", b"567"), recording=recording)
    assert event.timestamp == 1_750_000_000.0
    assert (event.protocol, event.method, event.path, event.endpoint) == ("HTTP", "POST", "/items/7", None)
    assert (event.status_code, event.bytes_sent, event.bytes_received) == (201, 5, 7)
    assert (event.client_ip, event.user_agent, event.request_id) == ("203.0.113.7", "curl/8.5.0", "req-7")
    assert (event.trace_id, event.span_id) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert (event.workspace_id, event.environment) == ("team-a", "staging")
    assert (event.error_type, event.error_message, event.metadata) == (None, None, None)


def test_latency_ends_with_the_last_byte_and_background_work_does_not_count() -> None:
    recording = Recording()
    clock = recording.clock

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(3):
            clock.advance(0.25)
            yield b"data: x\n\n"

    def work() -> None:
        assert len(recording.seen) == 1, "it is recorded before the work in the background begins"
        assert recording.open["HTTP"] == 0
        clock.advance(60)

    async def handler(request: Request) -> StreamingResponse:
        clock.advance(0.5)
        return StreamingResponse(stream(), media_type="text/event-stream", background=BackgroundTask(work))

    event, error = run(Starlette(routes=[Route("/events", handler)]), http_scope("/events"), recording=recording)
    assert error is None
    assert (event.status_code, event.latency_ms, event.bytes_sent) == (200, 1_250.0, 27)


def test_a_failure_of_background_work_is_not_one_of_the_request() -> None:
    def work() -> None:
        raise RuntimeError("later")

    async def handler(request: Request) -> PlainTextResponse:
        return PlainTextResponse("done", background=BackgroundTask(work))

    event, error = run(Starlette(routes=[Route("/", handler)]))
    assert isinstance(error, RuntimeError)
    assert (event.status_code, event.error_type) == (200, None)


@pytest.mark.parametrize(
    ("method", "status", "body", "sent"),
    [("HEAD", 200, b"left out", 0), ("GET", 204, b"", 0), ("GET", 304, b"", 0), ("OPTIONS", 200, b"GET", 3)],
)
def test_answers_without_a_body(method: str, status: int, body: bytes, sent: int) -> None:
    event, _ = run(response(status, body), http_scope(method=method))
    assert (event.method, event.status_code, event.bytes_sent) == (method, status, sent)


class ApplicationError(Exception):
    """What the tested applications raise."""


@pytest.mark.parametrize("outside", [True, False], ids=["around the framework", "as its middleware"])
def test_an_exception_is_named_and_passed_on(outside: bool) -> None:
    raised = ApplicationError("token=abc for eve@example.com")
    recording = Recording()

    async def handler(request: Request) -> PlainTextResponse:
        raise raised

    routes = [Route("/", handler)]
    if outside:
        event, error = run(Starlette(routes=routes), recording=recording)
    else:
        inner = Middleware(AnalyticsMiddleware, reporter=recording)
        application = Starlette(routes=routes, middleware=[inner])

        async def call() -> None:
            with pytest.raises(ApplicationError) as caught:
                await application(http_scope(), request_body(), collected([]))
            assert caught.value is raised

        asyncio.run(call())
        (event,), error = recording.events, raised
    assert error is raised
    assert (event.status_code, event.error_type, event.error_message) == (500, "ApplicationError", None)


def test_the_text_of_an_exception_is_masked_where_it_is_wanted() -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        raise ApplicationError(
            "no account for eve@example.com, token=abc123, see https://u:p@host/x?sig=1 " + "x" * 999
        )

    event, _ = run(application, recording=Recording(CaptureSettings(error_messages=True)))
    text = event.error_message or ""
    assert text.startswith("no account for ***, token=***, see https://***@host/x?*** xxx")
    assert len(text) == 500


def test_an_exception_whose_text_fails_costs_only_the_text() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise ValueError

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        raise Broken

    recording = Recording(CaptureSettings(error_messages=True))
    middleware = AnalyticsMiddleware(application, reporter=recording)
    with pytest.raises(Broken):
        asyncio.run(_call(middleware, http_scope(), request_body(), collected([])))
    assert [(event.error_type, event.error_message) for event in recording.events] == [("Broken", None)]
    assert recording.faults == 1


async def _call(application: Application, scope: Scope, receive: Receive, send: Send) -> None:
    await application(scope, receive, send)


def test_an_exception_in_the_middle_of_the_answer() -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ApplicationError

    event, _ = run(application)
    assert (event.status_code, event.error_type, event.bytes_sent) == (200, "ApplicationError", 4)


def test_an_answer_that_never_ends() -> None:
    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        """Return without a word."""

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)

    assert [(run(app)[0].status_code, run(app)[0].error_type) for app in (nothing, half)] == [
        (500, "incomplete_response"),
        (200, "incomplete_response"),
    ]


@pytest.mark.parametrize(("starts", "status"), [(False, 499), (True, 200)])
def test_a_client_that_leaves(starts: bool, status: int) -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if starts:
            await send(START)
        while (await receive())["type"] != "http.disconnect":
            pass

    event, error = run(application, receive=events_in({"type": "http.request"}))
    assert (event.status_code, event.error_type, error) == (status, "client_disconnected", None)


def test_a_server_that_says_by_an_error_that_the_client_left() -> None:
    gone = OSError("gone")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise gone

    event, error = run(response(200, b"a", b"b"), send=send)
    assert error is gone
    assert (event.status_code, event.error_type) == (200, "client_disconnected")


def test_a_request_that_is_cancelled_has_no_status() -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    event, error = run(application)
    assert isinstance(error, asyncio.CancelledError)
    assert (event.status_code, event.error_type) == (None, "CancelledError")


def test_files_that_the_server_sends_by_itself() -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "headers": [(b"Content-Length", b"4096")]})
        await send({"type": "http.response.pathsend", "path": "/tmp/file"})

    event, _ = run(application)
    assert (event.status_code, event.bytes_sent, event.error_type) == (200, 4_096, None)


@pytest.mark.parametrize("path", [
        "/health", "/metrics", "/health/deep", "/api/v2/analytics/events", "/tools/api/v2/analytics/export/csv",
    ],
)  # fmt: skip
def test_paths_that_are_not_reported(path: str) -> None:
    recording = Recording()
    middleware = AnalyticsMiddleware(response(200, b"fine"), reporter=recording)
    for root in ("", "/behind/proxy"):
        sent: list[Message] = []
        asyncio.run(_call(middleware, http_scope(path, root_path=root), request_body(), collected(sent)))
        assert sent[-1]["body"] == b"fine"
    assert (recording.seen, recording.faults) == ([], 0)


def test_the_list_of_excluded_paths_is_the_users() -> None:
    recording = Recording(CaptureSettings(exclude=("/internal/*", "/exact", "*/quiet/*")))
    middleware = AnalyticsMiddleware(response(200), reporter=recording)
    for path in ("/internal/a", "/exact", "/exact/not", "/health", "/internal", "/a/quiet/b", "/quiet/", "/quiet"):
        asyncio.run(_call(middleware, http_scope(path), request_body(), collected([])))
    assert [event.path for event in recording.events] == ["/exact/not", "/health", "/internal", "/quiet"]


def test_labels_from_headers_and_functions() -> None:
    capture = CaptureSettings(
        workspace_id=lambda scope: scope["path"].split("/")[1],
        environment="production",
        environment_header="X-Environment",
    )
    recording = Recording(capture)
    with_header = http_scope("/blue/x", headers=[(b"x-environment", b"canary")])
    for scope in (http_scope("/red/x"), with_header):
        asyncio.run(_call(AnalyticsMiddleware(response(200), reporter=recording), scope, request_body(), collected([])))
    found = [(event.workspace_id, event.environment) for event in recording.events]
    assert found == [("red", "production"), ("blue", "canary")]


def test_paths_of_graphql() -> None:
    event, _ = run(
        response(200), http_scope("/graphql", "POST"), recording=Recording(CaptureSettings(graphql_paths=("/graphql",)))
    )
    assert event.protocol == "GraphQL"


class Hostile(Recording):
    """A recorder of which everything fails."""

    def enter(self, protocol: str) -> None:
        raise ApplicationError

    record = leave = fault = enter  # type: ignore[assignment]  # each only raises


class HostileLater(Hostile):
    """One that fails when the request is over."""

    def enter(self, protocol: str) -> None:
        """Let it begin."""


def _fails(scope: Scope) -> str | None:
    raise ApplicationError


@pytest.mark.parametrize(
    "recording",
    [
        Hostile(),
        HostileLater(),
        Recording(CaptureSettings(endpoint_of=_fails, workspace_id=_fails, environment=_fails)),
    ],
    ids=["at the beginning", "at the end", "in the user's functions"],
)
@pytest.mark.parametrize("fails", [False, True])
def test_a_recorder_that_raises_changes_nothing(recording: Recording, fails: bool) -> None:
    raised = KeyError("the application's own")
    answer = response(200, b"a", b"b")

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if fails:
            raise raised
        await answer(scope, receive, send)

    sent: list[Message] = []
    middleware = AnalyticsMiddleware(application, reporter=recording)
    if fails:
        with pytest.raises(KeyError) as caught:
            asyncio.run(_call(middleware, http_scope(), request_body(), collected(sent)))
        assert caught.value is raised
    else:
        asyncio.run(_call(middleware, http_scope(), request_body(), collected(sent)))
        assert [message.get("body") for message in sent] == [None, b"a", b"b"]


MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(lambda status: {"type": "http.response.start", "status": status}, st.integers(-1, 999) | st.none()),
    st.builds(
        lambda body, more: {"type": "http.response.body", "body": body, "more_body": more},
        st.binary(max_size=8) | st.none() | st.text(max_size=3),
        st.booleans(),
    ),
    st.sampled_from([{"type": "http.response.start"}, {"type": "http.response.trailers"}, {}, {"type": None}]),
)
ARRIVING: list[Message] = [
    {"type": "http.request", "body": b"x"},
    {"type": "http.request", "body": 1},
    {"type": "http.disconnect"},
    {},
]


@given(
    sent=st.lists(MESSAGES, max_size=6),
    arriving=st.lists(
        st.sampled_from([{"type": "http.request", "body": b"x"}, {}, {"type": "http.request", "body": 1}])
    ),
    error=st.sampled_from([None, ApplicationError(), OSError(), asyncio.CancelledError()]),
    broken_scope=st.booleans(),
)
def test_whatever_passes_passes_unchanged(
    sent: list[Message], arriving: list[Message], error: BaseException | None, broken_scope: bool
) -> None:
    got: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        got.extend([await receive() for _ in arriving])
        for message in sent:
            await send(message)
        if error is not None:
            raise error

    recording, waiting = Recording(), list(arriving)
    passed: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def call() -> BaseException | None:
        scope = {"type": "http"} if broken_scope else http_scope()
        try:
            await AnalyticsMiddleware(application, reporter=recording)(scope, receive, collected(passed))
        except BaseException as raised:  # noqa: BLE001 it is what the test is about
            return raised
        return None

    assert asyncio.run(call()) is error
    assert len(passed) == len(sent)
    assert all(one is other for one, other in zip(passed, sent, strict=True))
    assert all(one is other for one, other in zip(got, arriving, strict=True))
    assert len(recording.seen) <= 1
    assert recording.seen or recording.faults
    assert recording.open == {"HTTP": 0, "WebSocket": 0}
