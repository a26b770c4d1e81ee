"""The one thread that writes: a bounded queue, group commit, folds, checkpoints, and a sync at most a second late."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.errors import AnalyticsError, StoreBusyError, StoreError
from mockforge_analytics.model.durations import Durations
from mockforge_analytics.model.status import QueueStatus
from mockforge_analytics.store.feed import Feed
from mockforge_analytics.store.jobs import Job, portions, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import StoreConfig
    from mockforge_analytics.model.batch import Batch, WriteResult
    from mockforge_analytics.store.committer import Committer
    from mockforge_analytics.store.jobs import Maker, Portion

__all__ = ["GroupWriter"]

_log = logging.getLogger(__name__)

_BULK_JOBS: Final = 8  # chunks of an import that share a fold when the writer is the slower part
_MOST_REQUESTS: Final = 50_000  # of a transaction of live ones; more hold up those who wait for it
_MOST_PENDING: Final = 1.5  # times what triggers a fold; below it a fold waits for commits that are due
_SYNC_SECONDS: Final = 1.0  # acknowledged data survives a power cut after this long, unless `durable` makes it 0
_MILLISECONDS: Final = 1_000.0


class GroupWriter:
    """Implements `ports.Writer` over a `Committer`.

    Batches that arrive within the commit delay of the last commit share a transaction; after a pause the first one is
    committed at once. `opened` makes the committer, on the writer's own thread. After a failed `sync` of the WAL (a
    file descriptor) nobody knows what the disk holds, and a second sync may claim success (lwn.net/Articles/752063):
    writes are refused from then on, reports go on. `commits` and `folds` tell how long these took,
    a large fold in parts.
    """

    def __init__(
        self,
        opened: Callable[[], Committer],
        config: StoreConfig,
        clock: Clock,
        sync: Callable[[int], None] = os.fsync,
        feed: Feed | None = None,
    ) -> None:
        self._opened = opened
        self._fsync = sync
        self._feed = feed or Feed()
        self.commits = Durations()
        self.folds = Durations()
        self._refusal: str | None = None
        self._config = config
        self._clock = clock
        self._jobs: deque[Job] = deque()
        self._waiting_requests = 0
        self._wake = threading.Condition()
        self._closing = False
        self._started: Future[Committer] = Future()
        self._wal: int | None = None
        self._unsynced_since: float | None = None
        self._last_commit = float("-inf")
        self._pending_since: float | None = None
        self._is_folding = False
        self._has_failed = False
        self._thread = threading.Thread(target=self._run, name="analytics-writer", daemon=True)

    def start(self) -> Committer:
        """Start the thread; return the committer once the database is open.

        Raises:
            StoreError: it cannot be opened.
        """
        self._thread.start()
        return self._started.result()

    @property
    def refusal(self) -> StoreError | None:
        """What a batch would be refused with now; None where it would be taken."""
        with self._wake:
            return self._refused() or self._overloaded(1)

    def write(self, batch: Batch) -> WriteResult:
        """Commit `batch`; see `ports.Writer`."""
        return self.submit(batch).result()

    def submit(self, batch: Batch) -> Future[WriteResult]:
        """Queue `batch`; the future is done when it is committed.

        Raises:
            StoreBusyError: the queue is full; nothing of the batch is queued.
        """
        return self._queue(Job(int(batch.deltas.cells.measures[0].sum()), batch=batch))

    def submit_item(self, item: Any, requests: int, maker: Maker) -> Future[WriteResult]:
        """Queue `item`, which holds so many requests; the future is done when they are committed.

        When its turn comes, `maker` makes batches of all items that wait for it by then: what costs the same for few
        requests as for many is paid once a commit.

        Raises:
            StoreBusyError: the queue is full; nothing of the item is queued.
        """
        return self._queue(Job(requests, item=item, maker=maker))

    def call(self, work: Callable[[Committer], Any]) -> Any:
        """Run `work` on the writer's thread, after what is queued, and return its result."""
        return self._queue(Job(0, work=work)).result()

    @property
    def queue(self) -> QueueStatus:
        """How much waits for the writer now, and how much may."""
        with self._wake:
            return QueueStatus(
                len(self._jobs), self._waiting_requests, self._config.queue_batches, self._config.queue_events
            )

    def _queue(self, job: Job) -> Future[Any]:
        with self._wake:
            error = self._refused() or (self._overloaded(job.requests) if job.work is None else None)
            if error is not None:
                raise error
            self._jobs.append(job)
            self._waiting_requests += job.requests
            self._wake.notify()
        return job.done

    def _refused(self) -> StoreError | None:
        if self._closing or self._refusal is not None:
            return StoreError(self._refusal or "the database is being closed")
        return None

    def _overloaded(self, requests: int) -> StoreBusyError | None:
        full = self._waiting_requests + requests > self._config.queue_events and self._jobs
        if full or len(self._jobs) >= self._config.queue_batches:
            return StoreBusyError("the write queue is full: send the batch again in a few seconds")
        return None

    def close(self) -> None:
        """Commit what is queued, fold, checkpoint and stop."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            committer = self._opened()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that called start
            self._started.set_exception(error)
            return
        if len(committer.pending):  # a program that was killed left it
            self._pending_since = self._clock.monotonic()
        self._feed.publish(committer)
        self._started.set_result(committer)
        try:
            while (jobs := self._next_jobs()) is not None:
                self._work(committer, jobs)
                self._feed.publish(committer)
                self._upkeep(committer)
            self._finish(committer)
        except BaseException as error:  # noqa: BLE001 - whoever waits for an answer must get one
            _log.exception("the writer of the database %s stopped", committer.path)
            self._refuse(f"the writer of the database {committer.path} stopped ({error!r}): restart this program")
        finally:
            if self._wal is not None:
                os.close(self._wal)
            committer.close()

    def _refuse(self, message: str) -> None:
        """Take nothing more, and tell those who wait."""
        with self._wake:
            self._refusal = message
            waiting, self._waiting_requests = list(self._jobs), 0
            self._jobs.clear()
        for job in waiting:
            job.done.set_exception(StoreError(message))

    def _next_jobs(self) -> list[Job] | None:
        """Wait for work; return the jobs of the next transaction, none where only upkeep is due, None at the end."""
        with self._wake:
            while True:
                now = self._clock.monotonic()
                if self._jobs:
                    wait = self._last_commit + self._config.commit_delay_ms / _MILLISECONDS - now
                    hurry = (
                        self._closing
                        or self._jobs[0].work is not None
                        or self._jobs[0].is_bulk
                        or self._waiting_requests >= self._config.commit_events
                    )
                    if wait <= 0 or hurry:
                        return self._take()
                    if self._is_folding:
                        return []
                elif self._closing:
                    return None
                else:
                    wait = 0.0 if self._is_folding else self._upkeep_wait(now)
                    if wait <= 0:
                        return []
                self._wake.wait(min(wait, threading.TIMEOUT_MAX))

    def _take(self) -> list[Job]:
        jobs = [self._jobs.popleft()]
        most = _BULK_JOBS if jobs[0].is_bulk else len(self._jobs) + 1
        while self._jobs and len(jobs) < most and jobs[0].goes_with(self._jobs[0]):
            if not jobs[0].is_bulk and sum(job.requests for job in jobs) >= _MOST_REQUESTS:
                break
            jobs.append(self._jobs.popleft())
        self._waiting_requests -= sum(job.requests for job in jobs)
        return jobs

    def _work(self, committer: Committer, jobs: list[Job]) -> None:
        if not jobs:
            return
        work = jobs[0].work
        if work is not None:
            settle(jobs[:1], _tried(lambda: [work(committer)], 1))
            return
        begun = self._clock.monotonic()
        made = portions(jobs)
        if not made:
            return
        results = _tried(lambda: committer.write([portion.batch for portion in made]), len(made))
        for portion, result in zip(made, results, strict=True):
            settle(portion.jobs, _shares(portion, result))
        self._last_commit = self._clock.monotonic()
        self.commits.observe(self._last_commit - begun)
        if self._unsynced_since is None:
            self._unsynced_since = self._last_commit
        if self._pending_since is None and len(committer.pending):
            self._pending_since = self._last_commit

    def _upkeep_wait(self, now: float) -> float:
        waits = [threading.TIMEOUT_MAX]
        if self._unsynced_since is not None:
            waits.append(self._unsynced_since + _SYNC_SECONDS - now)
        if self._pending_since is not None:
            waits.append(self._pending_since + self._config.fold_interval_seconds - now)
        return min(waits)

    def _upkeep(self, committer: Committer) -> None:
        now = self._clock.monotonic()
        if self._unsynced_since is not None and now - self._unsynced_since >= _SYNC_SECONDS:
            self._sync(committer)
        due = self._pending_since is not None and now - self._pending_since >= self._config.fold_interval_seconds
        waiting = committer.pending.requests
        wanted = self._is_folding or (waiting >= self._config.fold_events and not self._has_failed)
        if (due or wanted) and not self._puts_off(waiting):
            self._has_failed = self._is_failing("fold", lambda: self._fold(committer))
            # After a fault the rest waits for the next interval; what came between two parts, for the next fold.
            self._is_folding = committer.is_folding and not self._has_failed
            self._pending_since = now if len(committer.pending) else None
        self._is_failing("checkpoint", committer.checkpoint)

    def _puts_off(self, pending: int) -> bool:
        """Whether the next commit comes before a part of a fold: it is due, and not much more is `pending` than may."""
        with self._wake:
            is_due = self._waiting_requests >= self._config.commit_events
        return is_due and pending < self._config.fold_events * _MOST_PENDING

    def _fold(self, committer: Committer) -> None:
        begun = self._clock.monotonic()
        committer.fold_part(self._clock.now_us())
        self.folds.observe(self._clock.monotonic() - begun)

    def _is_failing(self, name: str, work: Callable[[], object], level: int = logging.ERROR) -> bool:
        """Do `work` and return whether it failed; what is pending or in the WAL stays there, readable.

        A fault that has a sentence for people is logged as that, at `level`.
        """
        try:
            work()
        except AnalyticsError as error:
            _log.log(level, "the %s of the database failed; it is tried again: %s", name, error)
            return True
        except Exception:  # noqa: BLE001 - upkeep is tried again; it must not end the thread that writes
            _log.exception("the %s of the database failed; it is tried again", name)
            return True
        return False

    def _sync(self, committer: Committer) -> None:
        self._unsynced_since = None
        if self._config.durable:
            return
        try:
            if self._wal is None:
                self._wal = os.open(f"{committer.path}-wal", os.O_RDONLY | os.O_CLOEXEC)
            self._fsync(self._wal)
        except OSError as error:
            self._refuse(
                f"the disk failed to sync the database {committer.path} ({error.strerror}), "
                "so nothing more is written: check the disk, run `mockforge-analytics doctor`, restart, "
                "and send the last seconds again"
            )

    def _finish(self, committer: Committer) -> None:
        if self._refusal is None and not self._is_failing("fold", lambda: committer.fold(self._clock.now_us())):
            # The next opening makes up for it; whoever writes to a full disk was told so when a commit failed.
            self._is_failing("checkpoint", lambda: committer.checkpoint(everything=True), logging.INFO)


def _tried(work: Callable[[], Sequence[Any]], count: int) -> Sequence[Any]:
    """Return the `count` results of `work`; where it fails, its error so many times: the writer outlives any batch."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - those who wait get it
        return [error] * count


def _shares(portion: Portion, result: WriteResult | Exception) -> Sequence[WriteResult | Exception]:
    return [result] * len(portion.jobs) if isinstance(result, Exception) else portion.shares(result)
