"""The status of a running service, looked up at a bounded cost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol

from mockforge_analytics.model.status import ServiceStatus

if TYPE_CHECKING:
    from mockforge_analytics.model.status import CollectorStatus, StorageStatus, UpkeepStatus
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["Beside", "StatusBoard"]

# Counting the cells of a large database reads it whole: what took long is shown for a while, so that a page which asks
# again and again costs at most one part in so many of a core.
_CHEAP_SECONDS: Final = 0.05
_REST: Final = 20


class Beside(Protocol):
    """What goes on beside a service, as far as its status tells of it."""

    def collectors(self) -> tuple[CollectorStatus, ...]:
        """Return how far each Prometheus server and target has been read."""

    def upkeep(self) -> UpkeepStatus:
        """Return how far the deleting of old history is."""


class StatusBoard:
    """Knows since when the service runs, and what its database holds."""

    def __init__(self, database: AnalyticsDatabase, beside: Beside | None = None) -> None:
        self._database = database
        self._beside = beside
        self._clock = database.clock
        self._started = self._clock.monotonic()
        self._looking = threading.Lock()
        self._known: StorageStatus | None = None
        self._good_until = self._started

    def status(self) -> ServiceStatus:
        """Return the figures of now; those of a database that takes long to look through may be a while old.

        Raises:
            StoreError: the database cannot be read.
        """
        return ServiceStatus(
            uptime_seconds=self._clock.monotonic() - self._started,
            storage=self._storage(),
            queue=self._database.store.queue,
            collectors=() if self._beside is None else self._beside.collectors(),
            upkeep=None if self._beside is None else self._beside.upkeep(),
        )

    def _storage(self) -> StorageStatus:
        with self._looking:
            begin = self._clock.monotonic()
            if self._known is None or begin >= self._good_until:
                self._known = self._database.status()
                end = self._clock.monotonic()
                self._good_until = end + (end - begin) * _REST if end - begin > _CHEAP_SECONDS else end
            return self._known
