"""A small HTTP/1.1 client that also sends what a correct one never would."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples.recording.steps import Client, RawStep, Step

__all__ = ["Connection", "send_raw"]

_HOST = "127.0.0.1"
_ANSWER_DEADLINE_S = 10.0
_RAW_DEADLINE_S = 3.0
_MAX_HEAD = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"
_NO_BODY = (204, 304)


class Connection:
    """The keep-alive connection of one visitor; opened when first needed and again after the server closed it."""

    def __init__(self, port: int, client: Client) -> None:
        self._port = port
        self._client = client
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, step: Step) -> None:
        """Send one request and read its answer, or hang up when the step's patience is at its end.

        Patience begins when the request is written, so that nginx sees it however busy the machine is.
        """
        try:
            reader = await self._write(step)
            await asyncio.wait_for(self._read(reader, step), step.patience_s or _ANSWER_DEADLINE_S)
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            self.close()

    def close(self) -> None:
        """Close the connection; the next `send` opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _write(self, step: Step) -> asyncio.StreamReader:
        if self._streams is None:
            self._streams = await asyncio.open_connection(_HOST, self._port, limit=_MAX_HEAD)
        reader, writer = self._streams
        writer.write(self._request(step))
        await writer.drain()
        return reader

    async def _read(self, reader: asyncio.StreamReader, step: Step) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await self._read_body(reader, head, bodiless=step.method == "HEAD")
        if b"connection: close" in head.lower():
            self.close()

    def _request(self, step: Step) -> bytes:
        lines = [
            f"{step.method} {step.target} HTTP/1.1",
            "Host: shop.example",
            f"X-Forwarded-For: {self._client.address}",
        ]
        if self._client.user_agent is not None:
            lines.append(f"User-Agent: {self._client.user_agent}")
        lines += [f"{name}: {value}" for name, value in step.headers]
        if step.body:
            lines.append(f"Content-Length: {len(step.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + step.body

    @staticmethod
    async def _read_body(reader: asyncio.StreamReader, head: bytes, *, bodiless: bool) -> None:
        status = int(head.split(b" ", 2)[1])
        if bodiless or status in _NO_BODY:
            return
        length = _LENGTH.search(head)
        if length is not None:
            await reader.readexactly(int(length[1]))
        elif b"\r\ntransfer-encoding: chunked" in head.lower():
            await reader.readuntil(_LAST_CHUNK)


async def send_raw(port: int, step: RawStep) -> None:
    """Send the bytes from their own loopback address and read until nginx closes the connection."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        reader, writer = await asyncio.open_connection(_HOST, port, local_addr=(step.source, 0))
        try:
            writer.write(step.payload)
            await writer.drain()
            async with asyncio.timeout(_RAW_DEADLINE_S):
                while await reader.read(_MAX_HEAD):
                    pass
        finally:
            writer.close()
