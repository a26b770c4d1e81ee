"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

__all__ = [
    "CONFIG_FILE",
    "ConfigOption",
    "DatabaseOption",
    "EnvironmentLabel",
    "FormatOption",
    "JsonOption",
    "ProtocolLabel",
    "TemplatingLevel",
    "TemplatingOption",
    "WorkspaceLabel",
]

CONFIG_FILE: Final = "mockforge-analytics.toml"

_DATABASE: Final = "Database"

DatabaseOption = Annotated[
    Path | None,
    typer.Option(
        "--database",
        "-d",
        metavar="FILE",
        help="The database file; the folder of a new one is made where there is none, and named. Default: the setting "
        "database_path, which is mockforge-analytics.db unless changed (also by the environment variable "
        "MOCKFORGE_ANALYTICS_DATABASE_PATH).",
        show_default=False,
        rich_help_panel=_DATABASE,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help=f"A TOML file with settings. Default: {CONFIG_FILE} in the current folder, where there is one.",
        show_default=False,
        rich_help_panel=_DATABASE,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON instead of tables.")]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="A format by name, or the log_format string of nginx or LogFormat string of Apache. Default: found out "
        "by reading ahead.",
        show_default=False,
    ),
]
_LABELS: Final = "Labels that every imported request gets"
EnvironmentLabel = Annotated[
    str | None,
    typer.Option(
        "--environment", "-e", metavar="NAME", help="Such as prod.", show_default=False, rich_help_panel=_LABELS
    ),
]
WorkspaceLabel = Annotated[
    str | None,
    typer.Option(
        "--workspace", "-w", metavar="NAME", help="Such as a team.", show_default=False, rich_help_panel=_LABELS
    ),
]
ProtocolLabel = Annotated[
    str, typer.Option("--protocol", "-p", metavar="NAME", help="Such as HTTP or gRPC.", rich_help_panel=_LABELS)
]


class TemplatingLevel(StrEnum):
    """How paths become endpoints; the values of `config.Templating`, which takes long to import."""

    NONE = "none"
    IDENTIFIERS = "identifiers"
    ADAPTIVE = "adaptive"


TemplatingOption = Annotated[
    TemplatingLevel | None,
    typer.Option(
        "--templating",
        help="How paths become endpoints: none keeps them, identifiers makes /users/:id of /users/42 (default), "
        "adaptive also joins positions with very many different values.",
        show_default=False,
    ),
]
