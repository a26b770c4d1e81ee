"""Latencies that are known by wide buckets are told, and failures without requests are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from mockforge_analytics.model.batch import Batch, Intake
from mockforge_analytics.model.cells import MEASURES, NO_MAXIMUM, NO_MINIMUM, Measure
from mockforge_analytics.model.counted import Counted
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.support.stores import MICROS, NOW, FixedClock

if TYPE_CHECKING:
    from pathlib import Path

import numpy as np

HOUR = 3_600


def counted(at: int, status: int, requests: int, latencies: int) -> Counted:
    """Return requests of one kind at `at` seconds, and latencies of a second each."""
    known = {"timestamp": at * MICROS, "protocol": "HTTP", "path": "/a", "status_code": status}
    frame = pl.DataFrame([{name: known.get(name) for name in REQUEST_SCHEMA}], schema=REQUEST_SCHEMA, orient="row")
    measures = np.zeros((len(MEASURES), 1), np.int64)
    measures[Measure.REQUESTS], measures[Measure.LATENCY_COUNT] = requests, latencies
    measures[Measure.LATENCY_SUM] = latencies * MICROS
    measures[Measure.LATENCY_MIN] = measures[Measure.LATENCY_MAX] = MICROS
    if not latencies:
        measures[Measure.LATENCY_MIN], measures[Measure.LATENCY_MAX] = NO_MINIMUM, NO_MAXIMUM
    one = np.zeros(latencies, np.int64)
    return Counted(frame, measures, Histograms.build(one, np.ones(latencies), 1))


def write(database: AnalyticsDatabase, what: Counted, widest: float) -> None:
    requests = int(what.measures[Measure.REQUESTS].sum())
    deltas = database.rollup.counted(what)
    database.store.write(Batch(NOW * MICROS, Intake("collected", requests), deltas, widest=widest))


def warnings(database: AnalyticsDatabase, start: int, end: int) -> list[str]:
    found = database.overview(start_time=NOW + start, end_time=NOW + end)
    return [warning for warning in found.warnings if "wide buckets" in warning]


@pytest.mark.parametrize("fold", [False, True])
def test_wide_buckets_are_told_where_they_are(tmp_path: Path, fold: bool) -> None:
    with AnalyticsDatabase.open(tmp_path / "a.db", clock=FixedClock()) as database:
        write(database, counted(NOW - 3 * HOUR, 200, 5, 0), 10.0)  # no latencies: nothing to tell
        assert warnings(database, -4 * HOUR, 0) == []
        write(database, counted(NOW - 2 * HOUR, 200, 5, 5), 2.5)
        write(database, counted(NOW - HOUR, 200, 5, 5), 2.0)
        write(database, counted(NOW - 60, 200, 5, 5), 1.0)
        if fold:
            database.fold()
        (told,) = warnings(database, -4 * HOUR, 0)
        assert "2.5 times" in told
        assert warnings(database, -1_800, 0) == []
        assert warnings(database, -4 * HOUR, -3 * HOUR + 60) == []


def test_a_failure_that_counts_for_no_request_is_none(tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "a.db", clock=FixedClock()) as database:
        write(database, counted(NOW - 60, 500, 0, 3), 1.0)
        assert database.errors(last="1h").groups == ()
        assert database.overview(last="1h").latency.count == 3
        write(database, counted(NOW - 60, 500, 2, 0), 1.0)
        assert [group.count for group in database.errors(last="1h").groups] == [2]
