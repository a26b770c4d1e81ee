"""Sendings that are stored together: each keeps its own figures, and a repeated one harms none of the others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
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
    from concurrent.futures import Future
    from pathlib import Path

    from mockforge_analytics.model.batch import WriteResult

MICROS = 1_000_000
SETTINGS = {"store": {"commit_delay_ms": 0, "queue_events": 60_000}, "caps": {"series_per_hour": 3}}


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
    return Sending(NOW * MICROS, intake, count, requests, pl.DataFrame(schema=GAUGE_SCHEMA), token)


def stored(database: AnalyticsDatabase, *made: Sending) -> list[WriteResult]:
    """Have `made` stored in one transaction, and return what came of each."""
    results: list[Future[WriteResult]] = []
    with held(database):
        sendings = Sendings(database)
        results += map(sendings.add, made)
    return [result.result() for result in results]


@contextmanager
def held(database: AnalyticsDatabase) -> Iterator[None]:
    """Keep the writer busy meanwhile, so that everything waits for the same commit."""
    begun, go_on = threading.Event(), threading.Event()

    def stay(_: object) -> None:
        begun.set()
        go_on.wait()

    with ThreadPoolExecutor() as pool:
        pool.submit(database.store.call, stay)
        begun.wait()
        try:
            yield
        finally:
            go_on.set()


def ledger(database: AnalyticsDatabase) -> dict[str, tuple[int, int, int, int]]:
    database.fold()
    rows = database.status().sources
    return {one.source: (one.received, one.stored, one.deduplicated, one.rejected) for one in rows}


def batches(results: list[WriteResult]) -> int:
    """Return how many batches were made of sendings: each has a number of its own."""
    return len({result.commit for result in results})


def test_what_waits_is_one_batch(database: AnalyticsDatabase) -> None:
    results = stored(database, sending(3, "x"), sending(2, bad=4), sending(1, "y"), sending(0, bad=1))
    assert [result.stored for result in results] == [3, 2, 1, 0]
    assert batches(results) == 1
    assert ledger(database) == {"events": (11, 6, 0, 5)}


def test_sources_are_kept_apart(database: AnalyticsDatabase) -> None:
    results = stored(database, sending(1), sending(2, source="events/app"), sending(3))
    assert results[0].commit == results[2].commit != results[1].commit
    assert ledger(database) == {"events": (4, 4, 0, 0), "events/app": (2, 2, 0, 0)}


def test_copies_of_a_sending_are_stored_one_after_the_other(database: AnalyticsDatabase) -> None:
    results = stored(database, sending(2, "x"), sending(2, "x"), sending(5), sending(2, "x"))
    assert batches(results) == 3
    assert [result.is_repeated for result in results] == [False, True, False, True]
    assert ledger(database) == {"events": (11, 7, 4, 0)}


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_sending_known_from_before_does_not_hold_up_its_neighbours(
    database: AnalyticsDatabase, is_folded: bool
) -> None:
    assert [result.stored for result in stored(database, sending(2, "x"))] == [2]
    if is_folded:
        database.fold()
    results = stored(database, sending(1), sending(2, "x"), sending(3, "y"))
    assert batches(results) == 2
    assert [result.is_repeated for result in results] == [False, True, False]
    assert ledger(database) == {"events": (8, 6, 2, 0)}


def test_more_than_a_rollup_likes_become_several_batches(database: AnalyticsDatabase) -> None:
    results = stored(database, *(sending(8_000, endpoint="/a") for _ in range(7)))
    assert [result.stored for result in results] == [8_000] * 7
    assert batches(results) == 2  # of at most 50,000 requests


def test_shares_of_what_overflowed_add_up(database: AnalyticsDatabase) -> None:
    results = stored(database, *(sending(4, endpoint=f"/{number}") for number in range(5)))
    assert batches(results) == 1
    assert [result.stored for result in results] == [4] * 5
    assert sum(result.overflowed for result in results) == 8  # two series more than the cap of three
    assert all(result.overflowed <= result.stored for result in results)


def test_what_turned_too_old_meanwhile_is_refused(database: AnalyticsDatabase) -> None:
    results = stored(database, sending(2, age=400 * 86_400), sending(3))
    assert sum(result.stored for result in results) == 3
    assert [result.stored + result.too_old for result in results] == [2, 3]


def test_a_queue_is_bounded(database: AnalyticsDatabase) -> None:
    sendings = Sendings(database)
    with held(database):
        first = sendings.add(sending(59_990))
        with pytest.raises(StoreBusyError, match="send the batch again"):
            sendings.add(sending(11))
    assert first.result().stored == 59_990
    assert sendings.add(sending(11)).result().stored == 11


def test_a_sending_that_cannot_be_rolled_up_harms_no_other(database: AnalyticsDatabase) -> None:
    broken = replace(sending(1, source="other"), requests=pl.DataFrame({"timestamp": [NOW * MICROS]}))
    with held(database):
        sendings = Sendings(database)
        good, bad = sendings.add(sending(2)), sendings.add(broken)
    assert good.result().stored == 2
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        bad.result()
    assert sendings.add(sending(3)).result().stored == 3


def test_a_closed_database_takes_nothing(database: AnalyticsDatabase) -> None:
    database.store.writer.close()
    with pytest.raises(StoreError, match="closed"):
        Sendings(database).add(sending(1, "x"))


def test_giving_up_waiting_changes_nothing(database: AnalyticsDatabase) -> None:
    with held(database):
        waiting = Sendings(database).add(sending(1))
        assert not waiting.cancel()
    assert waiting.result().stored == 1
