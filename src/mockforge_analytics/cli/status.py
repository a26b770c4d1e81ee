"""`status`: what a database holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.cli.options import ConfigOption, DatabaseOption, JsonOption

if TYPE_CHECKING:
    from mockforge_analytics.store.status import StorageStatus

__all__ = ["status", "status_document"]


def status(as_json: JsonOption = False, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Show what the database holds: requests and where they came from, what was refused, history and sizes, holds."""
    from mockforge_analytics.cli.screen import Screen, write_text
    from mockforge_analytics.cli.session import settings
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.model.window import MICROSECONDS
    from mockforge_analytics.store.status import storage_status

    effective = settings(database, config)
    now = SystemClock().now_us() // MICROSECONDS
    found = storage_status(effective.database_path, effective.retention, now)
    if as_json:
        import msgspec

        document = msgspec.json.encode(status_document(found))
        write_text([msgspec.json.format(document, indent=2).decode() + "\n"])
        return
    from mockforge_analytics.cli.views.status import show_status

    show_status(found, Screen(), now)


def status_document(found: StorageStatus) -> object:
    """Return a status as plain values: field names as they are, paths as text."""
    import msgspec

    return msgspec.to_builtins(found, enc_hook=str)
