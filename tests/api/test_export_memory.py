"""An export of any size takes the memory of a few pieces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mockforge_analytics.api.app import BASE_PATH
from tests.support.requests import frame
from tests.support.server import serving
from tests.support.stores import HOUR, MICROS, NOW
from tests.traffic import row

if TYPE_CHECKING:
    from tests.support.server import Served

MINUTES = 55
FEW_MINUTES = 15  # before now, the first five of which had no requests
ENDPOINTS = 4_000
PART = 2  # the growth allowed, as a part of what is sent: pools of memory come and go with 30 MB


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


def exported(served: Served, minutes: int) -> tuple[int, int, int]:
    """Export the last `minutes`; return how many bytes and rows came, and the most memory this process had."""
    window = {"start_time": NOW // 60 * 60 - minutes * 60, "end_time": NOW}
    most, sent, rows = 0, 0, 0
    address, quiet = f"{BASE_PATH}/export/json", {"Accept-Encoding": "identity"}
    with served.client.stream("GET", address, params=window, headers=quiet) as answer:
        for piece in answer.iter_raw(1 << 16):
            sent += len(piece)
            rows += piece.count(b'"request_count"')
            most = max(most, resident())
    return sent, rows, most


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    """Peaks are compared: how much of its memory a process gives back in between is up to the allocator."""
    with serving(tmp_path, store={"cache_bytes": 8_000_000}) as served:
        served.database.write_requests(busy_hour())
        served.database.fold()
        few = [exported(served, FEW_MINUTES) for _ in range(3)]  # they fill caches and pools of memory
        sent, rows, most = exported(served, MINUTES + 10)
    assert rows >= MINUTES * ENDPOINTS * 0.99  # names that lie on the edge of two pieces are not counted
    assert sent > 100_000_000
    assert sent > 5 * few[0][0]
    assert most - max(peak for _, _, peak in few) < sent / PART
