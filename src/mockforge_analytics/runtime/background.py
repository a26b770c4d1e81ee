"""What a server does beside answering: upkeep of the database, following logs, reading metrics."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import AnalyticsError
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.runtime.collectors.configured import collectors_of
from mockforge_analytics.runtime.follow import follow_logs
from mockforge_analytics.runtime.imports import stored_positions
from mockforge_analytics.runtime.upkeep import Upkeep
from mockforge_analytics.sources.accesslog.follow import Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mockforge_analytics.model.status import CollectorStatus, UpkeepStatus
    from mockforge_analytics.runtime.collectors.collector import Collector
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["Background"]

_log = logging.getLogger(__name__)

_UPKEEP_SECONDS: Final = 30.0  # between two looks at what is due
_LOOK_SECONDS: Final = 0.5  # between two looks at the followed logs
_RETRY_SECONDS: Final = 10.0
_LONG_SECONDS: Final = 15 * 60  # after which a source that fails is a problem of the server
_FOLLOWING: Final = "following logs"


class Background:
    """While entered, threads keep the database in order, follow `logs`, and read the metrics that the settings name.

    What fails is logged, named by `problems` while it lasts, and tried again.
    """

    def __init__(self, database: AnalyticsDatabase, logs: Sequence[Path]) -> None:
        """Prepare; nothing runs before `__enter__`.

        Raises:
            ConfigError: a collector of the settings cannot be made.
        """
        self._database = database
        self._logs = list(logs)
        self._collectors = collectors_of(database)
        self._over = threading.Event()
        self._problems: set[str] = set()  # names of what fails now
        self._upkeep = Upkeep(database, self._over.is_set)
        self._threads = [threading.Thread(target=self._keep_in_order, name="analytics-upkeep")]
        if self._logs:
            self._threads.append(threading.Thread(target=self._follow, name="analytics-follow"))
        for collector in self._collectors:
            name = f"analytics-{collector.status.source}"
            self._threads.append(threading.Thread(target=self._collect, args=(collector,), name=name))

    def problems(self) -> list[str]:
        """Return what goes wrong now, a sentence each; of readings of metrics only those that fail for long.

        Everybody may hear these: the reason, which may hold a line of a log, is for those who read ours.
        """
        now = self._database.clock.now_us() / MICROSECONDS
        failing = [
            f"{status.source} fails for {_LONG_SECONDS // 60} minutes or more: status says why"
            for status in self.collectors()
            if status.failing_since is not None and now - status.failing_since >= _LONG_SECONDS
        ]
        return [*(f"{name} fails: the log of the server says why" for name in sorted(self._problems)), *failing]

    def collectors(self) -> tuple[CollectorStatus, ...]:
        """Return how far each Prometheus server and target has been read."""
        return tuple(collector.status for collector in self._collectors)

    def upkeep(self) -> UpkeepStatus:
        """Return how far the deleting of old history is."""
        return self._upkeep.status

    def __enter__(self) -> Self:
        """Start.

        Raises:
            SourceError: a log cannot be followed.
        """
        with Follower(self._logs, stored_positions(self._database)):
            pass  # opened to hear at once what is wrong with a path
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for collector in self._collectors:
            collector.give_up()
        for thread in self._threads:
            thread.join()
        for collector in self._collectors:
            collector.close()

    def _keep_in_order(self) -> None:
        while not self._over.wait(_UPKEEP_SECONDS):
            self._try("upkeep", self._upkeep.run_due)

    def _follow(self) -> None:
        while not self._over.is_set():
            self._try(_FOLLOWING, self._follow_once)
            self._over.wait(_RETRY_SECONDS)

    def _follow_once(self) -> None:
        def stopped() -> bool:
            self._problems.discard(_FOLLOWING)  # a whole round over the logs went well
            return self._over.wait(_LOOK_SECONDS)

        follow_logs(self._database, self._logs, stopped=stopped, with_upkeep=False)

    def _collect(self, collector: Collector) -> None:
        name = f"reading {collector.status.source}"
        while not self._over.is_set():
            self._try(name, lambda: collector.cycle(self._over.is_set))
            self._over.wait(collector.seconds_to_wait())

    def _try(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except AnalyticsError as error:
            self._problems.add(name)
            _log.warning("%s failed and is tried again: %s", name, error)
        except Exception:  # noqa: BLE001 - the thread must outlive it; the log has it
            self._problems.add(name)
            _log.exception("%s failed and is tried again", name)
        else:
            self._problems.discard(name)
