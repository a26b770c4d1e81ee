"""`status`: what a database holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mockforge_analytics.cli.options import ConfigOption, DatabaseOption, JsonOption

if TYPE_CHECKING:
    from mockforge_analytics.model.status import PositionStatus

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
        write_json(replace(found, positions=tuple(map(_in_short, found.positions))))
        return
    from mockforge_analytics.cli.views.status import show_status

    show_status(found, Screen(), now)


def _in_short(position: PositionStatus) -> PositionStatus:
    """Return `position` without what only the program can read: the last values of thousands of counters."""
    import json

    from mockforge_analytics.sources.prometheus.state import without_marks

    short = without_marks(position.payload)
    return position if short is None else replace(position, payload=json.dumps(short))
