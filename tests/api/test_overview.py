"""The overview route against counts over the rows that were written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter

from mockforge_analytics.api.schemas.overview import OverviewData
from tests.support.server import Served, serving
from tests.support.stores import NOW
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Iterator

ERROR = 400
ROWS: list[Row] = [
    row(
        NOW - 3_000 + 7 * number,
        endpoint=f"/things/{'abc'[number % 3]}",
        method=("GET", "POST")[number % 2],
        status_code=(200, 200, 200, 404, 500)[number % 5],
        latency_us=1_000 + 137 * number,
        bytes_sent=number,
    )
    for number in range(400)
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("overview"), ROWS) as running:
        yield running


def test_the_figures_are_those_of_the_rows(served: Served) -> None:
    data = served.data("overview", duration=3_600)
    latencies = sorted(entry["latency_us"] / 1_000 for entry in ROWS)
    assert data["total_requests"] == len(ROWS)
    assert data["total_errors"] == sum(entry["status_code"] >= ERROR for entry in ROWS)
    assert data["total_bytes_sent"] == sum(entry["bytes_sent"] for entry in ROWS)
    assert data["avg_latency_ms"] == pytest.approx(sum(latencies) / len(ROWS))
    for name, part in (("p50_latency_ms", 0.5), ("p95_latency_ms", 0.95), ("p99_latency_ms", 0.99)):
        assert data[name] == pytest.approx(latencies[math.ceil(part * len(latencies)) - 1], rel=0.011)


def test_the_answer_is_as_documented(served: Served) -> None:
    TypeAdapter(OverviewData).validate_python(served.data("overview"), strict=True)


def test_a_filter_holds_for_every_figure(served: Served) -> None:
    data = served.data("overview", method="post", status_code=["4xx", "500"])
    chosen = [entry for entry in ROWS if entry["method"] == "POST" and entry["status_code"] >= ERROR]
    assert data["total_requests"] == data["total_errors"] == len(chosen)
    assert data["total_bytes_sent"] == sum(entry["bytes_sent"] for entry in chosen)


def test_a_wrong_value_names_the_parameter(served: Served) -> None:
    answer = served.get("overview", duration="abc")
    assert answer.status_code == 422
    body = answer.json()
    assert (body["success"], body["data"], body["field"]) == (False, None, "duration")
    assert "abc" in body["error"]
