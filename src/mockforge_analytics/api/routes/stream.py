"""The live stream (contract section 5, and delta frames beside it)."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.responses import Response
from starlette.websockets import WebSocketState

from mockforge_analytics.api.envelope import failure
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.origin import origin_allowed
from mockforge_analytics.api.security import principal_of, until_revoked
from mockforge_analytics.api.services import Provided
from mockforge_analytics.live.outbox import Closing, SlowReaderError

if TYPE_CHECKING:
    from mockforge_analytics.api.services import Services
    from mockforge_analytics.live.subscription import Client

__all__ = ["no_stream", "router", "stream"]

router = APIRouter(tags=["stream"], route_class=EnvelopeRoute)

_POLICY_VIOLATION: Final = 1008
_TOO_BIG: Final = 1009
_TRY_LATER: Final = 1013
_FORBIDDEN: Final = 403
_UPGRADE_REQUIRED: Final = 426
_RATE_SECONDS: Final = 60.0
_LONGEST_REASON: Final = 120  # bytes; the protocol has room for 123


@router.get("/stream", include_in_schema=False)
async def no_stream(services: Provided) -> Response:
    """Answer who asks without an upgrade: a client that does not know, or a proxy that does not pass it on."""
    reason = "the stream is a WebSocket: connect with ws:// or wss://; a proxy must pass Upgrade and Connection on"
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    return failure(_UPGRADE_REQUIRED, reason, services.clock.now_us(), headers=headers)


@router.websocket("/stream")
async def stream(websocket: WebSocket, services: Provided) -> None:
    """Frames about a window that moves on: every few seconds, or as deltas after each commit."""
    headers = websocket.headers
    if not origin_allowed(headers.get("origin"), headers.get("host"), services.config.server.allowed_origins):
        reason = "pages of this origin may not use the stream: name it in the setting server.allowed_origins"
        await websocket.send_denial_response(failure(_FORBIDDEN, reason, services.clock.now_us(), field="Origin"))
        return
    await websocket.accept()
    principal = principal_of(websocket)
    client = services.stream.connect(None if principal is None else principal.workspace_id)
    if isinstance(client, Closing):
        await _close(websocket, client, services)
        return
    try:
        closing = await _serve(websocket, client, services)
    finally:
        services.stream.disconnect(client)
    if closing is not None:
        await _close(websocket, closing, services)


async def _serve(websocket: WebSocket, client: Client, services: Services) -> Closing | None:
    """Send and listen until one of both ends; return why to close, None where the client has gone."""
    sender = asyncio.create_task(_send(websocket, client, services))
    listener = asyncio.create_task(_listen(websocket, client, services))
    revoked = asyncio.create_task(until_revoked(websocket))
    tasks: set[asyncio.Task[Any]] = {sender, listener, revoked}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if revoked.done():
            return Closing(_POLICY_VIOLATION, "the token is no longer good")
        return listener.result() if listener.done() else sender.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _send(websocket: WebSocket, client: Client, services: Services) -> Closing | None:
    try:
        return await client.outbox.drain(websocket.send_text)
    except SlowReaderError:
        services.stream.closed_slow += 1
        return Closing(_TRY_LATER, "the client reads too slowly")
    except (WebSocketDisconnect, OSError):
        return None


async def _listen(websocket: WebSocket, client: Client, services: Services) -> Closing | None:
    """Take configuration messages until the client goes, or sends too much."""
    config = services.config.stream
    times: deque[float] = deque(maxlen=config.messages_per_minute)
    loop = asyncio.get_running_loop()
    while True:
        received = await websocket.receive()
        if received["type"] == "websocket.disconnect":
            return None
        message: str | bytes = received.get("text") or received.get("bytes") or ""
        if len(message.encode() if isinstance(message, str) else message) > config.message_bytes:
            return Closing(_TOO_BIG, f"a message may have {config.message_bytes} bytes")
        if len(times) == config.messages_per_minute and loop.time() - times[0] < _RATE_SECONDS:
            return Closing(_POLICY_VIOLATION, f"more than {config.messages_per_minute} messages in a minute")
        times.append(loop.time())
        services.stream.configure(client, message)


async def _close(websocket: WebSocket, closing: Closing, services: Services) -> None:
    """Close the socket, within the time that a slow reader gets; after that the server drops the connection."""
    if websocket.client_state is not WebSocketState.CONNECTED:
        return
    reason = closing.reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
        async with asyncio.timeout(services.config.stream.slow_seconds):
            await websocket.close(closing.code, reason)
