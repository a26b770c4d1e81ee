"""`AnalyticsDatabase`: one database file as an object, for programs and for the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockforge_analytics.clock import SystemClock
from mockforge_analytics.config import load_config
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.runtime.reports import Reports
from mockforge_analytics.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from tempfile import TemporaryDirectory
    from types import TracebackType
    from typing import Self

    import polars as pl

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.batch import WriteResult
    from mockforge_analytics.model.status import StorageStatus
    from mockforge_analytics.rollup.stage import Rollup
    from mockforge_analytics.store.backup import BackupReport
    from mockforge_analytics.store.retention import RetentionReport

__all__ = ["AnalyticsDatabase"]

_IN_MEMORY: Final = ":memory:"


class AnalyticsDatabase(Reports):
    """A database of traffic history.

    Use `open`, and the object as a context manager, or call `close`: what was written and is not folded yet is folded
    then. Safe to share between threads.
    """

    def __init__(self, store: SqliteStore, config: AnalyticsConfig, clock: Clock) -> None:
        super().__init__(store, clock)
        self.store = store
        self.config = config
        self.clock = clock
        self._rollup: Rollup | None = None
        self._folder: TemporaryDirectory[str] | None = None
        self._at_close: list[Callable[[], None]] = []

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        config: AnalyticsConfig | None = None,
        writable: bool = True,
        clock: Clock | None = None,
        failpoint: Callable[[str], None] | None = None,
    ) -> Self:
        """Return the database at `path` (default: the setting `database_path`), made where it does not exist.

        ``":memory:"`` gives an empty one that `close` deletes. With ``writable=False`` the file is only read, also
        while another process writes it. `failpoint` is called at named points of a write, for tests of crashes.

        Raises:
            StoreError: the file cannot be opened, is damaged, is no such database, is written by another process, or
                belongs to a newer version; the message says what to do.
        """
        config = load_config() if config is None else config
        clock = SystemClock() if clock is None else clock
        folder = None
        if str(path) == _IN_MEMORY:
            from tempfile import TemporaryDirectory

            folder = TemporaryDirectory(prefix="mockforge-analytics-")
            path = Path(folder.name) / "memory.db"
        file = Path(config.database_path if path is None else path)
        store = SqliteStore(file, config, clock, writable=writable, failpoint=failpoint)
        database = cls(store, config, clock)
        database._folder = folder
        return database

    @property
    def path(self) -> Path:
        """The database file."""
        return self.store.path

    @property
    def rollup(self) -> Rollup:
        """The rollup stage of this database, with its templates and caches."""
        if self._rollup is None:
            from mockforge_analytics.rollup.stage import Rollup

            self._rollup = Rollup(self.config.templating, self.config.caps)
        return self._rollup

    def write_requests(
        self,
        requests: pl.DataFrame,
        *,
        source: str = "library",
        token: str | None = None,
        gauges: pl.DataFrame | None = None,
    ) -> WriteResult:
        """Store `requests`, a frame with the columns of `model.request.REQUEST_SCHEMA`; return when it is committed.

        `gauges`, samples of open connections with the columns of `model.batch.GAUGE_SCHEMA`, are stored with them. A
        second call with the same `token` changes nothing. Requests with impossible values are refused and counted in
        the ledger of `source`.

        Raises:
            StoreError: nothing is stored; the call may be repeated.
        """
        from mockforge_analytics.model.batch import Batch, Intake

        now_us = self.clock.now_us()
        deltas, refused = self.rollup.deltas(requests, now_us=now_us, fine_from=self.store.fine_from)
        intake = Intake(source, len(requests), refused)
        return self.store.write(Batch(now_us, intake, deltas, gauges=gauges, token=token))

    def fold(self) -> int:
        """Move everything pending into the tiers now; return how many requests that were."""
        folded = self.store.call(lambda committer: committer.fold(self.clock.now_us()))
        return int(folded)

    def retention(self) -> RetentionReport:
        """Write the snapshots that are due, delete what is older than the settings keep and no hold spares.

        Raises:
            StoreError: the database is open for reading only, or refused; what was deleted before stays deleted.
        """
        from mockforge_analytics.runtime.maintenance import full_run

        return full_run(self.store, self.config.retention, self.clock)

    def status(self) -> StorageStatus:
        """Return what the database holds, where it came from, and how long it stays."""
        from mockforge_analytics.store.status import storage_status

        return storage_status(self.path, self.config.retention, self.clock.now_us() // MICROSECONDS)

    def backup(self, target: str | Path, *, overwrite: bool = False) -> BackupReport:
        """Write a verified copy of the database to `target` while it is in use.

        Raises:
            StoreError: `target` exists and `overwrite` is false, there is no room, or the copy is not sound.
        """
        from mockforge_analytics.store.backup import backup

        return backup(self.path, Path(target), self.clock.now_us(), overwrite=overwrite)

    def at_close(self, work: Callable[[], None]) -> None:
        """Have `close` call `work`, before it does anything else."""
        self._at_close.append(work)

    def close(self) -> None:
        """Commit and fold what is queued, and let the file go."""
        while self._at_close:
            self._at_close.pop()()
        self.store.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
