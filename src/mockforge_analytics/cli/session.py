"""Opening what a command works on: settings and database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mockforge_analytics.cli.options import CONFIG_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["config_file", "open_database", "open_existing", "settings", "watched_folder"]


def config_file(config: Path | None) -> Path | None:
    """Return the configuration file that holds: the one named, else the one in the current folder, else none."""
    if config is not None:
        return config
    default = Path(CONFIG_FILE)
    return default if default.is_file() else None


def settings(database: Path | None, config: Path | None, **overrides: Any) -> AnalyticsConfig:
    """Return the settings that hold for a command.

    Raises:
        ConfigError: one of them is wrong.
    """
    from mockforge_analytics.config import load_config

    if database is not None:
        overrides["database_path"] = database
    return load_config(config_file(config), **overrides)


def open_database(
    database: Path | None, config: Path | None, *, writable: bool = False, **overrides: Any
) -> AnalyticsDatabase:
    """Return the database of a command, which closes it; for reading unless `writable`.

    Raises:
        ConfigError: a setting is wrong.
        StoreError: the database cannot be opened.
    """
    from mockforge_analytics.runtime.database import AnalyticsDatabase

    effective = settings(database, config, **overrides)
    tell_if_made = watched_folder(effective.database_path)
    opened = AnalyticsDatabase.open(effective.database_path, config=effective, writable=writable)
    tell_if_made()
    return opened


def watched_folder(database: Path) -> Callable[[], None]:
    """Return what says that the folder of `database` was made, if it was made since; a misspelt path is seen by it."""
    folder = database.parent
    was_there = folder.exists()

    def tell() -> None:
        if not was_there and folder.exists():
            from mockforge_analytics.cli.screen import complain

            complain(f"made the folder {folder} for the database")

    return tell


def open_existing(database: Path | None, config: Path | None) -> AnalyticsDatabase:
    """Return the database of a command that writes but has no use for a new one.

    Raises:
        ConfigError: a setting is wrong.
        StoreError: the database does not exist, or cannot be opened.
    """
    from mockforge_analytics.errors import StoreError

    path = settings(database, config).database_path
    if not path.exists():
        message = f"there is no database {path} yet: import a log first, or choose another file with --database"
        raise StoreError(message)
    return open_database(database, config, writable=True)
