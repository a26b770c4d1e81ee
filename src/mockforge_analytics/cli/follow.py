"""`follow FILE…`: access logs while they are written."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mockforge_analytics.cli.imports import import_options
from mockforge_analytics.cli.options import (
    ConfigOption,
    DatabaseOption,
    EnvironmentLabel,
    FormatOption,
    JsonOption,
    ProtocolLabel,
    TemplatingOption,
    WorkspaceLabel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.cli.views.imports import Followed
    from mockforge_analytics.runtime.follow import FollowProgress

__all__ = ["EPILOG", "follow_files"]

EPILOG = (
    "Lines appear in reports as soon as they are read. A log is followed through renaming, truncating and "
    "re-creation, and may appear later. What was imported or followed before is not counted again. Ctrl-C or SIGTERM "
    "ends it in good order with exit code 0; the next start goes on from there.\n\n"
    "What is older than the retention settings keep is deleted meanwhile, once in `cleanup_interval_hours`.\n\n"
    "Examples:\n\n"
    "mockforge-analytics follow /var/log/nginx/access.log\n\n"
    "mockforge-analytics follow shop.log pay.log --environment prod --interval 5"
)

FilesArgument = Annotated[list[str], typer.Argument(metavar="FILE…", help="Logs that are being written.")]
IntervalOption = Annotated[
    float,
    typer.Option("--interval", metavar="SECONDS", min=0.05, max=3_600, help="Seconds between two looks at the files."),
]


def follow_files(
    files: FilesArgument,
    log_format: FormatOption = None,
    interval: IntervalOption = 1.0,
    environment: EnvironmentLabel = None,
    workspace: WorkspaceLabel = None,
    protocol: ProtocolLabel = "HTTP",
    templating: TemplatingOption = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Store the lines of access logs as they are written, until Ctrl-C."""
    from mockforge_analytics.cli.interrupt import Interrupt
    from mockforge_analytics.cli.session import open_database
    from mockforge_analytics.cli.views.imports import Followed
    from mockforge_analytics.runtime.follow import follow_logs

    options = import_options(log_format, protocol, workspace, environment)
    overrides = {} if templating is None else {"templating": templating}
    followed = Followed()
    with (
        Interrupt() as interrupt,
        open_database(database, config, writable=True, **overrides) as opened,
        _display(files, followed) as show,
    ):

        def progress(piece: FollowProgress) -> None:
            followed.add(piece)
            show()

        follow_logs(opened, files, options, stopped=lambda: interrupt.wait(interval), progress=progress)
    if as_json:
        from mockforge_analytics.cli.screen import write_json

        write_json(followed.documents())
    else:
        from mockforge_analytics.cli.screen import Screen
        from mockforge_analytics.cli.views.imports import show_followed

        show_followed(followed, Screen())


@contextmanager
def _display(files: list[str], followed: Followed) -> Iterator[Callable[[], None]]:
    from mockforge_analytics.cli.plain import visible
    from mockforge_analytics.cli.screen import complain

    begun = f"following {', '.join(files)}; Ctrl-C ends it"
    if not sys.stderr.isatty():
        complain(begun)
        yield lambda: None
        return
    from rich.console import Console

    with Console(stderr=True).status(visible(begun)) as status:
        yield lambda: status.update(visible(f"{begun} · {followed.sentence}"))
