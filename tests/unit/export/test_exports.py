"""CSV and JSON: every cell once, newest first, in the contract's columns, and text that stays text."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import QueryError
from mockforge_analytics.export.csv import CELL_COLUMNS, cells_csv, table_csv
from mockforge_analytics.export.json import CELL_KEYS, cells_json
from mockforge_analytics.export.text import GUARD, csv_field, guarded
from mockforge_analytics.model.histogram import RELATIVE_ERROR
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.spec import Order, QuerySpec
from mockforge_analytics.query.tables import Column, Table
from tests import oracle
from tests.fakes.memory import MemorySnapshot
from tests.traffic import DAY, HOUR, NOW, NOW_US, TRAFFIC, Row, coverage_of, is_kept, row, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.model.window import Window

# Copied from contract.md, section 4.9.
CONTRACT_COLUMNS: Final = (
    "timestamp,protocol,method,endpoint,status_code,request_count,error_count,avg_latency_ms,p95_latency_ms,"
    "bytes_sent,bytes_received"
)
CONTRACT_KEYS: Final = (
    "id, timestamp, protocol, method, endpoint, status_code, workspace_id, environment, request_count, error_count, "
    "latency_sum, latency_min, latency_max, latency_p50, latency_p95, latency_p99, bytes_sent, bytes_received, "
    "active_connections, created_at"
)
DIMENSIONS: Final = ("protocol", "method", "endpoint", "status_code", "workspace_id", "environment")
HALF_A_CENT: Final = 0.005 + 1e-9  # two decimals


def state(rows: list[Row]) -> MemorySnapshot:
    """Return the rows as a database that has deleted what is past its retention."""
    coverage = coverage_of(rows)
    return MemorySnapshot([entry for entry in rows if is_kept(entry["timestamp"], coverage)], coverage)


def cells(
    rows: Sequence[Row], window: Window, width: int, spec: QuerySpec
) -> list[tuple[int, tuple[Any, ...], list[Row]]]:
    """Return (bucket, key, requests) of each cell, newest bucket first, keys ascending."""
    buckets = oracle.by_bucket(oracle.selected(rows, window, spec), width)
    return [
        (start, key, group)
        for start in sorted(buckets, reverse=True)
        for key, group in sorted(oracle.grouped(buckets[start], *DIMENSIONS).items())
    ]


def test_columns_and_keys_are_those_of_the_contract() -> None:
    assert ",".join(CELL_COLUMNS) == CONTRACT_COLUMNS
    assert ", ".join(CELL_KEYS) == CONTRACT_KEYS


@given(TRAFFIC, windows(), st.sampled_from([(), ("HTTP",)]), st.sampled_from([None, 1, 7]))
def test_csv_has_every_cell(rows: list[Row], spec: QuerySpec, protocol: tuple[str, ...], limit: int | None) -> None:
    snapshot = state(rows)
    spec = replace(spec, protocol=protocol, limit=limit)
    export = cells_csv(snapshot, spec, NOW_US)
    assert export.granularity is not None
    expected = cells(snapshot.rows, export.window, export.granularity, spec)[:limit]
    found = list(csv.DictReader(io.StringIO("".join(export.chunks))))
    assert len(found) == len(expected)
    for record, (start, key, group) in zip(found, expected, strict=True):
        protocol_name, method, endpoint, status, _, _ = key
        figures = oracle.figures(group, 1)
        assert record | {"avg_latency_ms": "", "p95_latency_ms": ""} == {
            "timestamp": str(start),
            "protocol": protocol_name,
            "method": method,
            "endpoint": endpoint,
            "status_code": str(status),
            "request_count": str(len(group)),
            "error_count": str(figures["error_count"]),
            "avg_latency_ms": "",
            "p95_latency_ms": "",
            "bytes_sent": str(figures["bytes_sent"]),
            "bytes_received": str(figures["bytes_received"]),
        }
        latency = figures["latency"]
        if latency["count"] == 0:
            assert record["avg_latency_ms"] == record["p95_latency_ms"] == ""
        else:
            assert float(record["avg_latency_ms"]) == pytest.approx(latency["average"], abs=HALF_A_CENT)
            bound = latency["p95"] * RELATIVE_ERROR * (1 + 1e-9) + HALF_A_CENT
            assert float(record["p95_latency_ms"]) == pytest.approx(latency["p95"], abs=bound)


@given(TRAFFIC, windows(), st.sampled_from([None, 1, 7]))
def test_json_has_every_cell(rows: list[Row], spec: QuerySpec, limit: int | None) -> None:
    snapshot = state(rows)
    spec = replace(spec, limit=limit)
    export = cells_json(snapshot, spec, NOW_US)
    assert export.granularity is not None
    expected = cells(snapshot.rows, export.window, export.granularity, spec)[:limit]
    text = "".join(export.chunks)
    found = json.loads(text)
    assert text == (json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    for number, (record, (start, key, group)) in enumerate(zip(found, expected, strict=True), 1):
        assert tuple(record) == CELL_KEYS
        latency = oracle.latency(group)
        assert (record["id"], record["timestamp"], record["created_at"]) == (number, start, start + export.granularity)
        assert tuple(record[name] for name in DIMENSIONS) == tuple(value or None for value in key)
        assert record["request_count"] == len(group)
        assert record["latency_sum"] == pytest.approx((latency["average"] or 0) * (latency["count"] or 0))
        assert record["latency_min"] == latency["minimum"]
        assert record["latency_max"] == latency["maximum"]
        for name in ("p50", "p95", "p99"):
            exact = latency[name]
            bound = RELATIVE_ERROR * (1 + 1e-9)
            assert record[f"latency_{name}"] == (None if exact is None else pytest.approx(exact, rel=bound))
        assert record["active_connections"] is None


def busy(seconds: int, per_second: int, series: int) -> MemorySnapshot:
    """Return steady traffic up to now."""
    rows = [
        row(NOW - second, endpoint=f"/{(second * per_second + number) % series:03}", latency_us=1_500)
        for second in range(seconds)
        for number in range(per_second)
    ]
    return MemorySnapshot(rows, coverage_of(rows))


def test_history_is_read_piece_by_piece() -> None:
    """Hours of 7,200 requests: no piece may hold more than 20,000, quiet hours go together.

    ::

        one request, 3 days before     07:43   08:00   09:00    10:00   11:00   12:00   12:43
        |<------------------- 17,040 in all ---------------->|<------- 19,600 in all ------->|
    """
    snapshot = busy(5 * HOUR, 2, 7)
    snapshot.rows[-1]["timestamp"] -= 3 * DAY * 1_000_000
    snapshot = MemorySnapshot(snapshot.rows, coverage_of(snapshot.rows))
    spec = QuerySpec(start=NOW - 4 * DAY)
    lines = "".join(cells_csv(snapshot, spec, NOW_US).chunks).splitlines()[1:]
    assert sum(int(line.split(",")[5]) for line in lines) == len(snapshot.rows)
    times = [int(line.split(",")[0]) for line in lines]
    assert all(newer >= older for newer, older in pairwise(times))
    profile, *pieces = snapshot.plans
    assert profile.bucket == Granularity.HOUR
    assert len(pieces) == 2
    bounds = [(plan.slices[0].window.start, plan.slices[-1].window.end) for plan in pieces]
    assert bounds[0][0] == bounds[1][1] == NOW - NOW % HOUR - 2 * HOUR


def test_chunks_are_small_and_come_as_they_are_read() -> None:
    snapshot = busy(HOUR, 4, 300)
    chunks = cells_csv(snapshot, QuerySpec(duration=HOUR, granularity=Granularity.TEN_SECONDS), NOW_US).chunks
    assert next(chunks) == CONTRACT_COLUMNS + "\n"
    assert not snapshot.plans
    sizes = [chunk.count("\n") for chunk in chunks]
    assert max(sizes) <= 5_000
    expected = len({(entry["timestamp"] // 10**7, entry["endpoint"]) for entry in snapshot.rows})
    assert sum(sizes) == expected
    spec = QuerySpec(duration=HOUR, granularity=Granularity.TEN_SECONDS)
    found = json.loads("".join(cells_json(snapshot, spec, NOW_US).chunks))
    assert [record["id"] for record in found] == list(range(1, expected + 1))


@pytest.mark.parametrize(
    ("age", "granularity"),
    [
        (HOUR, Granularity.MINUTE),
        (6 * DAY, Granularity.MINUTE),
        (20 * DAY, Granularity.HOUR),
        (99 * DAY, Granularity.DAY),
    ],
)
def test_cells_are_minutes_where_they_are_kept(age: int, granularity: Granularity) -> None:
    rows = [row(NOW - age), row(NOW)]
    assert cells_csv(state(rows), QuerySpec(duration=age), NOW_US).granularity is granularity


def test_an_asked_granularity_is_kept_to_or_refused_at_once() -> None:
    rows = [row(NOW - 20 * DAY), row(NOW)]
    assert cells_json(state(rows), QuerySpec(granularity=Granularity.DAY), NOW_US).granularity is Granularity.DAY
    with pytest.raises(QueryError, match="finest possible is hour"):
        cells_json(state(rows), QuerySpec(granularity=Granularity.MINUTE), NOW_US)
    with pytest.raises(QueryError, match="error_type cannot filter"):
        cells_csv(state(rows), QuerySpec(error_type=("x",)), NOW_US)


def test_nothing_is_a_header_and_an_empty_array() -> None:
    assert "".join(cells_csv(state([]), QuerySpec(), NOW_US).chunks) == CONTRACT_COLUMNS + "\n"
    assert "".join(cells_json(state([]), QuerySpec(), NOW_US).chunks) == "[]\n"


def test_unknown_latencies_can_be_given_a_number_for_old_clients() -> None:
    rows = [row(NOW, latency_us=None, status_code=0, method="", endpoint="")]
    (_, line) = "".join(cells_csv(state(rows), QuerySpec(granularity=Granularity.MINUTE), NOW_US).chunks).splitlines()
    start = NOW - NOW % 60
    assert line == f"{start},HTTP,,,0,1,0,,,0,0"
    old = cells_csv(state(rows), QuerySpec(granularity=Granularity.MINUTE), NOW_US, unknown=0.0)
    assert "".join(old.chunks).splitlines()[1] == f"{start},HTTP,,,0,1,0,0.00,0.00,0,0"


HOSTILE: Final = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =cmd|' /C calc'!A0",
    "\u3000=1",
    "\ufeff=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "'quoted",
    "\tplain",
)
HARMLESS: Final = ("/a=b", "/users/:id", "a-b", "5", "", " /x", '"', "ümlaut", "{a}")


@pytest.mark.parametrize("text", HOSTILE)
def test_formulas_are_guarded_reversibly(text: str) -> None:
    assert guarded(text) == GUARD + text
    rows = [row(NOW, endpoint=text, method="GET")]
    (record,) = csv.DictReader(io.StringIO("".join(cells_csv(state(rows), QuerySpec(), NOW_US).chunks), newline=""))
    assert record["endpoint"] == GUARD + text


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_text_is_left_alone(text: str) -> None:
    assert guarded(text) == text


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_any_text_survives_a_csv_reader_and_taking_the_guard_off(text: str) -> None:
    lines = list(table_csv(Table("t", (Column("endpoint", ""), Column("share", "%")), ((text, -5),))))
    header, record = csv.reader(io.StringIO("".join(lines), newline=""))
    assert header == ["endpoint", "share"]
    assert record == [guarded(text), "-5"]
    assert record[0].removeprefix(GUARD) == text
    assert not record[0].lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
def test_cells_and_tables_write_the_same_text(text: str) -> None:
    rows = [row(NOW, endpoint=text)]
    export = cells_csv(state(rows), QuerySpec(), NOW_US)
    (record,) = csv.DictReader(io.StringIO("".join(export.chunks), newline=""))
    assert record["endpoint"] == guarded(text)


def test_fields_are_quoted_as_in_rfc_4180() -> None:
    assert csv_field('a,"b"') == '"a,""b"""'
    assert csv_field("a\nb") == '"a\nb"'
    assert csv_field("plain") == "plain"


def test_numbers_of_tables_are_untouched() -> None:
    table = Table(
        "t",
        (Column("count", ""), Column("share", "%"), Column("endpoints", "")),
        ((-5, 0.1, ("=a", "b,c")), (None, 2.0, ())),
    )
    assert "".join(table_csv(table)) == 'count,share,endpoints\n-5,0.1,"[""=a"", ""b,c""]"\n,2.0,[]\n'


def test_the_order_of_a_question_does_not_reorder_an_export() -> None:
    rows = [row(NOW - 120 * number, endpoint="/") for number in range(3)]
    export = cells_csv(state(rows), QuerySpec(order=Order("request_count", ascending=True)), NOW_US)
    times = [line.split(",")[0] for line in "".join(export.chunks).splitlines()[1:]]
    assert times == sorted(times, reverse=True)
