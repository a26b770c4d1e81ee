"""Looking after a database: backups, checks, retention, holds, migrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mockforge_analytics.cli.group import Group
from mockforge_analytics.cli.options import ConfigOption, DatabaseOption, JsonOption

if TYPE_CHECKING:
    from mockforge_analytics.store.findings import Finding

__all__ = ["backup", "doctor", "holds", "migrate", "restore", "retention"]

_DOCTOR_FOUND = 1

retention = typer.Typer(cls=Group, no_args_is_help=True, help="Delete history that is older than the settings keep.")
holds = typer.Typer(
    cls=Group,
    help="Old data that imports brought and that retention spares.\n\nWithout a command the holds are listed.",
)

TargetArgument = Annotated[Path, typer.Argument(metavar="FILE", help="Where the backup goes.", show_default=False)]
SourceArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", show_default=False)]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", metavar="", help="Replace FILE where it exists.")]


def backup(
    file: TargetArgument,
    overwrite: OverwriteOption = False,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Copy the database safely, while it is in use, and verify the copy."""
    from mockforge_analytics.cli import figures
    from mockforge_analytics.cli.progress import steps
    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.cli.session import settings
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.store.backup import backup as make_backup

    source = settings(database, config).database_path
    with steps(f"backup of {source}") as progress:
        made = make_backup(source, file, SystemClock().now_us(), overwrite=overwrite, progress=progress)
    Screen().line(f"{made.path}: {figures.size(made.bytes)}, verified (commit {made.commit})")


def restore(file: SourceArgument, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Put a backup in the place of the database; what was there is set aside, not deleted."""
    from mockforge_analytics.cli.progress import steps
    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.cli.session import settings, watched_folder
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.store.backup import restore as put_back

    target = settings(database, config).database_path
    tell_if_made = watched_folder(target)
    with steps(f"restore of {target}") as progress:
        done = put_back(file, target, SystemClock().now_us(), progress=progress)
    tell_if_made()
    screen = Screen()
    screen.line(f"{done.path}: restored from {file}, verified")
    if done.set_aside is not None:
        screen.line(f"the database that was there is now {done.set_aside}")


def doctor(as_json: JsonOption = False, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Check program, file and every figure that must agree with others; say what to do about each finding.

    Exits with 1 where something is wrong. The database may be in use meanwhile.
    """
    from mockforge_analytics.cli.screen import Screen, write_json
    from mockforge_analytics.cli.session import settings
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.model.window import MICROSECONDS
    from mockforge_analytics.store.check import check
    from mockforge_analytics.store.findings import Level

    path = settings(database, config).database_path
    findings = check(path, SystemClock().now_us() // MICROSECONDS)
    if as_json:
        write_json(findings)
    else:
        _show_findings(findings, Screen())
    if any(finding.level is Level.ERROR for finding in findings):
        raise typer.Exit(_DOCTOR_FOUND)


def _show_findings(findings: list[Finding], screen: Any) -> None:
    from mockforge_analytics.store.findings import Level

    styles = {Level.ERROR: "red", Level.WARNING: "yellow", Level.INFO: "green"}
    signs = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "ok"}
    for finding in findings:
        screen.styled(f"{signs[finding.level]:8}", styles[finding.level], finding.what)
        if finding.advice:
            screen.line(f"         → {finding.advice}")
    faults, warnings = (sum(item.level is level for item in findings) for level in (Level.ERROR, Level.WARNING))
    verdict = f"errors: {faults}" if faults else "nothing is wrong"
    screen.line(f"{verdict}, warnings: {warnings}" if warnings else verdict)


def migrate(database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Bring a database of an older version up to date."""
    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.cli.session import open_database, settings
    from mockforge_analytics.errors import StoreError
    from mockforge_analytics.store.connection import open_reader, translated
    from mockforge_analytics.store.migrate import latest_version, schema_version

    path = settings(database, config).database_path
    if not path.is_file():
        message = f"there is no database {path} to migrate"
        raise StoreError(message)
    with translated(path):
        connection = open_reader(path)
        try:
            before = schema_version(connection)
        finally:
            connection.close()
    if before == latest_version():
        Screen().line(f"{path}: schema {before} is the newest; nothing to do")
        return
    open_database(database, config, writable=True).close()
    Screen().line(f"{path}: migrated from schema {before} to {latest_version()}")


TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust-clock",
        metavar="",
        help="Believe the clock of this machine at once, though it is far ahead of the last run.",
    ),
]


@retention.command("run")
def _run(
    trust_clock: TrustOption = False,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Delete what is older than the retention settings keep, and give the space back to the disk.

    Snapshots of closed hours and days are written before. Other work gets its turn meanwhile; Ctrl-C ends the run
    safely, the next one goes on.
    """
    from mockforge_analytics.cli.interrupt import STOPPING, Interrupt
    from mockforge_analytics.cli.progress import counter
    from mockforge_analytics.cli.screen import Screen, write_json
    from mockforge_analytics.cli.session import open_existing
    from mockforge_analytics.cli.views.upkeep import retention_document, show_retention
    from mockforge_analytics.runtime.maintenance import full_run

    with Interrupt(STOPPING) as interrupt:
        with open_existing(database, config) as opened, counter("retention") as progress:
            report = full_run(
                opened.store,
                opened.config.retention,
                opened.clock,
                trust_clock=trust_clock,
                progress=progress,
                stopped=lambda: bool(interrupt),
            )
        if as_json:
            write_json(retention_document(report))
        else:
            show_retention(report, Screen())
        if interrupt:
            raise typer.Exit(interrupt.exit_code)


@holds.callback(invoke_without_command=True)
def _holds(
    context: typer.Context,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """List the holds: old data that imports brought and that retention spares."""
    if context.invoked_subcommand is not None:
        return
    from mockforge_analytics.cli.screen import Screen, write_json
    from mockforge_analytics.cli.session import open_database
    from mockforge_analytics.cli.views.upkeep import hold_documents, show_holds
    from mockforge_analytics.store.holds import list_holds

    with open_database(database, config) as opened, opened.store.snapshot() as snapshot:
        found = list_holds(snapshot.connection)
    if as_json:
        write_json(hold_documents(found))
    else:
        show_holds(found, Screen())


HoldArgument = Annotated[int, typer.Argument(metavar="ID", help="The number of the hold, as `holds` shows it.")]


@holds.command("lift")
def _lift(hold: HoldArgument, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Let the data of a hold go: the next retention run deletes what is older than the settings keep."""
    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.cli.session import open_existing
    from mockforge_analytics.store.holds import lift_hold

    with open_existing(database, config) as opened:
        lifted = lift_hold(opened.store.call, hold)
    Screen().line(f"hold {lifted.id} ({lifted.reason}) is lifted; `mockforge-analytics retention run` deletes its data")
