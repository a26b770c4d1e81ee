"""What the rollup refuses."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.rollup.admission import admit

NOW = 1_750_000_000_000_000
DAY = 86_400_000_000
GOOD: dict[str, Any] = {"timestamp": NOW, "protocol": "HTTP"}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in REQUEST_SCHEMA} for row in rows], schema=REQUEST_SCHEMA)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"timestamp": None}, "timestamp_past"),
        ({"timestamp": -1}, "timestamp_past"),
        ({"timestamp": DAY - 1}, "timestamp_past"),
        ({"timestamp": DAY}, None),
        ({"timestamp": NOW + 2 * DAY}, None),
        ({"timestamp": NOW + 2 * DAY + 1}, "timestamp_future"),
        ({"timestamp": 2**63 - 1}, "timestamp_future"),
        ({"latency": 0.0}, None),
        ({"latency": 2.0**30}, None),
        ({"latency": math.nextafter(2.0**30, math.inf)}, "latency"),
        ({"latency": -1e-9}, "latency"),
        ({"latency": math.nan}, "latency"),
        ({"latency": math.inf}, "latency"),
        ({"latency": -math.inf}, "latency"),
        ({"bytes_sent": -1}, "bytes"),
        ({"bytes_sent": 2**44}, None),
        ({"bytes_received": 2**44 + 1}, "bytes"),
        ({"timestamp": 0, "latency": -1.0}, "timestamp_past"),
        ({"latency": -1.0, "bytes_sent": -1}, "latency"),
    ],
)
def test_each_refused_request_has_one_reason_and_its_neighbours_stay(
    values: dict[str, Any], reason: str | None
) -> None:
    requests = frame({**GOOD, "path": "/first"}, {**GOOD, **values, "path": "/it"}, {**GOOD, "path": "/last"})
    admitted, refused = admit(requests, NOW)
    assert admitted["path"].to_list() == (["/first", "/last"] if reason else ["/first", "/it", "/last"])
    assert refused == ({reason: 1} if reason else {})


def test_reasons_are_counted() -> None:
    rows = [GOOD, {**GOOD, "latency": -1.0}, {**GOOD, "timestamp": 5}, {**GOOD, "latency": math.nan}]
    admitted, refused = admit(frame(*rows), NOW)
    assert (len(admitted), refused) == (1, {"latency": 2, "timestamp_past": 1})


def test_nothing_wrong_with_nothing() -> None:
    assert admit(frame(), NOW)[1] == {}
