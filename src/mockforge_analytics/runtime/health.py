"""How the service is doing: put together from what the store and the routes count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.model.durations import NamedDurations
from mockforge_analytics.model.health import Health
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.store.health import storage_health

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["HealthBoard"]


class HealthBoard:
    """Knows since when the service runs; `queries` is where the routes count how long reports took."""

    def __init__(self, database: AnalyticsDatabase, problems: Callable[[], Sequence[str]]) -> None:
        self._database = database
        self._problems = problems
        self._started = database.clock.now_us() / MICROSECONDS
        self.queries = NamedDurations()

    def health(self) -> Health:
        """Return the figures of now.

        Raises:
            StoreError: the database cannot be read.
        """
        store = self._database.store
        return Health(
            started=self._started,
            problems=tuple(self._problems()),
            storage=storage_health(self._database.path),
            queue=store.queue,
            commits=store.writer.commits.counts(),
            folds=store.writer.folds.counts(),
            queries=self.queries.counts(),
            feed_failures=0 if store.feed is None else store.feed.failures,
        )
