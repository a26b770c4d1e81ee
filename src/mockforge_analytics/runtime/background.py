"""What a server does beside answering: upkeep of the database, and following logs."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import AnalyticsError
from mockforge_analytics.runtime.follow import follow_logs
from mockforge_analytics.runtime.imports import stored_positions
from mockforge_analytics.runtime.upkeep import Upkeep
from mockforge_analytics.sources.accesslog.follow import Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["Background"]

_log = logging.getLogger(__name__)

_UPKEEP_SECONDS: Final = 30.0  # between two looks at what is due
_LOOK_SECONDS: Final = 0.5  # between two looks at the followed logs
_RETRY_SECONDS: Final = 10.0
_FOLLOWING: Final = "following logs"


class Background:
    """While entered, threads keep the database in order and store the lines of `logs` as they are written.

    What fails is logged, named by `problems` while it lasts, and tried again.
    """

    def __init__(self, database: AnalyticsDatabase, logs: Sequence[Path]) -> None:
        self._database = database
        self._logs = list(logs)
        self._over = threading.Event()
        self._problems: dict[str, str] = {}
        self._threads = [threading.Thread(target=self._keep_in_order, name="analytics-upkeep")]
        if self._logs:
            self._threads.append(threading.Thread(target=self._follow, name="analytics-follow"))

    def problems(self) -> list[str]:
        """Return what goes wrong now, a sentence each."""
        return list(self._problems.values())

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
        for thread in self._threads:
            thread.join()

    def _keep_in_order(self) -> None:
        upkeep = Upkeep(self._database)
        while not self._over.wait(_UPKEEP_SECONDS):
            self._try("upkeep", upkeep.run_due)

    def _follow(self) -> None:
        while not self._over.is_set():
            self._try(_FOLLOWING, self._follow_once)
            self._over.wait(_RETRY_SECONDS)

    def _follow_once(self) -> None:
        def stopped() -> bool:
            self._problems.pop(_FOLLOWING, None)  # a whole round over the logs went well
            return self._over.wait(_LOOK_SECONDS)

        follow_logs(self._database, self._logs, stopped=stopped, with_upkeep=False)

    def _try(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except AnalyticsError as error:
            self._problems[name] = f"{name}: {error}"
            _log.warning("%s failed and is tried again: %s", name, error)
        except Exception:  # noqa: BLE001 - the thread must outlive it; the log has it
            self._problems[name] = f"{name} failed; the log says why"
            _log.exception("%s failed and is tried again", name)
        else:
            self._problems.pop(name, None)
