"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

__all__ = [
    "CONFIG_FILE",
    "ConfigOption",
    "DatabaseOption",
    "JsonOption",
]

CONFIG_FILE: Final = "mockforge-analytics.toml"

_DATABASE: Final = "Database"

DatabaseOption = Annotated[
    Path | None,
    typer.Option(
        "--database",
        "-d",
        metavar="FILE",
        help="The database file. Default: the setting database_path, which is mockforge-analytics.db unless changed "
        "(also by the environment variable MOCKFORGE_ANALYTICS_DATABASE_PATH).",
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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
