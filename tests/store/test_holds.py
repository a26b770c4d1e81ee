"""Imports of old data: what they hold, and how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.model.tiers import TIERS
from mockforge_analytics.model.window import BASE_SECONDS, Window
from tests.support.naive import Req, batch
from tests.support.stores import DAY, NOW, opened_committer

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.committer import Committer

COUNT = 3
OLD = NOW // DAY * DAY - 400 * DAY
HELD = {tier.name for tier in TIERS if tier.width > BASE_SECONDS}


def imported(committer: Committer, day: int, reason: str, *, count: int = COUNT) -> int:
    requests = [Req(day + 3_600 * i + 5, endpoint=f"/{i}") for i in range(count)]
    result = committer.write([batch(requests, received_at=NOW, hold=reason, bulk=True)])[0]
    assert not isinstance(result, Exception)
    return result.stored


def holds(committer: Committer) -> list[tuple[int, int, str]]:
    rows = committer.connection.execute("SELECT start, end, reason FROM hold ORDER BY id")
    return [(int(a), int(b), str(c)) for a, b, c in rows]


def test_old_data_without_a_hold_is_refused_and_counted(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        result = committer.write([batch([Req(OLD)], received_at=NOW)])[0]
        assert not isinstance(result, Exception)
        assert (result.stored, result.too_old) == (0, 1)


def test_a_held_day_is_an_island_of_every_tier_that_is_kept_long(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        assert imported(committer, OLD, "first") == COUNT
        assert committer.reach.islands == dict.fromkeys(HELD, (Window(OLD, OLD + DAY),))


def test_a_day_that_only_the_minutes_have_left_is_held_in_the_coarser_tiers_too(tmp_path: Path) -> None:
    day = NOW // DAY * DAY - 20 * DAY
    with opened_committer(tmp_path / "a.db") as committer:
        assert imported(committer, day, "first") == COUNT
        assert set(committer.reach.islands) == HELD


def test_a_day_with_rows_is_no_island(tmp_path: Path) -> None:
    day = NOW // DAY * DAY - 20 * DAY
    with opened_committer(tmp_path / "a.db") as committer:
        committer.write([batch([Req(day + 5)], received_at=NOW, bulk=True)])
        assert imported(committer, day, "first") == COUNT
        assert committer.reach.islands == {}
        assert holds(committer) == []


def test_adjacent_days_are_one_island_and_one_hold(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        for day in (OLD + DAY, OLD, OLD + 2 * DAY):
            imported(committer, day, "first")
        assert committer.reach.islands["series_minute"] == (Window(OLD, OLD + 3 * DAY),)
        assert holds(committer) == [(OLD, OLD + 3 * DAY, "first")]


def test_a_second_import_into_a_held_day_holds_it_as_well(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        imported(committer, OLD, "first")
        assert imported(committer, OLD, "second") == COUNT
        assert holds(committer) == [(OLD, OLD + DAY, "first"), (OLD, OLD + DAY, "second")]


def test_recent_data_is_not_held(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        imported(committer, NOW // DAY * DAY - DAY, "first")
        assert holds(committer) == []
        assert committer.reach.islands == {}
