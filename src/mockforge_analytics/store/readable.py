"""Refusing what cannot be read, with a sentence where SQLite has a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.errors import StoreCorruptError, StoreError
from mockforge_analytics.store.migrate import latest_version, schema_version

if TYPE_CHECKING:
    from pathlib import Path

    import apsw

__all__ = ["check_file", "check_schema"]


def check_file(path: Path) -> None:
    """Return if `path` is a file.

    Raises:
        StoreError: it is a folder, or not there.
    """
    if path.is_dir():
        message = f"{path} is a folder, not a database file: choose a file with --database"
        raise StoreError(message)
    if not path.exists():
        message = f"there is no database {path} yet: import a log first, or choose another file with --database"
        raise StoreError(message)


def check_schema(connection: apsw.Connection, path: Path) -> None:
    """Return if the database has the schema that this program reads.

    Raises:
        StoreCorruptError: the file is empty.
        StoreError: the schema is older.
        SchemaError: it belongs to another program, or to a newer version of this one.
    """
    version = schema_version(connection)
    if version == 0:
        message = f"{path} is empty: it holds no database"
        raise StoreCorruptError(message)
    if version < latest_version():
        message = f"the database {path} has an older schema ({version}): run `mockforge-analytics migrate` first"
        raise StoreError(message)
