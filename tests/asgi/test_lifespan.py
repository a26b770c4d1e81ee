"""The lifespan of an application through the middleware."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics import AnalyticsMiddleware
from tests.asgi.applications import django_application
from tests.asgi.support import Recording, collected, events_in

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.protocol import Application, Message, Receive, Scope, Send

STARTUP, SHUTDOWN = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}
COMPLETE = [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


def live(application: Application, recording: Recording) -> list[Message]:
    """Return what a server is told in one whole life."""
    sent: list[Message] = []

    async def call() -> None:
        middleware = AnalyticsMiddleware(application, reporter=recording)
        await middleware({"type": "lifespan"}, events_in(STARTUP, SHUTDOWN), collected(sent))

    asyncio.run(call())
    return sent


@pytest.mark.parametrize("broken", [False, True])
def test_the_recorder_is_closed_before_the_application_hears_of_its_end(broken: bool) -> None:
    class Broken(Recording):
        def close(self) -> None:
            super().close()
            raise RuntimeError

    recording = Broken() if broken else Recording()
    closed: list[int] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        for answer in COMPLETE:
            await receive()
            closed.append(recording.closed)
            await send(answer)

    assert live(application, recording) == COMPLETE
    assert closed == [0, 1]
    assert recording.faults == int(broken)


async def _returns(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing with a scope it does not know."""


@pytest.mark.parametrize("application", [django_application(), _returns])
def test_it_stands_in_for_an_application_without_lifespan(application: Application) -> None:
    recording = Recording()
    assert live(application, recording) == COMPLETE
    assert recording.closed == 1


def test_a_start_that_fails_fails() -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        live(application, Recording())
