"""What every collector is: a source that is read in cycles, and tells how that went."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import AnalyticsError
from mockforge_analytics.model.status import CollectorStatus
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.runtime.collectors.history import CollectedHistory
from mockforge_analytics.sources.prometheus.connection import Connection
from mockforge_analytics.sources.prometheus.detection import CONFIGURED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from mockforge_analytics.collection import PrometheusSource, ScrapeTarget
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["Collector"]

_log = logging.getLogger(__name__)

_MILLISECONDS: Final = 1_000
_FIRST_RETRY: Final = 5.0  # seconds; the OpenTelemetry collector's exporters wait as long, and grow as fast
_GROWTH: Final = 1.5
_LAST_RETRY: Final = 30.0


class Collector(ABC):
    """Reads one source into a database; `status` tells how that goes, to any thread."""

    def __init__(self, database: AnalyticsDatabase, settings: PrometheusSource | ScrapeTarget, source: str) -> None:
        """Prepare to read; nothing is asked before the first cycle.

        Raises:
            ConfigError: the certificates of `settings` cannot be read.
        """
        self._database = database
        self._settings = settings
        self._history: CollectedHistory | None = None
        self._failures = 0
        self.interval = settings.interval_seconds
        self.connection = Connection(settings)
        self.status = CollectorStatus(source, settings.url)

    @property
    def history(self) -> CollectedHistory:
        """Where the source stands."""
        if self._history is None:
            self._history = CollectedHistory(self._database, self.status.source)
            self._tell()
        return self._history

    def cycle(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Read and store what is new; `stopped` is asked between pieces, and after `give_up`.

        A failure leaves what is stored so far, is told in `status`, and the next cycle goes on from there.
        """
        try:
            self._read(stopped)
        except AnalyticsError as error:
            if stopped():
                return  # it was cut off
            self._failures += 1
            since = self.status.failing_since
            self.status = replace(
                self.status,
                up=False,
                error=str(error),
                failing_since=self._now / _MILLISECONDS if since is None else since,
            )
            _log.warning("%s: %s", self.status.source, error)
        else:
            self._failures = 0
            self.status = replace(self.status, up=True, error=None, failing_since=None)

    @abstractmethod
    def _read(self, stopped: Callable[[], bool]) -> None:
        """Do the work of `cycle`; raise an `AnalyticsError` where it fails."""

    @property
    def _now(self) -> int:
        """Milliseconds since the epoch."""
        return self._database.clock.now_us() // (MICROSECONDS // _MILLISECONDS)

    def _tell(self) -> None:
        """Bring `status` up to date with what is stored."""
        history = self.history
        until = None if history.until is None else history.until / _MILLISECONDS
        self.status = replace(self.status, until=until, tally=history.tally)

    def _use(self, presets: Sequence[str]) -> None:
        names = (*presets, *((CONFIGURED,) if self._settings.mappings else ()))
        if names != self.status.mappings:
            _log.info("%s: reads %s", self.status.source, ", ".join(names) or "nothing: no preset fits")
            self.status = replace(self.status, mappings=names)

    def seconds_to_wait(self) -> float:
        """Return how long to wait for the next cycle: until the next whole interval, less after a failure."""
        interval = self.interval * _MILLISECONDS
        regular = (interval - self._now % interval) / _MILLISECONDS
        if not self._failures:
            return regular
        return min(_FIRST_RETRY * _GROWTH ** (self._failures - 1), _LAST_RETRY)

    def give_up(self) -> None:
        """End the cycle under way, as far as it waits for the source; for any thread."""
        self.connection.give_up()

    def close(self) -> None:
        """Let the connection go."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
