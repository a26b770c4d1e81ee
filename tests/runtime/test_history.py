"""A recorded week told again as the week before now."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.query.spec import QuerySpec
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.history import SOURCE, fill_history
from mockforge_analytics.sources.accesslog.normalise import Labels
from tests.cli.support import traffic, write_log
from tests.support.stores import MICROS, NOW, FixedClock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.traffic import Row

WEEK = 7 * 86_400
ROUTES = ("/users", "/users/{user_id:int}", "/static/{rest:path}")
EXPECTED = {"/users/42": "/users/{user_id}", "/static/app.js": "/static/{rest}"}


@pytest.fixture
def rows() -> list[Row]:
    return traffic(2_000)


def fill(folder: Path, log: Path, now: float = NOW) -> int:
    with AnalyticsDatabase.open(folder / "d.db", clock=FixedClock(now)) as database:
        return fill_history(database, log, Labels("HTTP", "shop", "demo"), ROUTES)


def test_every_request_is_there_once_in_the_week_before_now_at_its_hour(tmp_path: Path, rows: list[Row]) -> None:
    log = write_log(tmp_path, rows)
    assert fill(tmp_path, log) == len(rows)
    assert fill(tmp_path, log, NOW + 3_600) == 0, "the second time there is nothing to do"
    with AnalyticsDatabase.open(tmp_path / "d.db", clock=FixedClock(), writable=False) as database:
        status = database.status()
        assert [(source.source, source.stored) for source in status.sources] == [(SOURCE, len(rows))]
        assert status.first is not None
        assert status.last is not None
        assert NOW - WEEK <= status.first / MICROS <= status.last / MICROS <= NOW
        week = QuerySpec(start=NOW - WEEK - 3_600, end=NOW + 1)
        assert database.overview(week).total_requests == len(rows)
        patterns = database.traffic_patterns(QuerySpec(start=NOW - WEEK - 3_600, end=NOW + 1))
        hours = Counter({(cell.day_of_week, cell.hour): cell.request_count for cell in patterns.week})
        told = Counter(_weekday_and_hour(entry["timestamp"] // MICROS) for entry in rows)
        assert +hours == +told


def _weekday_and_hour(second: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(second, UTC)
    return moment.isoweekday() % 7, moment.hour


def test_paths_of_known_routes_get_them_as_their_endpoint(tmp_path: Path, rows: list[Row]) -> None:
    fill(tmp_path, write_log(tmp_path, rows))
    with AnalyticsDatabase.open(tmp_path / "d.db", clock=FixedClock(), writable=False) as database:
        found = Counter({row.endpoint: 0 for row in database.endpoints().rows})
        for row in database.endpoints().rows:
            found[row.endpoint] += row.request_count
    told = Counter(EXPECTED.get(entry["endpoint"], entry["endpoint"]) for entry in rows)
    assert found == told


def test_what_was_interrupted_goes_on_with_the_same_shift(
    tmp_path: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockforge_analytics.runtime.history.CHUNK_BYTES", 20_000)
    log = write_log(tmp_path, rows)
    with AnalyticsDatabase.open(tmp_path / "d.db", clock=FixedClock()) as database:
        first = fill_history(database, log, Labels("HTTP", "shop", "demo"), stopped=lambda: True)
    assert 0 < first < len(rows)
    assert first + fill(tmp_path, log, NOW + 2 * 86_400) == len(rows)
    with AnalyticsDatabase.open(tmp_path / "d.db", clock=FixedClock(), writable=False) as database:
        last = database.status().last
        assert last is not None
        assert last / MICROS <= NOW, "the second part was moved as the first"
