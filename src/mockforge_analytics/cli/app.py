"""The command tree."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mockforge_analytics.cli import (
    demo,
    export,
    follow,
    imports,
    information,
    probe,
    report,
    serve,
    status,
    tokens,
    upkeep,
)
from mockforge_analytics.cli.group import Group

__all__ = ["app"]

_HELP = (
    "Traffic analytics for mock servers and APIs: access logs in, right numbers out.\n\n"
    "Import a log, then ask for reports. Everything is kept in one file, mockforge-analytics.db in the current "
    "folder unless --database names another."
)

_EPILOG = """Examples:

mockforge-analytics import access.log access.log.1.gz

mockforge-analytics report overview

mockforge-analytics report endpoints --last 24h --status 5xx

mockforge-analytics status"""

# What a newcomer needs comes first; typer alone would put groups after commands.
_ORDER = (
    "demo",
    "serve",
    "import",
    "follow",
    "report",
    "export",
    "status",
    "probe",
    "token",
    "doctor",
    "backup",
    "restore",
    "retention",
    "holds",
    "migrate",
)


class _Ordered(Group):
    """Lists commands in the order of `_ORDER`, then the rest."""

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


app = typer.Typer(
    cls=_Ordered,
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.command("serve", epilog=serve.EPILOG)(serve.serve)
app.command("import", epilog=imports.EPILOG, no_args_is_help=True)(imports.import_logs)
app.command("follow", epilog=follow.EPILOG, no_args_is_help=True)(follow.follow_files)
app.add_typer(report.app, name="report")
app.add_typer(export.app, name="export")
app.command("status")(status.status)
app.command("probe", epilog=probe.EPILOG, no_args_is_help=True)(probe.probe)
app.add_typer(tokens.tokens, name="token")
_UPKEEP = "Looking after the database"
app.command("doctor", rich_help_panel=_UPKEEP)(upkeep.doctor)
app.add_typer(upkeep.retention, name="retention", rich_help_panel=_UPKEEP)
app.add_typer(upkeep.holds, name="holds", rich_help_panel=_UPKEEP)
app.command("backup", no_args_is_help=True, rich_help_panel=_UPKEEP)(upkeep.backup)
app.command("restore", no_args_is_help=True, rich_help_panel=_UPKEEP)(upkeep.restore)
app.command("migrate", rich_help_panel=_UPKEEP)(upkeep.migrate)
_ABOUT = "About the program"
app.command("config", rich_help_panel=_ABOUT)(information.show_config)
app.command("formats", rich_help_panel=_ABOUT)(information.formats)
app.command("version", rich_help_panel=_ABOUT)(information.version)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mockforge-analytics {information.version_of('mockforge-analytics')}")
        raise typer.Exit


VersionOption = Annotated[
    bool,
    typer.Option(
        "--version", "-V", metavar="", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
]


@app.callback()
def _root(version: VersionOption = False) -> None:
    """Take the options that stand before the command."""
