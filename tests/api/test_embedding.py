"""The routes inside applications of others, and the whole server under a server program of others."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

import mockforge_analytics
from mockforge_analytics import (
    AnalyticsConfig,
    AnalyticsDatabase,
    AnalyticsMiddleware,
    Reporter,
    analytics_router,
    create_app,
)
from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.errors import StoreError
from tests.cli.support import environment
from tests.support.requests import frame
from tests.support.server import serving_app
from tests.support.stores import NOW, FixedClock
from tests.support.waiting import until
from tests.traffic import row

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [row(NOW - 10 - number) for number in range(7)]


@pytest.mark.parametrize("prefix", ["", "/tools/traffic"])
def test_the_router_works_in_an_application_of_somebody_else(tmp_path: Path, prefix: str) -> None:
    host = FastAPI()
    with AnalyticsDatabase.open(tmp_path / "d.db", clock=FixedClock()) as database:
        database.write_requests(frame(ROWS))
        host.include_router(analytics_router(database), prefix=prefix)

        @host.get("/own")
        async def own() -> dict[str, int]:
            return {"own": 1}

        with serving_app(host) as url, httpx.Client(base_url=f"{url}{prefix}{BASE_PATH}/") as client:
            assert client.get("overview").json()["data"]["total_requests"] == len(ROWS)
            wrong = client.get("overview", params={"duration": "abc"})
            assert (wrong.status_code, wrong.json()["success"], wrong.json()["field"]) == (422, False, "duration")
            taken = client.delete("overview")
            assert (taken.status_code, taken.json()["success"], taken.headers["Allow"]) == (405, False, "GET")
            assert client.put("session").headers["Allow"] == "GET, POST, DELETE"
            assert "openapi.json" in client.get("docs").text
            assert client.get("/own").status_code == 404
            assert httpx.get(f"{url}/own").json() == {"own": 1}
            # What is wrong outside of the router stays as the application has it.
            assert httpx.get(f"{url}/none").json() == {"detail": "Not Found"}


def test_looking_at_the_traffic_of_an_application_is_no_traffic_of_it(tmp_path: Path) -> None:
    host = FastAPI()

    @host.get("/own/{number}")
    async def own(number: int) -> int:
        return number

    with AnalyticsDatabase.open(tmp_path / "d.db") as database:
        host.include_router(analytics_router(database), prefix="/tools")
        with Reporter(database=database) as reporter:
            watched = AnalyticsMiddleware(host, reporter=reporter)
            with serving_app(watched) as url, httpx.Client(base_url=url) as client:
                for number in range(5):
                    assert client.get(f"/own/{number}").json() == number
                    assert client.get(f"/tools{BASE_PATH}/overview").status_code == 200
        assert database.overview().total_requests == 5


class Lifespan:
    """Drives an ASGI application through its life."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def begin(self) -> asyncio.Task[None]:
        return asyncio.ensure_future(self._app({"type": "lifespan"}, self._told.get, self._said.put))

    async def tell(self, event: str) -> dict[str, Any]:
        await self._told.put({"type": f"lifespan.{event}"})
        return await self._said.get()


def test_the_application_opens_its_database_when_it_starts_and_closes_it_when_it_stops(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    app = create_app(AnalyticsConfig(database_path=path))
    assert not path.exists()

    async def live() -> int:
        life = Lifespan(app)
        task = life.begin()
        assert await life.tell("startup") == {"type": "lifespan.startup.complete"}
        with pytest.raises(StoreError, match="another process"):
            AnalyticsDatabase.open(path)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get(f"{BASE_PATH}/overview")
        assert await life.tell("shutdown") == {"type": "lifespan.shutdown.complete"}
        await task
        return answer.status_code

    assert asyncio.run(live()) == 200
    AnalyticsDatabase.open(path).close()


def test_a_database_that_cannot_be_opened_is_told_to_the_server_program(tmp_path: Path) -> None:
    async def start() -> tuple[dict[str, Any], asyncio.Task[None]]:
        life = Lifespan(create_app(AnalyticsConfig(database_path=tmp_path)))
        task = life.begin()
        said = await life.tell("startup")
        with pytest.raises(StoreError):
            await task
        return said, task

    said, _ = asyncio.run(start())
    assert said["type"] == "lifespan.startup.failed"
    assert "is a folder" in said["message"]


def test_without_a_start_it_says_what_is_missing() -> None:
    async def ask() -> None:
        transport = httpx.ASGITransport(app=create_app(AnalyticsConfig()))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get("/health")

    with pytest.raises(RuntimeError, match="lifespan"):
        asyncio.run(ask())


def test_uvicorn_finds_the_factory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "uvicorn", "--factory", "mockforge_analytics:create_app", "--uds", "server.sock"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: (tmp_path / "server.sock").exists() or process.poll() is not None, "a server")
        transport = httpx.HTTPTransport(uds=str(tmp_path / "server.sock"))
        with httpx.Client(transport=transport, base_url="http://localhost") as client:
            assert client.get("/ready").json()["data"]["status"] == "ready"
    finally:
        process.terminate()
        process.communicate()
    assert not (tmp_path / "mockforge-analytics.db-wal").exists()


def test_the_names_are_public() -> None:
    assert {"create_app", "analytics_router"} <= set(mockforge_analytics.__all__)
