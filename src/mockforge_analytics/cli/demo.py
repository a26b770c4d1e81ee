"""`demo`: something to look at, within seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from mockforge_analytics.cli.options import ConfigOption

__all__ = ["EPILOG", "demo"]

_DATABASE: Final = Path("mockforge-analytics-demo.db")

EPILOG = (
    "Real processes, all on the loopback address: the server, a small shop that reports to it through "
    "`AnalyticsMiddleware`, and its visitors. Ctrl-C ends them all.\n\n"
    "On the first run a recorded week of the shop is stored as the week before now, so that every view has history."
)

DatabaseOption = Annotated[Path, typer.Option("--database", "-d", metavar="FILE", help="The database of the demo.")]
PortOption = Annotated[
    int, typer.Option("--port", "-p", metavar="PORT", min=0, max=65_535, help="Port of the server; 0 takes a free one.")
]
ShopOption = Annotated[
    int, typer.Option("--shop-port", metavar="PORT", min=0, max=65_535, help="Port of the shop; 0 takes a free one.")
]
RateOption = Annotated[
    float, typer.Option("--rate", metavar="NUMBER", min=0.1, max=200, help="Requests a second, on average.")
]
HistoryOption = Annotated[
    bool, typer.Option("--history/--no-history", help="Whether the past week is filled on the first run.")
]
OpenOption = Annotated[bool, typer.Option("--open", metavar="", help="Open the dashboard in a browser when ready.")]


def demo(
    database: DatabaseOption = _DATABASE,
    port: PortOption = 9180,
    shop_port: ShopOption = 0,
    rate: RateOption = 2.0,
    history: HistoryOption = True,
    open_browser: OpenOption = False,
    config: ConfigOption = None,
) -> None:
    """Show everything at work: a server, a shop that reports to it, and visitors; until Ctrl-C."""
    import sys

    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.cli.session import settings, watched_folder
    from mockforge_analytics.demo.run import Demo, run_demo

    screen = Screen()
    tell_if_made = watched_folder(database)

    def ready(url: str, shop: str) -> None:
        tell_if_made()
        screen.styled("ready", "bold green", f"at {url} (database {database}); Ctrl-C ends it")
        screen.note(f"{rate:g} requests a second go to a shop at {shop}, which reports them to the server")
        sys.stdout.flush()
        if open_browser:
            typer.launch(url)

    effective = settings(database, config)
    if history:
        screen.note("filling the past week, on the first run only …")
        sys.stdout.flush()
    tally = run_demo(Demo(database, port, shop_port, rate, history), effective, ready)
    lost = f", {tally.failed:,} without an answer" if tally.failed else ""
    screen.line(f"{tally.total:,} requests were answered{lost}; `make run` or `demo` goes on with the same database")
