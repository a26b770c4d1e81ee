"""Sockets that listen to the live stream: ``python -m bench.listeners ADDRESS SOCKETS``.

Prints ``ready`` when every socket has its snapshot, and after a line on standard input the delta frames of each: the
commit, and the time of arrival in nanoseconds of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import msgspec
import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

QUESTIONS: Final = (
    {"frames": "delta", "group_by": "protocol"},
    {"frames": "delta", "group_by": "status_class"},
    {"frames": "delta", "group_by": "endpoint"},
    {"frames": "delta", "group_by": "method", "duration_seconds": 900},
)
INTERVAL_SECONDS: Final = 5


class _Frame(msgspec.Struct):
    type: str = ""
    commit: int = -1


async def _listen(socket: ClientConnection, heard: list[tuple[int, int]]) -> None:
    frames = msgspec.json.Decoder(_Frame)
    try:
        async for message in socket:
            now = time.monotonic_ns()
            frame = frames.decode(message)
            if frame.type == "delta":
                heard.append((frame.commit, now))
    except ConnectionClosed:
        return


async def _main(address: str, n: int) -> None:
    heard: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    async with AsyncExitStack() as stack:
        sockets = []
        for number in range(n):
            socket = await stack.enter_async_context(connect(address, compression=None))
            wish = {"interval_seconds": INTERVAL_SECONDS, **QUESTIONS[number % len(QUESTIONS)]}
            await socket.send(json.dumps(wish))
            sockets.append(socket)
        for socket in sockets:
            while msgspec.json.decode(await socket.recv(), type=_Frame).type != "snapshot":
                pass
        tasks = [asyncio.create_task(_listen(socket, kept)) for socket, kept in zip(sockets, heard, strict=True)]
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for task in tasks:
            task.cancel()
    print(json.dumps(heard), flush=True)


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], int(sys.argv[2])))
