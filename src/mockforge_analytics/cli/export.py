"""`export csv|json`: the stored cells, streamed."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from mockforge_analytics.cli.group import Group
from mockforge_analytics.cli.question import Question, asks
from mockforge_analytics.cli.session import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.export.cells import CellExport
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["app"]

_HELP = (
    "Write what a database holds as CSV or JSON: one row a time bucket and series, newest first.\n\n"
    "Rows are minutes, or the finest width that is kept for the whole time range, unless --granularity says "
    "otherwise. The database may be written meanwhile; an export shows it as it was at its start."
)

_EPILOG = """Examples:

mockforge-analytics export csv --last 7d --granularity hour > week.csv

mockforge-analytics export json --protocol HTTP --status 5xx --output errors.json"""

# An export reads for as long as it takes; only a forgotten one is ended.
_DEADLINE_SECONDS: Final = 7 * 86_400.0

app = typer.Typer(cls=Group, no_args_is_help=True, help=_HELP, epilog=_EPILOG)

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to this file, which appears when it is complete. Default: standard output.",
        show_default=False,
    ),
]


@app.command("csv")
@asks("granularity", "limit", forms=False)
def _csv(question: Question, output: OutputOption = None) -> None:
    """Write CSV: time, protocol, method, endpoint, status, counts, latencies and bytes."""
    from mockforge_analytics.export.csv import cells_csv

    _export(question, output, cells_csv)


@app.command("json")
@asks("granularity", "limit", forms=False)
def _json(question: Question, output: OutputOption = None) -> None:
    """Write a JSON array of objects with everything that is stored of a cell."""
    from mockforge_analytics.export.json import cells_json

    _export(question, output, cells_json)


def _export(question: Question, output: Path | None, export: Callable[[Snapshot, QuerySpec, int], CellExport]) -> None:
    from mockforge_analytics.cli.screen import complain

    with open_database(question.database, question.config) as database:
        now_us = database.clock.now_us()
        with database.store.snapshot(_DEADLINE_SECONDS) as snapshot:
            answer = export(snapshot, question.spec(now_us), now_us)
            with _target(output) as target:
                for chunk in answer.chunks:
                    target.write(chunk.encode("utf-8", "replace"))
                target.flush()
    for warning in answer.warnings:
        complain(f"note: {warning}")


@contextlib.contextmanager
def _target(output: Path | None) -> Iterator[BinaryIO]:
    """Give the stream to write to; a file gets its name when everything has been written, or never."""
    if output is None or str(output) == "-":
        yield sys.stdout.buffer
        return
    if output.exists() and not output.is_file():  # a device or a pipe: there is nothing to rename
        with output.open("wb") as device:
            yield device
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(output)) from error
    finally:
        part.unlink(missing_ok=True)
