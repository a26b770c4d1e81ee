"""The whole demonstration, from the history to the last request."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockforge_analytics.bundled import example_log
from mockforge_analytics.demo.driver import Tally, drive
from mockforge_analytics.demo.processes import running
from mockforge_analytics.demo.shop.app import route_paths
from mockforge_analytics.demo.shop.serve import ENVIRONMENT, WORKSPACE
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.history import fill_history
from mockforge_analytics.sources.accesslog.normalise import Labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mockforge_analytics.config import AnalyticsConfig

__all__ = ["Demo", "run_demo"]


@dataclass(frozen=True, slots=True)
class Demo:
    """What is shown: the database file, ports (0 takes a free one), requests a second, whether the past is filled."""

    database: Path
    port: int = 9180
    shop_port: int = 0
    rate: float = 2.0
    with_history: bool = True


def run_demo(demo: Demo, config: AnalyticsConfig, ready: Callable[[str, str], None]) -> Tally:
    """Run everything until SIGINT or SIGTERM; return what the visitors were answered.

    `ready` is called with the addresses of the dashboard and of the shop. In the end the visitors finish, then the shop
    reports what it has, then the server stores it.

    Raises:
        SourceError: a part did not start.
        StoreError: the database cannot be opened.
    """
    if demo.with_history:
        with AnalyticsDatabase.open(demo.database, config=config) as database, example_log() as log:
            fill_history(database, log, Labels("HTTP", WORKSPACE, ENVIRONMENT), route_paths())
    tally = Tally()
    server = config.server.model_copy(update={"host": "127.0.0.1", "port": demo.port, "root_path": ""})
    settings = config.model_copy(update={"database_path": demo.database, "server": server}).model_dump_json()
    with running("server", settings) as url, running("shop", str(demo.shop_port), url) as shop:
        asyncio.run(_drive(shop, demo.rate, tally, lambda: ready(f"{url}/", f"{shop}/")))
    return tally


async def _drive(shop: str, rate: float, tally: Tally, begun: Callable[[], None]) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    begun()
    await drive(shop, rate, over, tally)
