"""What `status` says is what is there, pending rows included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.config import RetentionConfig
from mockforge_analytics.errors import StoreError
from mockforge_analytics.model.batch import Batch, Intake, Rejection, SourcePosition
from mockforge_analytics.model.status import Hold, OverflowStatus, SourceStatus
from mockforge_analytics.model.window import Window
from mockforge_analytics.store.status import storage_status
from tests.support.naive import Req, batch, deltas
from tests.support.stores import DAY, HOUR, MICROS, NOW, opened_store, scalar

if TYPE_CHECKING:
    from pathlib import Path

RETENTION = RetentionConfig()
MINUTE = NOW // 60 * 60
CAP = 4


def test_status_of_a_database_that_a_server_has_open(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    old = NOW // DAY * DAY - 50 * DAY
    rejection = Rejection("bad_time", "line 7", "x y z")
    with opened_store(path, caps={"series_per_hour": CAP}) as store:
        requests = [Req(NOW - 60, endpoint=f"/{i}", workspace="shop") for i in range(10)]
        intake = Intake("access.log", 13, {"bad_time": 3}, (rejection,))
        position = SourcePosition("access.log", '{"offset": 99}')
        store.write(Batch(NOW * MICROS, intake, deltas(requests), token="t", position=position))
        store.write(Batch(NOW * MICROS, intake, deltas(requests), token="t"))
        store.write(batch([Req(old + 5)], received_at=NOW, hold="archive", bulk=True))
        store.call(lambda committer: committer.fold(NOW * MICROS))
        store.write(batch([Req(NOW), Req(NOW - 400 * DAY)], received_at=NOW + 60))
        status = storage_status(path, RETENTION, NOW)
    assert status.sources == (
        SourceStatus("access.log", 26, 10, 13, 3, 10 - CAP, {"bad_time": 3}, MINUTE, MINUTE),
        SourceStatus("test", 3, 2, 0, 1, 0, {"too_old": 1}, MINUTE, MINUTE + 60),
    )
    assert [(s.reason, s.place, s.sample) for s in status.samples] == [("bad_time", "line 7", "x y z")]
    assert [(p.key, p.payload) for p in status.positions] == [("access.log", '{"offset": 99}')]
    assert status.holds == (Hold(1, Window(old, old + DAY), "archive", NOW),)
    assert status.overflowed == (OverflowStatus((NOW - 60) // HOUR * HOUR, "shop", 10 - CAP),)
    assert (status.pending_rows, status.pending_requests) == (1, 1)
    assert (status.first, status.last) == ((old + 5) * MICROS, NOW * MICROS)
    assert status.commit == scalar(path, "SELECT value FROM meta WHERE key = 'commit'")
    assert status.database_bytes == path.stat().st_size


def test_tiers_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_store(path) as store:
        store.write(batch([Req(NOW - 10 * DAY), Req(NOW - 5)], received_at=NOW))
        store.call(lambda committer: committer.fold(NOW * MICROS))
    status = storage_status(path, RETENTION, NOW + DAY)
    tiers = {tier.name: tier for tier in status.tiers}
    hour = tiers["series_hour"]
    assert (hour.rows, hour.oldest, hour.newest) == (2, (NOW - 10 * DAY) // HOUR * HOUR, (NOW - 5) // HOUR * HOUR)
    assert (hour.setting, hour.kept, hour.width) == ("hour_aggregates_days", 30 * DAY, HOUR)
    assert hour.floor == (NOW - 30 * DAY) // DAY * DAY
    assert hour.due == (NOW - 29 * DAY) // DAY * DAY
    assert tiers["series_minute"].rows == 1
    assert tiers["client_hour"].rows == hour.rows
    assert tiers["gauge_hour"].oldest is None
    pages = scalar(path, "PRAGMA page_count") * scalar(path, "PRAGMA page_size")
    assert sum(status.tables.values()) + status.free_bytes <= pages
    assert min(status.tables.values()) > 0
    assert {"series_minute", "pending", "error_events"} <= status.tables.keys()


def test_no_database_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database"):
        storage_status(tmp_path / "a.db", RETENTION, NOW)
    (tmp_path / "b.db").write_bytes(b"")
    with pytest.raises(StoreError, match="is empty: it holds no database"):
        storage_status(tmp_path / "b.db", RETENTION, NOW)
