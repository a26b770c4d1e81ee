"""When the writer folds: after a fault not before the next interval, and what a fold left behind in the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.errors import StoreFullError
from mockforge_analytics.store.committer import Committer
from mockforge_analytics.store.fold_parts import PART_SIZES, PartSizes
from mockforge_analytics.store.writer import GroupWriter
from tests.support.naive import Req, batch
from tests.support.stores import MICROS, NOW, FixedClock, settings

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.model.batch import Batch

INTERVAL = 60.0
CONFIG = settings(store={"fold_events": 4, "fold_interval_seconds": INTERVAL})
SMALL = PartSizes(rows=1, clients=1)


class SteppedClock(FixedClock):
    """A clock that the test moves on."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Divided(Committer):
    """Folds in the smallest parts; those from number `fails_from` on find the disk full."""

    fails_from = 1_000
    attempts = 0

    def fold_part(self, now_us: int, sizes: PartSizes = PART_SIZES) -> None:
        assert sizes == PART_SIZES
        self.attempts += 1
        if self.attempts >= self.fails_from:
            message = "no space left"
            raise StoreFullError(message)
        super().fold_part(now_us, SMALL)


def several(count: int = 4) -> Batch:
    return batch([Req(NOW, f"/{number}") for number in range(count)], received_at=NOW)


def look(group: GroupWriter) -> tuple[int, int]:
    """Have the writer look after itself; return how often it tried to fold, and how many requests wait."""
    group.call(lambda _: None)
    found: tuple[int, int] = group.call(state)
    return found


def state(committer: Committer) -> tuple[int, int]:
    assert isinstance(committer, Divided)
    return committer.attempts, committer.pending.requests


def ended(group: GroupWriter) -> int:
    """Let the writer fold until nothing is left; return how many tries that took."""
    while look(group)[1]:
        assert look(group)[0] < 100
    return look(group)[0]


def opened(path: Path, clock: FixedClock, fails_from: int = 1_000) -> GroupWriter:
    def committer() -> Committer:
        made = Divided(path, CONFIG, NOW * MICROS)
        made.fails_from = fails_from
        return made

    group = GroupWriter(committer, CONFIG.store, clock)
    group.start()
    return group


def test_a_fold_that_fails_in_its_midst_goes_on_after_the_interval(tmp_path: Path) -> None:
    clock = SteppedClock()
    group = opened(tmp_path / "a.db", clock, fails_from=3)
    group.write(several())
    looks = [look(group) for _ in range(5)]
    assert looks[-1] == (3, 4)  # two parts of which the first one takes up no request, and a fault
    group.call(lambda committer: setattr(committer, "fails_from", 1_000))
    assert look(group) == (3, 4)
    clock.seconds += INTERVAL
    assert ended(group) > 3
    group.close()


def test_what_comes_between_two_parts_is_folded_an_interval_later(tmp_path: Path) -> None:
    clock = SteppedClock()
    group = opened(tmp_path / "a.db", clock, fails_from=3)
    group.write(several())
    look(group)
    group.write(batch([Req(NOW)], received_at=NOW))
    group.call(lambda committer: setattr(committer, "fails_from", 1_000))
    clock.seconds += INTERVAL
    while look(group)[1] > 1:
        assert look(group)[0] < 100
    group.call(lambda _: None)
    tries, waiting = look(group)
    assert waiting == 1
    clock.seconds += INTERVAL
    assert ended(group) > tries
    group.close()


def test_what_a_killed_program_left_is_folded_an_interval_later(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    left = Divided(path, CONFIG, NOW * MICROS)
    left.write([several(3)])
    left.fold_part(NOW * MICROS, PART_SIZES)
    left.close()
    clock = SteppedClock()
    group = opened(path, clock)
    assert look(group) == (0, 3)  # fewer than a fold is due for
    clock.seconds += INTERVAL
    assert ended(group) > 0
    group.close()
