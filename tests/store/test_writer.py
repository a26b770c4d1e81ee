"""The writer's thread outlives what fails around it, and says so when it cannot go on."""

from __future__ import annotations

import errno
import logging
import threading
from itertools import count
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.errors import StoreBusyError, StoreError, StoreFullError
from mockforge_analytics.store.committer import Committer
from mockforge_analytics.store.fold_parts import PART_SIZES, PartSizes
from mockforge_analytics.store.pending_rows import PendingRows
from mockforge_analytics.store.writer import GroupWriter
from tests.support.naive import Req, batch
from tests.support.stores import MICROS, NOW, FixedClock, fold, opened_store, scalar, settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.batch import Batch, WriteResult


def one(at: float = NOW) -> Batch:
    return batch([Req(at)], received_at=NOW)


def test_a_failed_checkpoint_or_fold_does_not_end_the_writer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Committer):
        broken = True

        def checkpoint(self, *, everything: bool = False) -> None:
            if self.broken:
                raise StoreFullError
            super().checkpoint(everything=everything)

        def fold_part(self, now_us: int, sizes: PartSizes = PART_SIZES) -> None:
            if self.broken:
                raise StoreFullError
            super().fold_part(now_us, sizes)

    config = settings(store={"fold_events": 1})
    made: list[Failing] = []

    def opened() -> Failing:
        made.append(Failing(tmp_path / "a.db", config, NOW * MICROS))
        return made[0]

    group = GroupWriter(opened, config.store, FixedClock())
    group.start()
    with caplog.at_level(logging.CRITICAL, logger="mockforge_analytics"):
        assert [group.write(one()).stored for _ in range(3)] == [1, 1, 1]
        made[0].broken = False
        assert group.call(lambda committer: committer.pending.requests) > 0
    group.close()
    with opened_store(tmp_path / "a.db") as store:
        assert store.call(lambda committer: len(committer.pending)) == 0


@pytest.mark.parametrize(
    ("first", "order"),
    [(10, "write write write fold"), (14, "write write write fold"), (15, "write fold write write fold")],
)
def test_commits_that_are_due_come_before_a_fold_up_to_a_bound(tmp_path: Path, first: int, order: str) -> None:
    """A fold is due from 10 requests on, and put off up to 15 while 20 wait; chunks of an import are commits apart."""
    done: list[str] = []

    class Watched(Committer):
        def write(self, batches: Sequence[Batch]) -> list[WriteResult | Exception]:
            done.append("write")
            return super().write(batches)

        def fold_part(self, now_us: int, sizes: PartSizes = PART_SIZES) -> None:
            done.append("fold")
            super().fold_part(now_us, sizes)

    config = settings(store={"fold_events": 10, "commit_events": 20})
    group = GroupWriter(lambda: Watched(tmp_path / "a.db", config, NOW * MICROS), config.store, FixedClock())
    group.start()
    entered, release = threading.Event(), threading.Event()

    def hold(_committer: Committer) -> None:
        entered.set()
        release.wait(30)

    blocked = threading.Thread(target=group.call, args=(hold,))
    blocked.start()
    entered.wait(30)
    group.submit(batch([Req(NOW)] * first, received_at=NOW))
    group.submit(batch([Req(NOW)], received_at=NOW, bulk=True))
    last = group.submit(batch([Req(NOW)] * 20, received_at=NOW))
    release.set()
    assert last.result().stored == 20
    group.call(lambda _: None)  # what comes after the commit is done
    assert " ".join(done) == order
    blocked.join()
    group.close()


class HastyClock(FixedClock):
    """A second passes between any two looks at the clock, so that what is due after a while is due at once."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = count()

    def monotonic(self) -> float:
        return float(next(self._seconds))


def test_a_full_disk_at_the_close_loses_nothing_and_shows_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(Committer):
        def checkpoint(self, *, everything: bool = False) -> None:
            if everything:
                message = "no space left"
                raise StoreFullError(message)

    path, config = tmp_path / "a.db", settings().store
    group = GroupWriter(lambda: Full(path, settings(), NOW * MICROS), config, FixedClock())
    group.start()
    group.write(one())
    with caplog.at_level(logging.INFO, logger="mockforge_analytics"):
        group.close()
    (told,) = caplog.records
    assert (told.levelno, told.exc_info) == (logging.INFO, None)
    assert "no space left" in told.getMessage()
    with opened_store(path):
        assert scalar(path, "SELECT sum(request_count) FROM series_minute") == 1


def test_after_a_failed_sync_nothing_more_is_written(tmp_path: Path) -> None:
    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    path, config = tmp_path / "a.db", settings()
    group = GroupWriter(lambda: Committer(path, config, NOW * MICROS), config.store, HastyClock(), failing)
    group.start()
    group.write(one())
    with pytest.raises(StoreError, match=r"failed to sync .* nothing more is written"):
        group.call(lambda _: None)  # the upkeep after the write comes first
    with pytest.raises(StoreError, match=r"failed to sync .* nothing more is written"):
        group.write(one())
    group.close()
    with opened_store(path) as store:
        assert store.write(one()).stored == 1


def test_what_comes_after_the_writers_death_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(PendingRows):
        @property
        def requests(self) -> int:
            raise MemoryError

    class Dying(Committer):
        def __init__(self, path: Path, config: AnalyticsConfig, now_us: int) -> None:
            super().__init__(path, config, now_us)
            self.pending = Broken(self.connection)
            self.pending.load()

    config = settings()
    group = GroupWriter(lambda: Dying(tmp_path / "a.db", config, NOW * MICROS), config.store, FixedClock())
    group.start()
    with caplog.at_level(logging.CRITICAL + 1, logger="mockforge_analytics"):
        assert group.write(one()).stored == 1
        with pytest.raises(StoreError, match=r"stopped \(MemoryError\(\)\): restart"):
            group.write(one())
    group.close()


def test_a_full_queue_is_busy_and_takes_batches_again_later(tmp_path: Path) -> None:
    with opened_store(tmp_path / "a.db", store={"queue_batches": 1}) as store:
        entered, release = threading.Event(), threading.Event()

        def hold(_committer: Committer) -> None:
            entered.set()
            release.wait(30)

        blocked = threading.Thread(target=store.call, args=(hold,))
        blocked.start()
        entered.wait(30)
        waiting = store.writer.submit(one())
        with pytest.raises(StoreBusyError, match="queue is full"):
            store.write(one())
        release.set()
        blocked.join()
        assert waiting.result().stored == 1
        assert store.write(one()).stored == 1


def test_what_is_queued_is_committed_whether_or_not_somebody_waits(tmp_path: Path) -> None:
    with opened_store(tmp_path / "a.db") as store:
        submitted = store.writer.submit(one())
        assert not submitted.cancel()
        assert submitted.result().stored == 1
        assert store.write(one()).stored == 1


def test_of_joined_sendings_one_that_is_known_keeps_out_all(tmp_path: Path) -> None:
    """Nothing may be stored, because what is known and what is not cannot be told apart, and nothing be counted."""
    with opened_store(tmp_path / "a.db") as store:
        first = store.write(batch([Req(NOW)] * 3, received_at=NOW, joined=("a", "b")))
        assert (first.stored, first.is_repeated) == (3, False)
        for is_folded in (False, True):
            if is_folded:
                fold(store)
            again = store.write(batch([Req(NOW)] * 5, received_at=NOW, joined=("c", "b")))
            assert (again.stored, again.deduplicated, again.is_repeated) == (0, 0, True)
            assert again.commit == first.commit
            assert [store.has_token(token) for token in "abc"] == [True, True, False]
        assert store.write(batch([Req(NOW)], received_at=NOW, token="a")).is_repeated
        assert store.write(batch([Req(NOW)] * 5, received_at=NOW, joined=("c",))).stored == 5
        fold(store)
    assert scalar(tmp_path / "a.db", "SELECT sum(received) FROM ledger") == 3 + 1 + 5
