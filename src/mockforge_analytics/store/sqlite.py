"""The SQLite database as one object: the writer, the readers and the cache they share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.errors import StoreError
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.store.committer import Committer
from mockforge_analytics.store.connection import open_reader, translated
from mockforge_analytics.store.lock import WriterLock
from mockforge_analytics.store.migrate import latest_version, schema_version
from mockforge_analytics.store.reader import SqliteReader, SqliteSnapshot
from mockforge_analytics.store.segments import SegmentCache
from mockforge_analytics.store.writer import GroupWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.batch import Batch, WriteResult
    from mockforge_analytics.model.status import QueueStatus

__all__ = ["SqliteStore"]

_FINEST: Final = tiers_of(Fact.SERIES)[0].name


class SqliteStore:
    """One database file; implements `ports.Writer` and `ports.Reader`.

    With `writable` this process is its only writer until `close`; any number of read-only stores may be open beside.
    """

    def __init__(
        self,
        path: Path,
        config: AnalyticsConfig,
        clock: Clock,
        *,
        writable: bool,
        failpoint: Callable[[str], None] | None = None,
    ) -> None:
        self.path = path
        self._lock: WriterLock | None = None
        self._writer: GroupWriter | None = None
        self._committer: Committer | None = None
        _check(path, writable=writable)
        segments = SegmentCache(config.store.cache_bytes, follows_writer=writable)
        if writable:
            self._lock = WriterLock(path)
            self._lock.acquire()

            def opened() -> Committer:
                with translated(path):
                    if failpoint is None:
                        return Committer(path, config, clock.now_us(), segments.touch)
                    return Committer(path, config, clock.now_us(), segments.touch, failpoint)

            self._writer = GroupWriter(opened, config.store, clock)
            try:
                self._committer = self._writer.start()
            except BaseException:
                self._lock.release()
                raise
        self._reader = SqliteReader(
            path, clock, segments, readers=config.store.readers, deadline_seconds=config.query.deadline_seconds
        )

    @property
    def writer(self) -> GroupWriter:
        """The writer.

        Raises:
            StoreError: the store was opened for reading only.
        """
        if self._writer is None:
            message = f"the database {self.path} is open for reading only"
            raise StoreError(message)
        return self._writer

    @property
    def fine_from(self) -> int:
        """The floor of the 10-second tiers, seconds; it only rises, so what is older now stays older."""
        if self._committer is None:
            message = f"the database {self.path} is open for reading only"
            raise StoreError(message)
        return self._committer.reach.floors[_FINEST]

    @property
    def queue(self) -> QueueStatus | None:
        """What waits for the writer, None where the store was opened for reading only."""
        return None if self._writer is None else self._writer.queue

    def write(self, batch: Batch) -> WriteResult:
        """Commit `batch`; see `ports.Writer`."""
        return self.writer.write(batch)

    def call(self, work: Callable[[Committer], Any]) -> Any:
        """Run `work` on the writer's thread."""
        return self.writer.call(work)

    def snapshot(self, deadline_seconds: float | None = None) -> AbstractContextManager[SqliteSnapshot]:
        """Open a snapshot; see `ports.Reader`."""
        return self._reader.snapshot(deadline_seconds)

    def close(self) -> None:
        """Commit and fold what is queued, and let the file go."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()
        if self._lock is not None:
            self._lock.release()


def _check(path: Path, *, writable: bool) -> None:
    """Refuse early, with a sentence, what SQLite would refuse with a number."""
    if path.is_dir():
        message = f"{path} is a folder, not a database file: choose a file with --database"
        raise StoreError(message)
    if writable and not path.parent.is_dir():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder {path.parent} of the database cannot be made: {error.strerror}"
            raise StoreError(message) from error
    if not writable:
        if not path.exists():
            message = f"there is no database {path} yet: import a log first, or choose another file with --database"
            raise StoreError(message)
        with translated(path):
            connection = open_reader(path)
            try:
                version = schema_version(connection)
            finally:
                connection.close()
        if version < latest_version():
            message = f"the database {path} has an older schema ({version}): run `mockforge-analytics migrate` first"
            raise StoreError(message)
