"""The SQLite database as one object: the writer, the readers and the cache they share."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.errors import StoreError
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.store.connection import open_reader, translated
from mockforge_analytics.store.disk import make_folder
from mockforge_analytics.store.feed import Feed
from mockforge_analytics.store.pending_view import PendingCache
from mockforge_analytics.store.readable import check_file, check_schema
from mockforge_analytics.store.reader import SqliteReader, SqliteSnapshot
from mockforge_analytics.store.segments import SegmentCache

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.batch import Batch, WriteResult
    from mockforge_analytics.model.status import QueueStatus
    from mockforge_analytics.store.committer import Committer
    from mockforge_analytics.store.lock import WriterLock
    from mockforge_analytics.store.pending_rows import PendingRows
    from mockforge_analytics.store.reach import Reach
    from mockforge_analytics.store.writer import GroupWriter

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
        self.feed = Feed() if writable else None
        _check(path, writable=writable)
        segments = SegmentCache(config.store.cache_bytes, follows_writer=writable)
        if writable:
            self._start_writer(config, clock, segments, failpoint)
        self._reader = SqliteReader(
            path,
            clock,
            segments,
            PendingCache(self._pending_rows),
            readers=config.store.readers + config.query.exports,  # an export never keeps a report waiting
            deadline_seconds=config.query.deadline_seconds,
        )

    def _start_writer(
        self, config: AnalyticsConfig, clock: Clock, segments: SegmentCache, failpoint: Callable[[str], None] | None
    ) -> None:
        # Reports are asked by short-lived commands that do not write: they need not load all this, 0.05 s.
        from mockforge_analytics.store.committer import Committer
        from mockforge_analytics.store.lock import WriterLock
        from mockforge_analytics.store.writer import GroupWriter

        self._lock = WriterLock(self.path)
        self._lock.acquire()

        def opened() -> Committer:
            with translated(self.path):
                if failpoint is None:
                    return Committer(self.path, config, clock.now_us(), segments.touch)
                return Committer(self.path, config, clock.now_us(), segments.touch, failpoint)

        self._writer = GroupWriter(opened, config.store, clock, feed=self.feed)
        try:
            self._committer = self._writer.start()
        except BaseException:
            self._lock.release()
            raise

    def _pending_rows(self) -> PendingRows | None:
        return None if self._committer is None else self._committer.pending

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
        return self._writing.reach.floors[_FINEST]

    @property
    def reach(self) -> Reach:
        """What is kept of the past, as of now; requests of other times are refused as too old."""
        return self._writing.reach

    def has_token(self, token: str) -> bool:
        """Return whether a batch with `token` is committed."""
        # In this order: a fold commits the tokens of pending batches to the table before it forgets them.
        return self._writing.holds(token) or self._reader.has_token(token)

    @property
    def _writing(self) -> Committer:
        if self._committer is None:
            message = f"the database {self.path} is open for reading only"
            raise StoreError(message)
        return self._committer

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
    if not writable:
        check_file(path)
        with translated(path), closing(open_reader(path)) as connection:
            check_schema(connection, path)
        return
    if path.is_dir():
        check_file(path)
    make_folder(path)
