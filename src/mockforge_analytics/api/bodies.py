"""Request bodies, read within bounds: of each, of all together, and of time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mockforge_analytics.api.failures import retry_after
from mockforge_analytics.errors import InputTooLargeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from mockforge_analytics.config import IngestConfig

__all__ = ["Bodies", "read_body", "told_length"]

_LEAST_BYTES: Final = 64 * 1024  # what a request counts as whatever its body
_CLOSE: Final = {"Connection": "close"}


class Bodies:
    """Reads the bodies of an application. For use on its event loop only.

    What is refused for its size, or for what is held already, is refused before it is read where its length is told.
    The server passes over what still comes then, so that the sender gets to see the answer. Held is what has arrived:
    those who only announce much keep nobody out.
    """

    def __init__(self, config: IngestConfig) -> None:
        self._config = config
        self._held = 0

    @property
    def held_bytes(self) -> int:
        """What the requests count as that are being read or worked on."""
        return self._held

    @asynccontextmanager
    async def reading(self, request: Request) -> AsyncIterator[bytes]:
        """Give the body of `request`; it counts as held until the end of the block.

        Raises:
            InputTooLargeError: it is longer than `max_body_bytes`.
            HTTPException: 408, it did not arrive in time; 429, too much is held already; 400, it broke off.
        """
        told = told_length(request)
        self._require_size(told)
        self._require_room(max(told, _LEAST_BYTES))
        share = _Share(_LEAST_BYTES)
        self._held += share.size
        try:
            yield await self._read(request, share)
        finally:
            self._held -= share.size

    async def _read(self, request: Request, share: _Share) -> bytes:
        def admit(size: int) -> None:
            self._require_size(size)
            if size > share.size:
                self._require_room(size - share.size)
                self._held += size - share.size
                share.size = size

        return await read_body(request, self._config.body_timeout_seconds, admit)

    def _require_size(self, size: int) -> None:
        most = self._config.max_body_bytes
        if size > most:
            message = f"the body is longer than {most:,} bytes: send it in several requests, or compressed"
            raise InputTooLargeError(message)

    def _require_room(self, size: int) -> None:
        if self._held + size > self._config.in_flight_bytes:
            message = "too many events are being taken at the moment: send them again later"
            raise HTTPException(429, message, retry_after())


class _Share:
    """What one request counts as."""

    def __init__(self, size: int) -> None:
        self.size = size


def told_length(request: Request) -> int:
    """Return the bytes that `request` says its body has, 0 where it does not say."""
    told = request.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() else 0


async def read_body(request: Request, seconds: float, admit: Callable[[int], None]) -> bytes:
    """Return the body of `request`; `admit` is told how many bytes it has so far, and raises where these are too many.

    Raises:
        HTTPException: 408, it did not arrive within so many seconds; 400, it broke off.
    """
    pieces, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                size += len(piece)
                admit(size)
                pieces.append(piece)
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {seconds:g} seconds", _CLOSE) from None
    except ClientDisconnect:
        raise HTTPException(400, "the connection ended before the body did", _CLOSE) from None
    return b"".join(pieces)
