"""Runs the benchmarks, prints what they come to, and writes `bench/RESULTS.md`."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.context import Context
from bench.machine import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.outcome import Section

FOLDER: Final = Path(__file__).resolve().parent
RESULTS: Final = FOLDER / "RESULTS.md"
# Module of each benchmark; its `measure(context)` returns the sections.
BENCHMARKS: Final = {
    "imports": "bench.imports",
    "start": "bench.start",
    "reports": "bench.reports",
    "rest": "bench.rest",
    "disk": "bench.disk",
    "living": "bench.living",
    "stages": "bench.stages",
    "idle": "bench.idle",
    "ingest": "bench.ingest",
    "exports": "bench.exports",
    "middleware": "bench.middleware",
    "stream": "bench.stream",
    "prometheus": "bench.prometheus",
    "dashboard": "bench.dashboard",
}


def main() -> int:
    """Run what the command line names; return the exit code: 1 where a benchmark failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that everything runs")
    parser.add_argument("--output", type=Path, help="write the results there (default: RESULTS.md after a whole run)")
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(BENCHMARKS)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    data = FOLDER / "data"
    data.mkdir(exist_ok=True)
    output = given.output or (None if given.names or given.quick else RESULTS)
    begin = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        sections, failed = _run(Context(data, given.quick, progress), given.names or list(BENCHMARKS))
    if output is not None:
        minutes = (time.monotonic() - begin) / 60
        output.write_text(_document(sections, failed, minutes, quick=given.quick))
        print(f"written to {output}")
    return 1 if failed else 0


def _run(context: Context, names: Sequence[str]) -> tuple[list[Section], dict[str, str]]:
    """Return the sections of the benchmarks `names`, and the errors of those that failed."""
    sections: list[Section] = []
    failed: dict[str, str] = {}
    for name in names:
        try:
            found = import_module(BENCHMARKS[name]).measure(context)
        except Exception as error:  # noqa: BLE001 the others are still worth their hour
            context.progress.console.print_exception()
            # Playwright adds its log and a picture of the page in words.
            failed[name] = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            continue
        for section in found:
            context.progress.console.file.flush()
            print(section.markdown(), end="\n\n", flush=True)
        sections += found
    return sections, failed


def _document(sections: Sequence[Section], failed: dict[str, str], minutes: float, *, quick: bool) -> str:
    machine = "\n".join(f"| {name} | {value} |" for name, value in describe().items())
    parts = [
        "# Benchmarks",
        "Written by `make bench` (`python -m bench`); one run of all, in this order, on one machine"
        f" ({minutes:.0f} minutes).{' Small sizes: these figures mean nothing.' if quick else ''}",
        f"| machine | |\n| --- | --- |\n{machine}",
        *(section.markdown() for section in sections),
        *(f"## {name}\n\nThis benchmark failed: {reason}" for name, reason in failed.items()),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
