#!/usr/bin/env python3
"""Write docs/cli.md from the command tree: `python scripts/cli_reference.py`, in an environment with the package."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main

from mockforge_analytics.cli.app import app
from mockforge_analytics.cli.main import EXIT_CODES
from mockforge_analytics.cli.screen import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Path(__file__).resolve().parents[1] / "docs" / "cli.md"

_HEAD = f"""# The command `{PROGRAM}`

This page is made from the program's own help by `scripts/cli_reference.py`; the tests check that it is up to date.

## Output

On a terminal, tables fit its width: columns of lesser importance are left out where it is narrow (and named under
the table), long paths are shortened in the middle. Colour only repeats what signs and words say; `NO_COLOR=1` turns it
off.

In a pipe or a file there are no colours, no rules and no shortening. Every column is there, headings and numbers are
one word each, numbers carry no thousands separators, times are ISO 8601, an unknown value is `–`, and lines that are no
data start with `#`:

```sh
{PROGRAM} report endpoints | awk '!/^#/ && $4 > 0'
```

For programs there are `--csv` (the main table of a report) and `--json` (everything, with the effective window,
filters and warnings). Percentages run from 0 to 100, latencies are milliseconds, times are Unix seconds, unknown values
are empty in CSV and `null` in JSON. CSV text that a spreadsheet would run as a formula has a `'` before it.

Results go to standard output; progress, notes and errors go to standard error. An error is one line that says what is
wrong and what to do; [troubleshooting](troubleshooting.md) has more on each.
"""


def reference() -> str:
    """Return the text of the page."""
    root = typer.main.get_command(app)
    commands = list(_commands(root, [PROGRAM]))
    shared = _shared([command for command, _ in commands if not getattr(command, "commands", None)])
    parts = [_HEAD, "## Exit codes\n", _exit_codes()]
    parts += ["## Options of several commands\n", _SHARED_HEAD, *_tables(shared)]
    parts += [_section(command, path, shared) for command, path in commands]
    return "\n".join(parts).rstrip("\n") + "\n"


_SHARED_HEAD = """Every command that uses a database takes the options under *Database*, every report and export those
under *Time range* and *Filters*, every report those under *Answer*.
"""


def _shared(commands: list[Any]) -> list[Any]:
    """Return the options that many commands have in common."""
    options = [option for command in commands for option in command.params]
    uses = Counter(map(_key, options))
    first = {_key(option): option for option in reversed(options)}
    return [first[key] for key, count in uses.items() if count >= _MANY and first[key].rich_help_panel]


def _key(option: Any) -> tuple[object, ...]:
    return (*option.opts, option.rich_help_panel)


_MANY = 12


def _exit_codes() -> str:
    rows = "\n".join(f"| {int(code)} | {meaning} |" for code, meaning in EXIT_CODES.items())
    return f"| code | meaning |\n|---|---|\n{rows}\n"


def _commands(command: Any, path: list[str]) -> Iterator[tuple[Any, list[str]]]:
    yield command, path
    children = getattr(command, "commands", {})
    for name in command.list_commands(None) if children else ():
        yield from _commands(children[name], [*path, name])


def _section(command: Any, path: list[str], shared: list[Any]) -> str:
    level = "#" * min(len(path) + 1, 4)
    usage = " ".join([*path, *_usage(command)])
    parts = [f"{level} {' '.join(path)}\n", f"```\n{usage}\n```\n"]
    parts += [f"{_text(command.help)}\n"] if command.help else []
    if arguments := [parameter for parameter in command.params if parameter.param_type_name == "argument"]:
        parts.append("\n".join(f"- `{parameter.metavar}`: {_text(parameter.help)}" for parameter in arguments) + "\n")
    taken = set(map(_key, shared))
    parts += _tables([option for option in command.params if _key(option) not in taken])
    if command.epilog:
        parts.append(_epilog(command.epilog))
    return "\n".join(parts)


def _usage(command: Any) -> Iterator[str]:
    yield "[OPTIONS]"
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield parameter.metavar
    if getattr(command, "commands", None):
        yield "COMMAND"


def _tables(parameters: list[Any]) -> Iterator[str]:
    """Yield one table for each group of options."""
    panels: dict[str, list[Any]] = {}
    for parameter in parameters:
        if parameter.param_type_name == "option" and not parameter.hidden:
            panels.setdefault(parameter.rich_help_panel or "Options", []).append(parameter)
    for panel, options in panels.items():
        rows = "\n".join(f"| {_names(option)} | {_text(option.help)}{_default(option)} |" for option in options)
        yield f"| {panel} | |\n|---|---|\n{rows}\n"


def _names(option: Any) -> str:
    metavar = "" if option.is_flag else f" {option.metavar or _choices(option)}"
    return ", ".join(f"`{name}{metavar}`" for name in sorted(option.opts, key=len, reverse=True))


def _choices(option: Any) -> str:
    annotation = option.type_descriptor.annotation
    kinds = [kind for kind in getattr(annotation, "__args__", (annotation,)) if hasattr(kind, "__members__")]
    return "/".join(str(member.value) for kind in kinds for member in kind) or "VALUE"


def _default(option: Any) -> str:
    return f" Default: `{option.default}`." if option.show_default and isinstance(option.default, str) else ""


def _text(text: str | None) -> str:
    return (text or "").replace("|", "\\|").strip()


def _epilog(text: str) -> str:
    """Return the closing remarks; what follows "Examples:" are commands."""
    before, _, after = text.partition("Examples:")
    lines = [line.strip() for line in after.split("\n\n") if line.strip()]
    commands = [line for line in lines if PROGRAM in line.split(":")[0] and not line.startswith("Formats")]
    rest = [line for line in lines if line not in commands]
    block = "```sh\n" + "\n".join(commands) + "\n```\n" if commands else ""
    return "\n".join(part for part in (f"{before.strip()}\n" if before.strip() else "", block, *rest) if part) + "\n"


if __name__ == "__main__":
    TARGET.write_text(reference())
