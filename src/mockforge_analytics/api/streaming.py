"""Exports on their way to a caller: pulled piece by piece from an open snapshot, for a bounded time."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
from anyio import to_thread
from starlette.responses import Response

from mockforge_analytics.api.encoding import encoder
from mockforge_analytics.errors import StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from anyio import CapacityLimiter
    from starlette.types import Receive, Scope, Send

    from mockforge_analytics.export.cells import CellExport
    from mockforge_analytics.ports import Snapshot

__all__ = ["ExportResponse", "OpenExport"]

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

_DISCONNECT: Final = "http.disconnect"


class OpenExport:
    """One of the exports that may run at a time; its snapshot is open until `finish`.

    No thread waits for a slow caller: each piece is worked out when the one before it is gone.
    """

    def __init__(self, places: CapacityLimiter) -> None:
        self._places = places
        self._holds_place = False
        self._stack = ExitStack()
        self._pieces: Iterator[bytes] = iter(())

    async def begin(
        self,
        snapshot: AbstractContextManager[Snapshot],
        begun: Callable[[Snapshot], CellExport],
        encoding: str | None,
    ) -> CellExport:
        """Take a place and open `snapshot`; return the export, none of whose pieces is read yet.

        Raises:
            StoreBusyError: all places are taken.
            QueryError: the question cannot be answered as asked.
            StoreError: the database cannot be read.
        """
        try:
            self._places.acquire_on_behalf_of_nowait(self)
        except anyio.WouldBlock:
            most = int(self._places.total_tokens)
            message = f"{most} exports are running, which is all that run at a time: try again later"
            raise StoreBusyError(message) from None
        self._holds_place = True

        def opened() -> CellExport:
            export = begun(self._stack.enter_context(snapshot))
            self._pieces = _encoded(export.chunks, encoding)
            return export

        try:
            return await to_thread.run_sync(self._closing_on_error, opened)
        except BaseException:
            await self.finish()
            raise

    async def piece(self) -> bytes | None:
        """Return the next bytes, None after the last.

        Raises:
            QueryTimeoutError: the export takes longer than its snapshot may be open.
            StoreError: the database cannot be read.
        """
        return await to_thread.run_sync(self._closing_on_error, lambda: next(self._pieces, None))

    async def finish(self) -> None:
        """Let the snapshot and the place go, if that is not done."""
        if not self._holds_place:
            return
        self._holds_place = False
        with anyio.CancelScope(shield=True):
            try:
                await to_thread.run_sync(self._stack.close)
            finally:
                self._places.release_on_behalf_of(self)

    def _closing_on_error(self, work: Callable[[], Result]) -> Result:
        """Return what `work` does; an error passes through the snapshot, which makes it one of ours."""
        try:
            return work()
        except Exception as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise


def _encoded(chunks: Iterator[str], encoding: str | None) -> Iterator[bytes]:
    if encoding is None:
        for chunk in chunks:
            yield chunk.encode()
        return
    packer = encoder(encoding)
    for chunk in chunks:
        if ready := packer.compress(chunk.encode()):
            yield ready
    yield packer.flush()


class ExportResponse(Response):
    """Sends an export. What is cut off, by an error or after `seconds`, never gets the end that tells it is whole.

    The connection is closed then, so that the caller sees a transfer that broke off.
    """

    def __init__(self, export: OpenExport, seconds: float, media_type: str, headers: Mapping[str, str]) -> None:
        self._export = export
        self._seconds = seconds
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything, unless the caller goes away or is too slow."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_until_gone, receive, group.cancel_scope)
                with anyio.move_on_after(self._seconds) as limit:
                    await self._send(send)
                if limit.cancelled_caught:
                    _log.warning(
                        "%s was cut off after %s seconds: the caller is too slow", scope["path"], self._seconds
                    )
                group.cancel_scope.cancel()
        finally:
            await self._export.finish()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            while (piece := await self._export.piece()) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except Exception:  # noqa: BLE001 - the answer has begun: all that is left is to break it off
            _log.exception("an export was cut off")
            return
        await self._export.finish()  # before the end is sent: whoever has seen it may ask for the next one
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive, sending: anyio.CancelScope) -> None:
    while (await receive())["type"] != _DISCONNECT:
        pass
    sending.cancel()
