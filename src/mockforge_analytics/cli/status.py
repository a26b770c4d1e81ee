"""`status`: what a database holds."""

from __future__ import annotations

from mockforge_analytics.cli.options import ConfigOption, DatabaseOption, JsonOption

__all__ = ["status"]


def status(as_json: JsonOption = False, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Show what the database holds: requests and where they came from, what was refused, history and sizes, holds."""
    from mockforge_analytics.cli.screen import Screen, write_json
    from mockforge_analytics.cli.session import settings
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.model.window import MICROSECONDS
    from mockforge_analytics.store.status import storage_status

    effective = settings(database, config)
    now = SystemClock().now_us() // MICROSECONDS
    found = storage_status(effective.database_path, effective.retention, now)
    if as_json:
        write_json(found)
        return
    from mockforge_analytics.cli.views.status import show_status

    show_status(found, Screen(), now)
