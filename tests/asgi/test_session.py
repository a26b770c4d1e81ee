"""A WebSocket session through the middleware."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics import AnalyticsMiddleware
from tests.asgi.support import Recording, collected, events_in, websocket_scope

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.event import Event
    from mockforge_analytics.sources.asgi.protocol import Message, Receive, Scope, Send

CONNECT = {"type": "websocket.connect"}
ACCEPT = {"type": "websocket.accept"}


class WebSocketDisconnect(Exception):
    """What frameworks raise where an application reads after its client left."""


def run(
    *sent: Message,
    arriving: tuple[Message, ...] = (),
    error: BaseException | None = None,
    recording: Recording | None = None,
) -> Event:
    """Return the event of a session in which the application reads everything, sends `sent` and raises `error`."""
    recording = recording or Recording()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for message in sent[:1]:
            recording.clock.advance(0.125)
            await send(message)
        for _ in arriving:
            recording.clock.advance(10)
            await receive()
        for message in sent[1:]:
            await send(message)
        if error is not None:
            raise error

    passed: list[Message] = []

    async def call() -> None:
        middleware = AnalyticsMiddleware(application, reporter=recording)
        await middleware(websocket_scope("/live"), events_in(CONNECT, *arriving), collected(passed))

    if error is None:
        asyncio.run(call())
    else:
        with pytest.raises(type(error)) as caught:
            asyncio.run(call())
        assert caught.value is error
    assert all(one is other for one, other in zip(passed, sent, strict=True))
    assert recording.faults == 0
    assert recording.open == {"HTTP": 0, "WebSocket": 0}
    (event,) = recording.events
    return event


def test_a_session_in_full() -> None:
    event = run(
        ACCEPT,
        {"type": "websocket.send", "text": "héllo"},
        {"type": "websocket.send", "bytes": b"\0\1", "text": None},
        {"type": "websocket.close", "code": 1000},
        arriving=({"type": "websocket.receive", "text": "ping"}, {"type": "websocket.receive", "bytes": b"abc"}),
    )
    assert (event.protocol, event.method, event.status_code, event.error_type) == ("WebSocket", "GET", 101, None)
    assert (event.bytes_sent, event.bytes_received) == (6 + 2, 4 + 3)
    assert event.latency_ms == 125.0, "of the handshake"
    assert event.metadata == {
        "duration_ms": 20_125.0,
        "messages_sent": 2,
        "messages_received": 2,
        "close_code": 1000,
    }


def leaves(code: int) -> tuple[Message]:
    return ({"type": "websocket.disconnect", "code": code},)


@pytest.mark.parametrize(
    ("given", "status", "error_type", "code"),
    [
        ({"sent": (ACCEPT,), "arriving": leaves(1001)}, 101, None, 1001),
        ({"sent": (ACCEPT,), "arriving": leaves(1001), "error": WebSocketDisconnect()}, 101, None, 1001),
        ({"sent": (ACCEPT,), "arriving": leaves(1006)}, 101, "client_disconnected", 1006),
        ({"sent": (ACCEPT,), "arriving": leaves(1000), "error": KeyError()}, 101, "KeyError", 1000),
        ({"sent": (ACCEPT,), "error": KeyError()}, 101, "KeyError", None),
        ({"sent": (ACCEPT, {"type": "websocket.close", "code": 1011})}, 101, "websocket_close_1011", 1011),
        ({"sent": (ACCEPT, {"type": "websocket.close", "code": 4000})}, 101, None, 4000),
        ({"sent": ({"type": "websocket.close"},)}, 403, None, 1000),
        ({"sent": (), "error": KeyError()}, 500, "KeyError", None),
        ({"sent": ()}, 500, "incomplete_response", None),
        ({"sent": (), "arriving": leaves(1006)}, 499, "client_disconnected", 1006),
    ],
)
def test_every_end(given: dict[str, Any], status: int, error_type: str | None, code: int | None) -> None:
    event = run(*given["sent"], arriving=given.get("arriving", ()), error=given.get("error"))
    assert (event.status_code, event.error_type) == (status, error_type)
    assert (event.metadata or {})["close_code"] == code


def test_a_refusal_with_an_answer_of_its_own() -> None:
    event = run(
        {"type": "websocket.http.response.start", "status": 401, "headers": []},
        {"type": "websocket.http.response.body", "body": b"who?"},
    )
    assert (event.status_code, event.bytes_sent, event.latency_ms) == (401, 4, 125.0)


def test_a_server_that_says_by_an_error_that_the_client_left() -> None:
    recording, gone = Recording(), OSError("gone")

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        await send({"type": "websocket.send", "text": "x"})

    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            raise gone

    async def call() -> None:
        await AnalyticsMiddleware(application, reporter=recording)(websocket_scope(), events_in(CONNECT), send)

    with pytest.raises(OSError, match="gone") as caught:
        asyncio.run(call())
    assert caught.value is gone
    assert [(event.status_code, event.error_type) for event in recording.events] == [(101, "client_disconnected")]


def test_messages_that_make_no_sense_pass() -> None:
    recording = Recording()
    odd: list[Message] = [{"type": "websocket.send", "text": 7}, {}, {"type": "websocket.close", "code": []}]

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        for message in odd:
            await send(message)

    passed: list[Message] = []

    async def call() -> None:
        middleware = AnalyticsMiddleware(application, reporter=recording)
        await middleware(websocket_scope(), events_in(CONNECT), collected(passed))

    asyncio.run(call())
    assert passed == odd
    assert recording.faults == 3
    assert len(recording.seen) == 1
