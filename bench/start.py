"""How long commands take from their start to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench.databases import HISTORIES, copied, history_file
from bench.measure import COMMAND, median, run
from bench.outcome import Figure, Section, Table, number

if TYPE_CHECKING:
    from bench.context import Context

__all__ = ["measure"]

TIMES: Final = 7
HELP_TARGET: Final = 0.4
REPORT_TARGET: Final = 1.2
MEGABYTE: Final = 1e6
BASE: Final = next(iter(HISTORIES))


def measure(context: Context) -> list[Section]:
    """Return the section."""
    path = history_file(context, BASE)
    with context.folder() as folder:
        database = ("--database", str(copied(path, folder)))
        commands = {
            "--help": (("--help",), HELP_TARGET),
            "import --help": (("import", "--help"), HELP_TARGET),
            "report overview": (("report", "overview", *database), REPORT_TARGET),
            "report latency": (("report", "latency", *database), REPORT_TARGET),
            "report endpoints, by status": (("report", "endpoints", *database, "--status", "5xx"), REPORT_TARGET),
            "status": (("status", *database), REPORT_TARGET),
        }
        figures, rows = [], []
        for name, (arguments, target) in context.each(list(commands.items()), "starting commands"):
            run([*COMMAND, *arguments])  # compiles what no earlier call has
            runs = [run([*COMMAND, *arguments]) for _ in range(context.sized(TIMES, 2))]
            figures.append(Figure(f"`{name}`", median([one.seconds for one in runs]), "s", target))
            cpu, peak = median([one.cpu_seconds for one in runs]), max(one.peak_bytes for one in runs)
            rows.append((f"`{name}`", f"{number(cpu)} s", f"{peak / MEGABYTE:.0f} MB"))
    return [
        Section(
            "Start of commands",
            f"Whole processes, medians of {context.sized(TIMES, 2)}; files in the cache of the operating "
            "system, modules compiled as those of an installed program are. The "
            f"database is that of {BASE}, without a time range: all of it.",
            figures,
            (Table("", ("command", "CPU", "peak memory"), rows),),
        )
    ]
