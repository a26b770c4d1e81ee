"""Who follows the commits hears of each after it is one, and never harms the writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mockforge_analytics.model.batch import GAUGE_SCHEMA, Batch, Deltas, Intake
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.commit import GaugeName, SeriesName
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.store.retention import run_retention
from tests.support.requests import frame
from tests.support.stores import DAY, MICROS, NOW, FixedClock, settings
from tests.traffic import row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mockforge_analytics.model.commit import Committed
    from mockforge_analytics.store.feed import Feed
    from tests.traffic import Row

import pytest


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AnalyticsDatabase]:
    with AnalyticsDatabase.open(
        tmp_path / "a.db", config=settings(caps={"series_per_hour": 2}), clock=FixedClock()
    ) as opened:
        yield opened


def batch(database: AnalyticsDatabase, *rows: Row, bulk: bool = False, token: str | None = None) -> Batch:
    deltas, _ = database.rollup.deltas(frame(rows), now_us=NOW * MICROS, fine_from=database.store.fine_from)
    return Batch(NOW * MICROS, Intake("test", len(rows)), deltas, bulk=bulk, token=token)


def feed_of(database: AnalyticsDatabase) -> Feed:
    assert database.store.feed is not None
    return database.store.feed


def settle(database: AnalyticsDatabase) -> None:
    """Return when everything is told that was committed before."""
    database.store.call(lambda _committer: None)


def counted(committed: Committed) -> dict[tuple[SeriesName, int], int]:
    """Return the requests by series and bucket."""
    found: dict[tuple[SeriesName, int], int] = {}
    for cells in committed.cells:
        columns = (cells.series.tolist(), cells.bucket.tolist(), cells.measures[Measure.REQUESTS].tolist())
        for series, bucket, requests in zip(*columns, strict=True):
            key = (committed.series[series], bucket)
            found[key] = found.get(key, 0) + requests
    return found


@pytest.mark.parametrize("bulk", [False, True], ids=["live", "bulk"])
def test_a_commit_is_told_with_its_number_and_what_it_stored(database: AnalyticsDatabase, bulk: bool) -> None:
    heard: list[Committed] = []
    feed_of(database).subscribe(heard.append)
    rows = [row(NOW - 20, endpoint="/a"), row(NOW - 20, endpoint="/a"), row(NOW - 5, endpoint="/b", status_code=500)]
    result = database.store.write(batch(database, *rows, bulk=bulk))
    settle(database)
    (told,) = heard
    assert (told.before, told.number, told.rewritten) == (result.commit - 1, result.commit, False)
    assert counted(told) == {
        (SeriesName("HTTP", "", "", "GET", "/a", 200), NOW - 20): 2,
        (SeriesName("HTTP", "", "", "GET", "/b", 500), NOW - 10): 1,
    }


def test_what_overflows_is_told_as_it_is_stored(database: AnalyticsDatabase) -> None:
    heard: list[Committed] = []
    feed_of(database).subscribe(heard.append)
    database.store.write(batch(database, *(row(NOW - 20, endpoint=f"/{name}") for name in "abcd")))
    settle(database)
    names = {series.endpoint: requests for (series, _), requests in counted(heard[0]).items()}
    assert names == {"/a": 1, "/b": 1, "__overflow__": 2}


def test_commit_numbers_follow_on_each_other_also_where_nothing_is_stored(database: AnalyticsDatabase) -> None:
    heard: list[Committed] = []
    feed_of(database).subscribe(heard.append)
    for _ in range(3):
        database.store.write(batch(database, row(NOW - 20), token="same"))
    database.fold()
    settle(database)
    assert [(told.before, told.number) for told in heard] == [(0, 1), (1, 2), (2, 3)]
    assert [sum(counted(told).values()) for told in heard] == [1, 0, 0]


def test_samples_of_active_connections_are_told(database: AnalyticsDatabase) -> None:
    heard: list[Committed] = []
    feed_of(database).subscribe(heard.append)
    samples = [((NOW - 25) * MICROS, "HTTP", "w", "", "a", 3), ((NOW - 25) * MICROS, "HTTP", "w", "", "b", 4)]
    gauges = pl.DataFrame(samples, schema=GAUGE_SCHEMA, orient="row")
    database.store.write(Batch(NOW * MICROS, Intake("gauge", 0), Deltas.empty(), gauges))
    settle(database)
    (told,) = heard
    assert [told.gauge_names[name] for name in told.gauges.name] == [
        GaugeName("HTTP", "w", "", "a"),
        GaugeName("HTTP", "w", "", "b"),
    ]
    assert told.gauges.bucket.tolist() == [NOW - 30, NOW - 30]
    assert told.gauges.value.tolist() == [3, 4]


def test_a_change_of_what_is_kept_is_told(database: AnalyticsDatabase) -> None:
    heard: list[Committed] = []
    feed_of(database).subscribe(heard.append)
    database.store.write(batch(database, row(NOW - 20)))
    run_retention(database.store.call, database.config.retention, (NOW + DAY) * MICROS, live_only=True)
    settle(database)
    assert [told.rewritten for told in heard] == [False, True]
    assert heard[1].number == heard[0].number


def test_it_is_told_after_the_commit(database: AnalyticsDatabase) -> None:
    seen: list[tuple[int, int]] = []

    def look(committed: Committed) -> None:
        with database.store.snapshot() as snapshot:
            seen.append((committed.number, snapshot.commit))

    feed_of(database).subscribe(look)
    database.store.write(batch(database, row(NOW - 20)))
    settle(database)
    assert seen == [(1, 1)]


def test_a_subscriber_that_fails_harms_neither_the_writer_nor_its_count(database: AnalyticsDatabase) -> None:
    def fail(_committed: Committed) -> None:
        raise RuntimeError

    feed = feed_of(database)
    unsubscribe = feed.subscribe(fail)
    assert database.store.write(batch(database, row(NOW - 20))).stored == 1
    settle(database)
    assert feed.failures == 1
    unsubscribe()
    assert database.store.write(batch(database, row(NOW - 20))).stored == 1
    settle(database)
    assert feed.failures == 1


def test_without_subscribers_nothing_is_kept(database: AnalyticsDatabase) -> None:
    database.store.write(batch(database, row(NOW - 20), bulk=True))
    assert database.store.call(lambda committer: committer.news) == []


def test_cells_of_several_batches_stay_apart_and_name_the_same_series(database: AnalyticsDatabase) -> None:
    heard: list[Committed] = []
    feed_of(database).subscribe(heard.append)
    futures = [database.store.writer.submit(batch(database, row(NOW - 20 - number))) for number in range(30)]
    for future in futures:
        future.result()
    settle(database)
    assert sum(sum(counted(told).values()) for told in heard) == 30
    assert all(len(told.series) == 1 and np.all(cells.series == 0) for told in heard for cells in told.cells)
