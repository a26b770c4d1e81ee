"""The command line itself: help, usage errors, unexpected errors."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from mockforge_analytics.cli import main
from mockforge_analytics.cli.app import app
from mockforge_analytics.cli.question import OPTION_NAMES
from mockforge_analytics.query.parse import PARAMETERS
from tests.cli.support import Command, command_line, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USAGE, QUERY, INTERNAL = 2, 4, 70
HEAVY = ("apsw", "numpy", "polars", "pydantic", "pydantic_settings", "zstandard", "ua_parser", "datasketches")
LOADED = f"""
import json, sys
from mockforge_analytics.cli.main import run
code = run(json.loads(sys.argv[1]))
sys.stdout.flush()
print(json.dumps([code, [name for name in {HEAVY!r} if name in sys.modules]]), file=sys.stderr)
"""


def tree(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from tree(child, (*path, name))


COMMANDS = dict(tree(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(fresh: Command, path: tuple[str, ...]) -> None:
    outcome = fresh(*path, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert "Usage: mockforge-analytics" in outcome.out
    assert COMMANDS[path].help
    assert [parameter.name for parameter in COMMANDS[path].params if not parameter.help] == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["import", "--help"], ["report", "overview", "--help"]], ids=" ".join
)
def test_help_loads_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(arguments)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stderr) == [0, []]


def test_the_version(fresh: Command) -> None:
    assert fresh("--version").out.startswith("mockforge-analytics ")
    assert fresh("version").out.startswith("mockforge-analytics")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("reprot",), "No such command 'reprot'"),
        (("report", "overveiw"), "No such command 'overveiw'"),
        (("report", "overview", "--statsu", "404"), "--statsu"),
        (("report", "traffic-patterns", "--days", "many"), "--days"),
        (("import",), "see `mockforge-analytics import --help`"),
        (("report", "overview", "--json", "--csv"), "--json and --csv cannot be combined"),
        (("import", "x.log", "--templating", "some"), "--templating"),
    ],
)
def test_usage_errors_are_one_line(command: Command, arguments: tuple[str, ...], words: str) -> None:
    outcome = command(*arguments)
    assert outcome.code == USAGE
    assert words in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("overview", "--start", "soon"), "--start 'soon' is not a time"),
        (("overview", "--last", "5 parsecs"), "--last '5 parsecs' is not a length of time"),
        (("overview", "--start", "2025-02-01", "--end", "2025-01-01"), "--end: the window would start at 2025-02-01"),
        (("overview", "--last", "1h", "--start", "0"), "cannot be combined with --start, --end or duration"),
        (("overview", "--status", "6xxx"), "--status '6xxx' is not known"),
        (("clients", "--status", "404"), "--status cannot filter this report"),
        (("endpoint-clients",), "--endpoint is missing"),
        (("endpoint-clients", "--endpoint", "/", "--method", "GET"), "--method cannot filter this report"),
        (("endpoints", "--order", "beauty"), "--order 'beauty' is not known"),
        (("endpoints", "--limit", "0"), "--limit '0' is not a number of rows"),
        (("requests", "--granularity", "fortnight"), "--granularity 'fortnight' is not known"),
        (("overview", "--zone", "Mars/Base"), "--zone 'Mars/Base' is not known"),
        (("traffic-patterns", "--zone", "Mars/Base"), "--zone 'Mars/Base' is not known"),
        (("dimension-values", "shoe_size"), "DIMENSION 'shoe_size' is not known"),
        (("error-events", "--before", "yesterday"), "--before 'yesterday' is not a page"),
    ],
)
def test_questions_that_cannot_be_answered(command: Command, arguments: tuple[str, ...], words: str) -> None:
    outcome = command.on("report", *arguments)
    assert outcome.code == QUERY
    assert len(outcome.err.splitlines()) == 1
    assert words in outcome.err


def test_every_parameter_of_a_report_has_an_option() -> None:
    assert set(map(str, PARAMETERS)) <= OPTION_NAMES.keys()


def test_every_exit_code_is_said(monkeypatch: pytest.MonkeyPatch, fresh: Command) -> None:
    def fail(*_arguments: object) -> int:
        raise KeyError("a fault")

    monkeypatch.setattr(main, "_invoke", fail)
    outcome = fresh("report")
    assert outcome.code == INTERNAL
    assert "unexpected KeyError" in outcome.err
    assert "please report it" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    with pytest.raises(KeyError):
        fresh("--traceback", "report")


def test_an_interrupt_while_the_program_starts(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mockforge_analytics.cli.main'] = None\n"
    code += "import mockforge_analytics.__main__ as entry, builtins\n"
    code += "real = builtins.__import__\n"
    code += "def interrupted(name, *rest):\n"
    code += "    if name == 'mockforge_analytics.cli.main': raise KeyboardInterrupt\n"
    code += "    return real(name, *rest)\n"
    code += "builtins.__import__ = interrupted\nentry.main()\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, b"")


def test_python_m_runs_it(tmp_path: Path) -> None:
    done = subprocess.run(command_line("formats"), cwd=tmp_path, env=environment(), capture_output=True, check=True)
    assert b"combined_time_us" in done.stdout
