"""What the service says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from mockforge_analytics.model.tiers import TIERS
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import DAY, NOW
from tests.traffic import row

if TYPE_CHECKING:
    from pathlib import Path


def status(served: Served) -> Any:
    return served.data("status")


def test_the_ledger_tiers_and_sizes_are_those_of_the_database(tmp_path: Path) -> None:
    rows = [row(NOW - 60 - number, endpoint=f"/{number % 4}") for number in range(100)]
    # Without folds of its own: one that falls between two looks at the files moves their sizes.
    store = {"fold_interval_seconds": 3_600.0}
    with serving(tmp_path, retention={"minute_aggregates_days": 14}, store=store) as served:
        assert status(served)["sources"] == []
        served.database.write_requests(frame(rows), source="app")
        served.database.write_requests(frame(rows).with_columns(latency=pl.lit(-1.0)), source="broken")
        before = status(served)
        served.database.fold()
        after = status(served)
        file = served.database.path
        assert after["database"]["wal_bytes"] == file.with_name(f"{file.name}-wal").stat().st_size
    assert {source["source"]: source["stored"] for source in after["sources"]} == {"app": 100, "broken": 0}
    for source in after["sources"]:
        parts = (source["stored"], source["deduplicated"], source["rejected"])
        assert source["received"] == sum(parts) == 100
        assert 0 <= source["lag_seconds"] <= 60
    assert sum(after["sources"][1]["reasons"].values()) == 100
    assert (before["database"]["pending_requests"], after["database"]["pending_requests"]) == (100, 0)
    assert after["database"]["commit"] >= before["database"]["commit"] > 0
    assert (after["database"]["first"], after["database"]["last"]) == (NOW - 159, NOW - 60)
    assert [tier["name"] for tier in after["tiers"]] == [tier.name for tier in TIERS]
    minute = next(tier for tier in after["tiers"] if tier["name"] == "series_minute")
    assert (minute["kept_seconds"], minute["setting"]) == (14 * DAY, "minute_aggregates_days")
    assert minute["oldest"] == (NOW - 159) // 60 * 60
    assert after["retention"]["minute_aggregates_days"] == 14
    assert after["queue"] == {"batches": 0, "requests": 0, "max_batches": 1_000, "max_requests": 500_000}
    assert after["stream"]["clients"] == 0
    assert after["uptime_seconds"] > before["uptime_seconds"] > 0
