"""Numbered migrations: the change and its record are one transaction."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import SchemaError
from mockforge_analytics.store.connection import atomic

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

__all__ = ["APPLICATION_ID", "latest_version", "migrate", "schema_version"]

APPLICATION_ID: Final = 0x4D464141  # "MFAA": tells our files from other SQLite databases


def _scripts() -> list[tuple[int, str]]:
    folder = resources.files("mockforge_analytics.store") / "schema"
    found = [(int(item.name[:3]), item.read_text("utf-8")) for item in folder.iterdir() if item.name.endswith(".sql")]
    return sorted(found)


def latest_version() -> int:
    """Return the schema version this program writes."""
    return _scripts()[-1][0]


def schema_version(connection: apsw.Connection) -> int:
    """Return the schema version of the database, 0 for an empty one.

    Raises:
        SchemaError: it belongs to another program, or to a newer version of this one.
    """
    application = connection.pragma("application_id")
    version = connection.pragma("user_version")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0]
    if not isinstance(version, int) or not isinstance(tables, int):
        message = "the database has no readable version: it is damaged or not ours"
        raise SchemaError(message)
    if tables == 0:
        return 0
    if application != APPLICATION_ID:
        message = f"{connection.filename} is a database of another program: choose another file with --database"
        raise SchemaError(message)
    if version > latest_version():
        message = (
            f"{connection.filename} was written by a newer version (schema {version}, this program knows "
            f"{latest_version()}): update mockforge-analytics"
        )
        raise SchemaError(message)
    return version


def migrate(
    connection: apsw.Connection,
    seed: Callable[[], None] = lambda: None,
    fail_at: Callable[[str], None] = lambda _name: None,
) -> list[int]:
    """Bring the database to the latest schema; return the versions applied, oldest first.

    `seed` adds the rows every database has, in the same transaction. Killed at any point, the database has the schema
    before or after a script, never one between.

    Raises:
        SchemaError: see `schema_version`.
    """
    applied = []
    current = schema_version(connection)
    for version, script in _scripts():
        if version > current:
            with atomic(connection):
                fail_at("migrate.begin")
                connection.execute(script)
                fail_at("migrate.script")
                connection.pragma("application_id", APPLICATION_ID)
                connection.pragma("user_version", version)
                seed()
                fail_at("migrate.commit")
            fail_at("migrate.committed")
            applied.append(version)
    return applied
