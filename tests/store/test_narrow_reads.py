"""Reports about few series of many, for which only the cells of these are read: they say what all cells would say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.query.spec import QuerySpec
from tests import report_checks as checks
from tests.store.test_reports_against_oracle import EVERY_EVENT, written
from tests.support.stores import FixedClock, fold, opened_store
from tests.traffic import NOW, row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mockforge_analytics.ports import Snapshot
    from tests.traffic import Row

ENDPOINTS: Final = 400
HOURS: Final = 50
QUESTIONS: Final = (
    QuerySpec(endpoint=("/things/7",)),
    QuerySpec(endpoint=("/things/7", "/things/23"), status_code=(StatusRange(400, 599),)),
    QuerySpec(endpoint=("/things/5",), workspace_id=("b",)),
    QuerySpec(endpoint=("/nothing",)),
)


def traffic(count: int, seed: int) -> list[Row]:
    source = random.Random(seed)
    return [
        row(
            NOW - source.randrange(HOURS * 3_600),
            endpoint=f"/things/{source.randrange(ENDPOINTS if source.random() < 0.8 else 8)}",
            status_code=source.choice([200, 200, 404, 503]),
            workspace_id=source.choice(["a", "b"]),
            latency_us=source.randrange(1, 90_000),
        )
        for _ in range(count)
    ]


def check(snapshot: Snapshot, rows: Sequence[Row]) -> None:
    for spec in QUESTIONS:
        checks.check_totals(snapshot, rows, spec)
        checks.check_overview(snapshot, rows, spec)
        checks.check_requests_over_time(snapshot, rows, spec, None)
        checks.check_latency_trends(snapshot, rows, spec)
        checks.check_peaks(snapshot, rows, spec)


def test_reports_about_few_of_many_series(tmp_path: Path) -> None:
    early, late = traffic(6_000, 1), traffic(500, 2)
    path = tmp_path / "a.db"
    with opened_store(path, FixedClock(NOW), caps=EVERY_EVENT) as store:
        written(store, early)
        fold(store, NOW)
        with store.snapshot() as snapshot:
            check(snapshot, early)
            check(snapshot, early)
        written(store, late)
        with store.snapshot() as snapshot:
            check(snapshot, [*early, *late])
        fold(store, NOW)  # touches what was read before
        with store.snapshot() as snapshot:
            check(snapshot, [*early, *late])
            checks.check_requests_over_time(snapshot, [*early, *late], QuerySpec(), None)  # all cells are in memory now
            check(snapshot, [*early, *late])
    with opened_store(path, FixedClock(NOW), caps=EVERY_EVENT) as store, store.snapshot() as snapshot:
        check(snapshot, [*early, *late])
