"""Sendings that are stored together: each keeps its own figures, and a repeated one harms none of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.errors import StoreBusyError, StoreError
from mockforge_analytics.model.batch import GAUGE_SCHEMA, Intake
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.sendings import Sending, Sendings
from tests.support.requests import frame
from tests.support.stores import NOW, FixedClock
from tests.traffic import row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MICROS = 1_000_000
SETTINGS = {"store": {"commit_delay_ms": 0, "queue_events": 100}, "caps": {"series_per_hour": 3}}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AnalyticsDatabase]:
    config = AnalyticsConfig.model_validate(SETTINGS)
    with AnalyticsDatabase.open(tmp_path / "a.db", config=config, clock=FixedClock()) as opened:
        yield opened


def sending(
    count: int, token: str | None = None, *, source: str = "events", bad: int = 0, age: int = 60, endpoint: str = "/a"
) -> Sending:
    requests = frame([row(NOW - age, endpoint=endpoint) for _ in range(count)])
    intake = Intake(source, count + bad, {"path": bad} if bad else {})
    return Sending(NOW * MICROS, intake, requests, pl.DataFrame(schema=GAUGE_SCHEMA), token)


def stored(sendings: Sendings, *made: Sending) -> int:
    """Let `made` be stored; return in how many rounds."""
    for one in made:
        sendings.add(one)
    rounds = 0
    while sendings:
        sendings.store_next()
        rounds += 1
    return rounds


def ledger(database: AnalyticsDatabase) -> dict[str, tuple[int, int, int, int]]:
    database.fold()
    rows = database.status().sources
    return {one.source: (one.received, one.stored, one.deduplicated, one.rejected) for one in rows}


def test_what_waits_is_stored_in_one_commit(database: AnalyticsDatabase) -> None:
    made = [sending(3, "x"), sending(2, bad=4), sending(1, "y"), sending(0, bad=1)]
    assert stored(Sendings(database), *made) == 1
    results = [one.written.result() for one in made]
    assert [result.stored for result in results] == [3, 2, 1, 0]
    assert len({result.commit for result in results}) == 1
    assert ledger(database) == {"events": (11, 6, 0, 5)}


def test_sources_are_kept_apart(database: AnalyticsDatabase) -> None:
    made = [sending(1), sending(2, source="events/app"), sending(3)]
    assert stored(Sendings(database), *made) == 2
    assert made[0].written.result().commit == made[2].written.result().commit
    assert ledger(database) == {"events": (4, 4, 0, 0), "events/app": (2, 2, 0, 0)}


def test_copies_of_a_sending_are_stored_one_after_the_other(database: AnalyticsDatabase) -> None:
    made = [sending(2, "x"), sending(2, "x"), sending(5), sending(2, "x")]
    assert stored(Sendings(database), *made) == 3
    assert [one.written.result().is_repeated for one in made] == [False, True, False, True]
    assert ledger(database) == {"events": (11, 7, 4, 0)}


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_sending_known_from_before_does_not_hold_up_its_neighbours(
    database: AnalyticsDatabase, is_folded: bool
) -> None:
    stored(Sendings(database), first := sending(2, "x"))
    assert first.written.result().stored == 2
    if is_folded:
        database.fold()
    made = [sending(1), sending(2, "x"), sending(3, "y")]
    assert stored(Sendings(database), *made) == 2
    assert [one.written.result().is_repeated for one in made] == [False, True, False]
    assert ledger(database) == {"events": (8, 6, 2, 0)}


def test_shares_of_what_overflowed_add_up(database: AnalyticsDatabase) -> None:
    made = [sending(4, endpoint=f"/{number}") for number in range(5)]
    assert stored(Sendings(database), *made) == 1
    results = [one.written.result() for one in made]
    assert [result.stored for result in results] == [4] * 5
    assert sum(result.overflowed for result in results) == 8  # two series more than the cap of three
    assert all(result.overflowed <= result.stored for result in results)


def test_what_turned_too_old_meanwhile_is_refused(database: AnalyticsDatabase) -> None:
    made = [sending(2, age=400 * 86_400), sending(3)]
    stored(Sendings(database), *made)
    results = [one.written.result() for one in made]
    assert sum(result.stored for result in results) == 3
    assert [result.stored + result.too_old for result in results] == [2, 3]


def test_a_queue_is_bounded(database: AnalyticsDatabase) -> None:
    sendings = Sendings(database)
    sendings.add(first := sending(90))
    with pytest.raises(StoreBusyError, match="send the batch again"):
        sendings.add(sending(11))
    sendings.store_next()
    assert first.written.result().stored == 90  # the writer has a queue of its own, empty from here on
    stored(sendings, last := sending(11))
    assert last.written.result().stored == 11


def test_those_who_wait_are_told_of_an_error(database: AnalyticsDatabase) -> None:
    database.store.writer.close()
    made = [sending(1, "x"), sending(2)]
    stored(Sendings(database), *made)
    for one in made:
        with pytest.raises(StoreError, match="closed"):
            one.written.result()


def test_giving_up_waiting_changes_nothing(database: AnalyticsDatabase) -> None:
    made = sending(1)
    sendings = Sendings(database)
    sendings.add(made)
    assert not made.written.cancel()
    sendings.store_next()
    assert made.written.result().stored == 1
