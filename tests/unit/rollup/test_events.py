"""The sample of single errors."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.config import CapConfig, Templating
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.rollup import Rollup

START = 1_750_000_000_000_000 // 60_000_000 * 60_000_000  # microseconds, a full minute
NOW = START + 86_400_000_000
EACH, TOTAL = 2, 5
FIRST_ERROR = 400
METADATA_LIMIT = 8_192

ROW = st.fixed_dictionaries(
    {
        "timestamp": st.integers(0, 12).map(lambda n: START + n * 10_000_000),
        "endpoint": st.sampled_from(["/a", "/b", "/c"]),
        "status_code": st.sampled_from([200, 404, 500, 503]),
        "workspace_id": st.sampled_from([None, "w"]),
    }
)


def events(rows: list[dict[str, Any]], **caps: int) -> pl.DataFrame:
    rows = [{"protocol": "HTTP", **row} for row in rows]
    frame = pl.DataFrame([{name: row.get(name) for name in REQUEST_SCHEMA} for row in rows], schema=REQUEST_SCHEMA)
    return Rollup(Templating.NONE, CapConfig(**caps)).deltas(frame, now_us=NOW)[0].events


@given(st.lists(ROW, max_size=60))
def test_the_first_of_each_kind_and_minute_are_kept(rows: list[dict[str, Any]]) -> None:
    rows = [{**row, "request_id": str(number)} for number, row in enumerate(rows)]
    failed = sorted((row for row in rows if row["status_code"] >= FIRST_ERROR), key=lambda row: row["timestamp"])
    alike: dict[tuple[Any, ...], int] = {}
    together: dict[tuple[Any, ...], int] = {}
    expected = []
    for row in failed:
        minute = (row["workspace_id"], row["timestamp"] // 60_000_000)
        kind = (*minute, row["endpoint"], row["status_code"])
        alike[kind] = alike.get(kind, 0) + 1
        if alike[kind] > EACH:
            continue
        together[minute] = together.get(minute, 0) + 1
        if together[minute] <= TOTAL:
            expected.append(row["request_id"])
    found = events(rows, error_events_per_minute=EACH, error_events_per_minute_total=TOTAL)
    assert found["request_id"].to_list() == expected


@given(st.lists(ROW, max_size=60), st.integers(0, 60))
def test_parts_keep_as_many_together_as_one_frame(rows: list[dict[str, Any]], cut: int) -> None:
    """Which of them stay may differ where a part has filled a minute by itself, but never how many of a kind."""
    stage = Rollup(Templating.NONE, CapConfig(error_events_per_minute=EACH, error_events_per_minute_total=10_000))
    frame = pl.DataFrame(
        [{name: {"protocol": "HTTP", **row}.get(name) for name in REQUEST_SCHEMA} for row in rows],
        schema=REQUEST_SCHEMA,
    )
    parts = [stage.encode(part, now_us=NOW)[0] for part in (frame[:cut], frame[cut:])]
    together = stage.sums([part for part in parts if part is not None]).events
    whole = stage.deltas(frame, now_us=NOW)[0].events
    key = ["timestamp", "endpoint", "status_code", "workspace_id"]
    assert together["timestamp"].is_sorted()
    assert sorted(together.select(key).rows(), key=str) == sorted(whole.select(key).rows(), key=str)


def test_an_event_says_everything_that_is_known() -> None:
    row = {
        "timestamp": START + 1, "protocol": "grpc", "method": "Say", "endpoint": "/x.Y/Say", "status_code": 13,
        "error_type": "INTERNAL", "error_message": "no\nluck", "request_id": "r", "trace_id": "t", "span_id": "s",
        "client_ip": "192.0.2.1", "user_agent": "grpc-go/1.0", "workspace_id": "w", "environment": "e",
        "metadata": '{"a": 1}',
    }  # fmt: skip
    expected = {**row, "protocol": "gRPC", "error_category": "other", "error_message": "no luck"}
    assert events([row]).row(0, named=True) == expected


def test_what_is_absent_is_null() -> None:
    rows = [{"timestamp": START, "protocol": "TCP", "error_type": "reset", "method": "", "request_id": ""}]
    event = events(rows).row(0, named=True)
    known = {name: value for name, value in event.items() if value is not None}
    assert known == {"timestamp": START, "protocol": "TCP", "error_type": "reset", "error_category": "other"}


def test_metadata_that_is_too_long_stays_json() -> None:
    long = json.dumps({"quote": '"' * 10_000, "a": "ä"})
    short = json.dumps({"quote": '"'})
    rows = [
        {"timestamp": START + i, "status_code": 500, "metadata": text} for i, text in enumerate((long, short, None))
    ]
    found = events(rows)["metadata"].to_list()
    cut = json.loads(found[0])["truncated"]
    assert long.startswith(cut)
    assert len(found[0]) <= METADATA_LIMIT
    assert found[1:] == [short, None]


def test_no_failures_no_events() -> None:
    assert events([{"timestamp": START, "status_code": 200}]).height == 0
