"""`import FILE…`: access logs into the database."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

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
    from collections.abc import Iterator

    from mockforge_analytics.cli.interrupt import Interrupt
    from mockforge_analytics.errors import SourceError
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.runtime.imports import ImportOptions, ImportSummary
    from mockforge_analytics.runtime.log_process import LogProcess

__all__ = ["EPILOG", "import_logs", "import_options"]

_LONG_BYTES: Final = 16 * 1024 * 1024

EPILOG = (
    "A log is known by its content: the same file again, renamed, packed or grown, is never counted twice. Ctrl-C "
    "ends an import safely; the same command then goes on where it ended. A line that is no request is counted "
    "with the reason and never stops an import.\n\n"
    "Examples:\n\n"
    "mockforge-analytics import access.log access.log.1 access.log.2.gz\n\n"
    "zcat old/*.gz | mockforge-analytics import - --environment staging\n\n"
    "mockforge-analytics import access.log --format '$remote_addr [$time_local] \"$request\" $status $request_time'\n\n"
    "Formats known by name: mockforge-analytics formats"
)

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="Logs, plain or packed with gzip or zstd; - is standard input.")
]


def import_logs(
    files: FilesArgument,
    log_format: FormatOption = None,
    environment: EnvironmentLabel = None,
    workspace: WorkspaceLabel = None,
    protocol: ProtocolLabel = "HTTP",
    templating: TemplatingOption = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Import access logs."""
    from contextlib import ExitStack

    from mockforge_analytics.cli.interrupt import STOPPING, Interrupt
    from mockforge_analytics.cli.session import open_database
    from mockforge_analytics.runtime.log_process import LogProcess

    _check_any_exists(files)
    os.putenv("POLARS_MAX_THREADS", "1")  # more would only wait for each other: 5 % of the processor time
    overrides = {} if templating is None else {"templating": templating}
    with ExitStack() as stack:
        process = stack.enter_context(LogProcess()) if _are_long(files) else None
        # Polars hooks itself into SIGINT when it is loaded, which must come before a handler of ours.
        options = import_options(log_format, protocol, workspace, environment)
        interrupt = stack.enter_context(Interrupt(STOPPING))
        with open_database(database, config, writable=True, **overrides) as opened:
            with _without_collector():
                summaries, failed = _import_each(opened, files, options, interrupt, process)
            if not interrupt:
                from mockforge_analytics.runtime.upkeep import Upkeep

                Upkeep(opened).run_due()
        _report(summaries, opened.path, as_json=as_json)
        if failed is not None:
            raise typer.Exit(failed.exit_code)
        if interrupt:
            raise typer.Exit(interrupt.exit_code)


def import_options(
    log_format: str | None, protocol: str, workspace: str | None, environment: str | None
) -> ImportOptions:
    """Return how logs are read.

    Raises:
        FormatError: the format is not known.
    """
    from mockforge_analytics.runtime.imports import ImportOptions
    from mockforge_analytics.sources.accesslog.normalise import Labels
    from mockforge_analytics.sources.accesslog.presets import parse_format

    chosen = None if log_format in (None, "auto") else parse_format(str(log_format))
    return ImportOptions(chosen, Labels(protocol, workspace, environment))


def _check_any_exists(files: list[str]) -> None:
    """Return if there is something to import, so that a misspelt name leaves no empty database behind.

    Raises:
        SourceError: no file exists.
    """
    from mockforge_analytics.errors import SourceError

    if not any(name == "-" or Path(name).exists() for name in files):
        message = f"{', '.join(files)}: no such file; check the path"
        raise SourceError(message)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hold no search for cycles: an import makes many objects and hardly any cycle, and it takes 4 % of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _are_long(files: list[str]) -> bool:
    """Return whether to read `files` takes longer than to start a process that does it."""
    sizes = [Path(name).stat().st_size for name in files if name != "-" and Path(name).is_file()]
    return sum(sizes) >= _LONG_BYTES


def _import_each(
    database: AnalyticsDatabase,
    files: list[str],
    options: ImportOptions,
    interrupt: Interrupt,
    process: LogProcess | None,
) -> tuple[list[ImportSummary], SourceError | None]:
    """Import the files one by one; return what came of each, and the first fault of a file, which stops no other."""
    from mockforge_analytics.cli.progress import ImportDisplay
    from mockforge_analytics.cli.screen import fault
    from mockforge_analytics.errors import SourceError
    from mockforge_analytics.runtime.imports import import_log

    summaries: list[ImportSummary] = []
    failed: SourceError | None = None
    with ImportDisplay(database.clock) as display:
        for name in files:
            shown = "standard input" if name == "-" else name
            try:
                progress = display.begin(name)
                summary = import_log(
                    database, name, options, progress=progress, cancelled=lambda: bool(interrupt), process=process
                )
            except SourceError as error:
                failed = failed or error
                fault(str(error) if shown in str(error) else f"{shown}: {error}")
                continue
            summaries.append(summary)
            if interrupt:
                fault("stopped; what is stored is kept, and the same command goes on from there")
                break
    return summaries, failed


def _report(summaries: list[ImportSummary], database: Path, *, as_json: bool) -> None:
    from mockforge_analytics.cli.screen import Screen, write_json

    if as_json:
        write_json(summaries)
        return
    from mockforge_analytics.cli.views.imports import show_summaries

    show_summaries(summaries, database, Screen())
