"""A real server on a real socket: uvicorn on a thread of the test, over a database in a folder of the test."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from fastapi import FastAPI

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import database_app
from tests.support.leaks import SHARED_FOLDERS, open_files
from tests.support.requests import frame
from tests.support.stores import FixedClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from tests.traffic import Row

__all__ = ["Served", "serving", "serving_app"]

_SECONDS_TO_START = 30.0


@dataclass(frozen=True)
class Served:
    """A running server, the database behind it, and a client that talks to it."""

    database: AnalyticsDatabase
    client: httpx.Client
    url: str
    app: FastAPI

    def get(self, route: str, **parameters: Any) -> httpx.Response:
        """Ask the route below the base path."""
        return self.client.get(f"{BASE_PATH}/{route}", params=parameters)

    def data(self, route: str, **parameters: Any) -> Any:
        """Return `data` of a successful answer."""
        answer = self.get(route, **parameters)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()["data"]


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, app: ASGIApp, ping_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host="127.0.0.1",
                port=0,
                log_config=None,
                ws="websockets-sansio",
                ws_ping_interval=ping_seconds,
                ws_ping_timeout=ping_seconds,
            )
        )
        self.listening = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: Any = None) -> None:
        if isinstance(self.config.app, FastAPI) and hasattr(self.config.app.state, "stream"):
            await self.config.app.state.stream.close()
        await super().shutdown(sockets)

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@contextmanager
def serving_app(app: ASGIApp, *, ping_seconds: float = 20.0) -> Iterator[str]:
    """Serve `app` until the end of the block; yield its address."""
    server = _Server(app, ping_seconds)
    thread = threading.Thread(target=server.run, name="test-server")
    thread.start()
    try:
        assert server.listening.wait(_SECONDS_TO_START), "the server did not start"
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def serving(
    folder: Path, rows: Iterable[Row] = (), *, clock: FixedClock | None = None, **settings: dict[str, Any]
) -> Iterator[Served]:
    """Serve a new database that holds `rows`; `settings` by section."""
    config = AnalyticsConfig.model_validate(settings)
    SHARED_FOLDERS.add(folder)
    try:
        yield from _served(folder, list(rows), clock or FixedClock(), config)
    finally:
        SHARED_FOLDERS.remove(folder)
    assert not open_files(folder), "the server is closed and its files are not"


def _served(folder: Path, rows: list[Row], clock: FixedClock, config: AnalyticsConfig) -> Iterator[Served]:
    with AnalyticsDatabase.open(folder / "analytics.db", config=config, clock=clock) as database:
        if rows:
            database.write_requests(frame(rows))
        app = database_app(database)
        with serving_app(app) as url, httpx.Client(base_url=url, timeout=30) as client:
            yield Served(database, client, url, app)
