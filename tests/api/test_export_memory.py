"""An export of any size takes the memory of a few pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from mockforge_analytics.api.app import BASE_PATH
from tests.support.requests import frame
from tests.support.server import serving
from tests.support.stores import HOUR, MICROS, NOW
from tests.traffic import row

MINUTES = 55
ENDPOINTS = 4_000
PART = 5  # the growth allowed, as a part of what is sent


def resident() -> int:
    """Return the bytes of memory this process has."""
    fields = Path("/proc/self/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) * 1_024


def busy_hour() -> pl.DataFrame:
    """Return a request of every endpoint in every minute."""
    number = np.arange(MINUTES * ENDPOINTS)
    one = frame([row(NOW, endpoint="/", latency_us=1_500)])
    path = pl.format("/endpoints/{}/items", pl.lit(pl.Series(number % ENDPOINTS)))
    return one.select(pl.all().repeat_by(len(number)).explode()).with_columns(
        timestamp=pl.Series((NOW - HOUR + 60 * (number // ENDPOINTS + 1)) * MICROS), endpoint=path, path=path
    )


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    quiet = {"Accept-Encoding": "identity"}
    address = f"{BASE_PATH}/export/json"
    with serving(tmp_path, store={"cache_bytes": 8_000_000}) as served:
        served.database.write_requests(busy_hour())
        served.database.fold()
        before, most, sent, rows = resident(), 0, 0, 0
        for _ in range(2):  # the first fills caches and pools of memory
            before, most, sent, rows = resident(), 0, 0, 0
            with served.client.stream("GET", address, headers=quiet) as answer:
                for piece in answer.iter_raw(1 << 16):
                    sent += len(piece)
                    rows += piece.count(b'"request_count"')
                    most = max(most, resident())
    assert rows >= MINUTES * ENDPOINTS * 0.99  # names that lie on the edge of two pieces are not counted
    assert sent > 100_000_000
    assert most - before < sent / PART
