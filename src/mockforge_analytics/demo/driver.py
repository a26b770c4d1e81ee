"""Drives the shop: a bounded number of requests at a time, at a rate that swells and ebbs."""

from __future__ import annotations

import asyncio
import math
import random
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from mockforge_analytics.demo.shop.serve import KEEP_ALIVE_SECONDS
from mockforge_analytics.demo.visitors import VISITORS, next_ask

if TYPE_CHECKING:
    from mockforge_analytics.demo.visitors import Ask, Visitor

__all__ = ["Tally", "drive"]

_AT_A_TIME: Final = 32
_SWELL: Final = 0.5  # the rate goes from half of the mean to one and a half
_SWELL_SECONDS: Final = 90.0
_TIMEOUT: Final = 30.0
_MESSAGE_SECONDS: Final = 0.5  # between two messages of a WebSocket
# Half of what the shop keeps one for: a request on a connection that the other side is about to close gets no answer.
_IDLE_SECONDS: Final = KEEP_ALIVE_SECONDS / 2


@dataclass(slots=True)
class Tally:
    """What came of the requests so far, by status; a WebSocket counts as 101. `failed` got no answer."""

    answered: dict[int, int] = field(default_factory=dict)
    failed: int = 0

    @property
    def total(self) -> int:
        """Requests that were answered."""
        return sum(self.answered.values())

    def note(self, status: int) -> None:
        """Count an answer."""
        self.answered[status] = self.answered.get(status, 0) + 1


async def drive(url: str, rate: float, over: asyncio.Event, tally: Tally, seed: int | None = None) -> None:
    """Send about `rate` requests a second to the shop at `url` until `over`, and return when all are answered."""
    rng = random.Random(seed)
    slots = asyncio.Semaphore(_AT_A_TIME)
    async with AsyncExitStack() as stack:
        clients = {visitor.address: await stack.enter_async_context(_client(url, visitor)) for visitor in VISITORS}
        group = await stack.enter_async_context(asyncio.TaskGroup())
        loop = asyncio.get_running_loop()
        started = due = loop.time()
        while not over.is_set():
            swell = 1 + _SWELL * math.sin(2 * math.pi * (loop.time() - started) / _SWELL_SECONDS)
            due = max(due + rng.expovariate(rate * swell), loop.time() - 1)
            if await _is_set(over, due - loop.time()):
                return
            await slots.acquire()
            visitor = rng.choice(VISITORS)
            group.create_task(_visit(url, visitor, clients[visitor.address], next_ask(visitor, rng), tally, slots))


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event for so long; return whether it is set."""
    try:
        async with asyncio.timeout(max(seconds, 0)):
            return await event.wait()
    except TimeoutError:
        return event.is_set()


def _client(url: str, visitor: Visitor) -> httpx.AsyncClient:
    # Certificates are not needed on loopback, and loading them for each client takes seconds in all.
    transport = httpx.AsyncHTTPTransport(
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        local_address=visitor.address,
        limits=httpx.Limits(keepalive_expiry=_IDLE_SECONDS),
    )
    headers = {"User-Agent": visitor.agent}
    return httpx.AsyncClient(base_url=url, transport=transport, headers=headers, timeout=_TIMEOUT, trust_env=False)


async def _visit(
    url: str, visitor: Visitor, client: httpx.AsyncClient, ask: Ask, tally: Tally, slots: asyncio.Semaphore
) -> None:
    try:
        if ask.numbers:
            tally.note(await _talk(url, visitor, ask))
        else:
            answer = await client.request(ask.method, ask.path, headers=dict(ask.headers), content=ask.body)
            tally.note(answer.status_code)
    except (httpx.HTTPError, WebSocketException, OSError):
        tally.failed += 1
    finally:
        slots.release()


async def _talk(url: str, visitor: Visitor, ask: Ask) -> int:
    """Hold a conversation over a WebSocket; return the status of its handshake."""
    address = f"ws{url.removeprefix('http')}{ask.path}"
    async with connect(
        address, user_agent_header=visitor.agent, local_addr=(visitor.address, 0), open_timeout=_TIMEOUT, proxy=None
    ) as socket:
        for number in ask.numbers:
            await socket.send(str(number))
            await socket.recv()
            await asyncio.sleep(_MESSAGE_SECONDS)
        return socket.response.status_code if socket.response is not None else 0
