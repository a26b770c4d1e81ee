"""The server's own requests, watched by its own middleware, in a database of their own beside the one it serves."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import StoreError
from mockforge_analytics.model.dimensions import OWN_WORKSPACE
from mockforge_analytics.runtime.background import Background
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.sources.asgi.reporter import Reporter
from mockforge_analytics.sources.asgi.settings import HEALTH_PATHS, CaptureSettings, DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["OwnTraffic", "own_path", "own_traffic"]

_log = logging.getLogger(__name__)

_SUFFIX: Final = "-self"
_CACHE_BYTES: Final = 16 * 1024 * 1024  # a few dozen series need no more
_READERS: Final = 1
_REPORT_SECONDS: Final = 2.0  # between two commits
# They are many, and cost nothing this way.
_EXCLUDED: Final = (*HEALTH_PATHS, "/api/v2/analytics/events", "/api/v2/analytics/stream")


@dataclass(frozen=True, slots=True)
class OwnTraffic:
    """What the server's requests are reported to, and where they can be asked."""

    database: AnalyticsDatabase
    reporter: Reporter


def own_path(database: Path) -> Path:
    """Return where the requests of the server of `database` are kept."""
    return database.with_name(database.name + _SUFFIX)


@contextmanager
def own_traffic(database: AnalyticsDatabase) -> Iterator[OwnTraffic | None]:
    """Give the traffic of the server of `database`; None where it is not wanted, or its file cannot be opened.

    A file of its own: the reports, exports, streams and commit numbers of `database` are those of other people's
    traffic by construction, and looking at them changes none of them. In the end everything is stored.
    """
    with ExitStack() as stack:
        yield _opened(database, stack) if database.config.server.record_own_requests else None


def _opened(database: AnalyticsDatabase, stack: ExitStack) -> OwnTraffic | None:
    config = database.config
    smaller = config.store.model_copy(update={"cache_bytes": _CACHE_BYTES, "readers": _READERS})
    # Metrics are read into the other database alone: here they would be other people's traffic, and asked for twice.
    settings = config.model_copy(update={"store": smaller, "prometheus": (), "scrape": ()})
    file = own_path(database.path)
    try:
        own = AnalyticsDatabase.open(file, config=settings, clock=database.clock)
    except StoreError as error:
        _log.warning("the requests of this server itself are not recorded: %s", error)
        return None
    stack.enter_context(own)
    stack.enter_context(Background(own, ()))
    root = config.server.root_path
    excluded = (*_EXCLUDED, *(f"{root}{path}" for path in _EXCLUDED if root))
    capture = CaptureSettings(workspace_id=OWN_WORKSPACE, exclude=excluded)
    reporter = Reporter(
        database=own, capture=capture, delivery=DeliverySettings(interval=_REPORT_SECONDS), clock=database.clock
    )
    return OwnTraffic(own, stack.enter_context(reporter))
