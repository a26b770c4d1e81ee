"""`serve`: the server."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mockforge_analytics.cli.options import ConfigOption, DatabaseOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.collection import Collected
    from mockforge_analytics.runtime.server import Listening

__all__ = ["EPILOG", "LogLevel", "LogStyle", "serve"]

EPILOG = (
    "Ctrl-C or SIGTERM ends it in good order: no new connection is taken, running requests are finished, everything "
    "accepted is stored, exit code 0. A second one does not wait for requests.\n\n"
    "GET /health answers as long as the process lives, GET /ready while it can take events and answer reports.\n\n"
    "Examples:\n\n"
    "mockforge-analytics serve\n\n"
    "mockforge-analytics serve --port 0 --follow /var/log/nginx/access.log\n\n"
    "mockforge-analytics serve --prometheus http://localhost:9090\n\n"
    "mockforge-analytics serve --root-path /analytics --log-format json"
)


class LogStyle(StrEnum):
    """How the log is written; the values of `runtime.logs.LogFormat`, which commands load late."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which level on records are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


HostOption = Annotated[
    str | None,
    typer.Option("--host", metavar="ADDRESS", help="Address to listen on. Default: 127.0.0.1.", show_default=False),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        "-p",
        metavar="PORT",
        min=0,
        max=65_535,
        help="Port to listen on; 0 takes a free one. Default: 9180.",
        show_default=False,
    ),
]
FollowOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--follow", metavar="FILE", help="Store the lines of this log as it is written; repeatable.", show_default=False
    ),
]
PrometheusOption = Annotated[
    list[str] | None,
    typer.Option(
        "--prometheus",
        metavar="URL",
        help="Keep the history of this Prometheus server; repeatable. Presets that fit are chosen by what it has.",
        show_default=False,
    ),
]
ScrapeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scrape",
        metavar="URL",
        help="Read these metrics, such as http://localhost:3000/metrics, without a Prometheus server; repeatable.",
        show_default=False,
    ),
]
RootOption = Annotated[
    str | None,
    typer.Option(
        "--root-path", metavar="PATH", help="Path under which a reverse proxy publishes the server.", show_default=False
    ),
]
LogOption = Annotated[LogStyle, typer.Option("--log-format", help="How the log on standard error is written.")]
LevelOption = Annotated[
    LogLevel, typer.Option("--log-level", help="What is logged; requests are told at info, health checks at debug.")
]
OpenOption = Annotated[bool, typer.Option("--open", metavar="", help="Open the dashboard in a browser when ready.")]


def serve(
    host: HostOption = None,
    port: PortOption = None,
    follow: FollowOption = None,
    prometheus: PrometheusOption = None,
    scrape: ScrapeOption = None,
    root_path: RootOption = None,
    log_format: LogOption = LogStyle.TEXT,
    log_level: LevelOption = LogLevel.INFO,
    open_browser: OpenOption = False,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Answer reports over HTTP, take events and push live figures, until Ctrl-C."""
    from mockforge_analytics.cli.session import settings, watched_folder
    from mockforge_analytics.runtime.logs import LogFormat, log_to
    from mockforge_analytics.runtime.server import run_server

    given: dict[str, Any] = {"host": host, "port": port, "root_path": root_path}
    chosen = {name: value for name, value in given.items() if value is not None}
    sections: dict[str, Any] = {"server": chosen} if chosen else {}
    # An address that the settings know, too, keeps what they say of it.
    known = settings(database, config, **sections)
    for name, addresses in (("prometheus", prometheus), ("scrape", scrape)):
        if addresses:
            sections[name] = _with_addresses(getattr(known, name), addresses)
    effective = settings(database, config, **sections)
    log_to(LogFormat(log_format), log_level)
    tell_if_made = watched_folder(effective.database_path)

    def ready(listening: Listening) -> None:
        tell_if_made()
        _announce(listening)
        if open_browser:
            typer.launch(listening.url)

    run_server(effective, follow=follow or (), ready=ready)


def _with_addresses(known: Sequence[Collected], addresses: Sequence[str]) -> list[Collected | dict[str, str]]:
    """Return the sections `known`, and one for each of `addresses` that none of them has."""
    urls = {section.url for section in known}
    return [*known, *({"url": url} for url in dict.fromkeys(addresses) if url.rstrip("/") not in urls)]


def _announce(listening: Listening) -> None:
    """Print the one line that says that all is well, and where; before it the first token, where one was made."""
    import sys

    from mockforge_analytics.cli.screen import Screen

    screen = Screen()
    if listening.token is not None:
        screen.line("whoever calls this server needs a token; this is the first, and is shown this once:")
        screen.line(listening.token)
        screen.line("`mockforge-analytics token create` makes more, `token revoke` ends them")
    screen.styled("ready", "bold green", f"at {listening.url} (database {listening.database}); Ctrl-C ends it")
    sys.stdout.flush()
