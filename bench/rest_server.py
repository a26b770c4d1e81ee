"""A server over a history for `bench.rest`: `python -m bench.rest_server DATABASE HISTORY QUICK INGEST`.

Prints its port, serves until its standard input ends. With INGEST 1 it takes new traffic all the while.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from bench.databases import HISTORIES, QUICK_HISTORIES, SetClock
from bench.history import Traffic
from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import database_app

if TYPE_CHECKING:
    from bench.history import History

__all__ = ["BATCHES_A_SECOND", "REQUESTS_A_BATCH", "main"]

BATCHES_A_SECOND: Final = 20
REQUESTS_A_BATCH: Final = 5


class _Server(uvicorn.Server):
    """Says where it listens."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


def main(path: str, name: str, quick: str, ingest: str) -> None:
    """Serve the database at `path` until standard input ends."""
    clock = SetClock()
    history = (QUICK_HISTORIES if quick == "1" else HISTORIES)[name]
    with AnalyticsDatabase.open(Path(path), config=AnalyticsConfig(), clock=clock) as database:
        server = _Server(uvicorn.Config(database_app(database), host="127.0.0.1", port=0, log_level="warning"))
        ended = threading.Event()
        threads = [threading.Thread(target=_until_told, args=(server, ended))]
        if ingest == "1":
            threads.append(threading.Thread(target=_take_traffic, args=(database, clock, history, ended)))
        for thread in threads:
            thread.start()
        server.run()
        ended.set()
        for thread in threads:
            thread.join()


def _until_told(server: _Server, ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()
    server.should_exit = True


def _take_traffic(database: AnalyticsDatabase, clock: SetClock, history: History, ended: threading.Event) -> None:
    """Write what comes in each second of real time, spread over it."""
    traffic = Traffic(history)
    begin, first = time.monotonic(), clock.second
    number = 0
    while True:
        clock.second = first + int(time.monotonic() - begin) + 1
        for batch in traffic.live(clock.second - 1, BATCHES_A_SECOND, REQUESTS_A_BATCH):
            due = begin + number / BATCHES_A_SECOND
            if ended.wait(max(due - time.monotonic(), 0)):
                return
            database.store.write(batch)
            number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
