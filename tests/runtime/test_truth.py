"""From a log to the reports of a database: every figure against counts that share nothing with this project."""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from mockforge_analytics.bundled import example_log
from mockforge_analytics.config import AnalyticsConfig, Templating
from mockforge_analytics.errors import FormatError
from mockforge_analytics.model.histogram import RELATIVE_ERROR
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.imports import import_log
from tests.support.samples import sample_path, sample_truth

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE: Final = json.loads((Path(__file__).parents[1] / "data" / "example-access.truth.json").read_text("utf-8"))
MILLIS: Final = 1_000
FIRST_ERROR: Final = 400
LOGS: Final = [
    "access_logs/elastic_apache_logs_10k.log",
    "access_logs/elastic_nginx_logs_head_telegraf.log",
    "json_logs/traefik_json_maborak_2021.jsonl",
    "json_logs/crowdsec_traefik_json.log",
]


@pytest.fixture
def plain() -> Iterator[AnalyticsDatabase]:
    """An empty database that keeps paths as they are."""
    with AnalyticsDatabase.open(":memory:", config=AnalyticsConfig(templating=Templating.NONE)) as database:
        yield database


def instant(text: str) -> int:
    """Microseconds of an ISO time with up to nine digits, cut to whole microseconds."""
    base, _, rest = text.replace("Z", "+00:00").partition(".")
    if not rest:
        return round(datetime.fromisoformat(base).timestamp()) * 1_000_000
    digits = rest[: len(rest) - len("+00:00")]
    zone = rest[len(digits) :]
    return round(datetime.fromisoformat(base + zone).timestamp()) * 1_000_000 + int(digits[:6].ljust(6, "0"))


def statuses(database: AnalyticsDatabase) -> dict[str, int]:
    return {str(row.status_code): row.request_count for row in database.status_codes(limit=1_000).rows}


@pytest.mark.parametrize("name", LOGS)
def test_a_real_log_comes_out_as_it_was_counted(plain: AnalyticsDatabase, name: str) -> None:
    truth = sample_truth(name)
    is_json = "access" in truth
    lines = truth["access"] if is_json else truth["lines"]
    summary = import_log(plain, sample_path(name))
    assert summary.stored == lines
    assert sum(summary.rejected.values()) == (truth["bad_json"] if is_json else 0)
    overview = plain.overview()
    errors = sum(count for code, count in truth["status"].items() if int(code) >= FIRST_ERROR)
    assert (overview.total_requests, overview.total_errors) == (lines, errors)
    assert overview.total_bytes_sent == truth["bytes" if is_json else "bytes_sum"]
    assert statuses(plain) == truth["status"]
    assert (summary.first, summary.last) == (instant(truth["min_ts"]), instant(truth["max_ts"]))
    clients = plain.clients()
    assert clients.unique_clients == truth["clients" if is_json else "unique_clients"]
    assert not clients.approximate
    assert {row.value: row.count for row in plain.dimension_values("method").values} == truth["methods"]


@pytest.mark.parametrize("name", LOGS)
def test_the_busiest_paths_of_a_real_log(plain: AnalyticsDatabase, name: str) -> None:
    truth = sample_truth(name)
    import_log(plain, sample_path(name))
    found = {row.value: row.count for row in plain.dimension_values("endpoint", limit=10_000).values}
    for path, count in truth["top5" if "access" in truth else "top5_paths"]:
        assert found[path] == count
    if "unique_paths" in truth:
        assert len(found) == truth["unique_paths"]


def test_an_application_log_is_no_access_log(plain: AnalyticsDatabase) -> None:
    with pytest.raises(FormatError, match="--format"):
        import_log(plain, sample_path("json_logs/crowdsec_tcpudp-flood-traefik.log"))
    assert plain.overview().total_requests == 0


@pytest.fixture(scope="module")
def example() -> Iterator[AnalyticsDatabase]:
    """The bundled log, imported."""
    with AnalyticsDatabase.open(":memory:") as database, example_log() as path:
        import_log(database, path)
        yield database


def test_the_bundled_log_has_the_totals_that_awk_counted(example: AnalyticsDatabase) -> None:
    overview = example.overview()
    assert overview.total_requests == EXAMPLE["requests"]
    assert overview.total_errors == EXAMPLE["errors"]
    assert overview.total_bytes_sent == EXAMPLE["bytes_sum"]
    assert statuses(example) == EXAMPLE["status"]
    assert example.clients().unique_clients == EXAMPLE["clients"]


def close(found: float | None, exact: float) -> bool:
    return found is not None and math.isclose(found, exact, rel_tol=RELATIVE_ERROR * 1.000001)


@pytest.mark.parametrize(
    ("truth", "filters"),
    [
        ("latency_ms", {}),
        ("latency_ms_checkout", {"endpoint": "/api/v1/checkout", "method": "POST"}),
        (
            "latency_ms_checkout_incident",
            {
                "endpoint": "/api/v1/checkout",
                "method": "post",
                "start_time": "2026-11-18T13:00:00Z",
                "end_time": "2026-11-18T16:00:00Z",
            },
        ),
    ],
)
def test_percentiles_of_the_bundled_log_are_within_the_error_of_a_sort(
    example: AnalyticsDatabase, truth: str, filters: dict[str, Any]
) -> None:
    exact = EXAMPLE[truth]
    latency = example.overview(**filters).latency
    assert latency.count == exact["count"]
    assert latency.average is not None
    assert round(latency.average * latency.count) == exact["sum"]
    assert (latency.minimum, latency.maximum) == (exact["min"], exact["max"])
    assert close(latency.p50, exact["p50"])
    assert close(latency.p95, exact["p95"])
    assert close(latency.p99, exact["p99"])


def test_every_hour_of_a_day_of_the_bundled_log(example: AnalyticsDatabase) -> None:
    day: dict[str, Any] = {"start_time": "2026-11-18T00:00:00Z", "end_time": "2026-11-19T00:00:00Z"}
    series = example.requests(granularity="hour", **day).frame
    assert [f"{count:d}" for count in series["request_count"].to_list()] == [
        str(count) for count in EXAMPLE["hours_of_wednesday"].values()
    ]
    cells = example.traffic_patterns(**day).cells
    assert [cell.error_count for cell in cells] == list(EXAMPLE["errors_by_hour_of_wednesday"].values())


@pytest.mark.parametrize("granularity", ["minute", "5m", "15m", "hour", "6h", "day"])
def test_any_granularity_has_the_same_total(example: AnalyticsDatabase, granularity: str) -> None:
    span: dict[str, Any] = {"start_time": "2026-11-20T00:00:00Z", "end_time": "2026-11-22T00:00:00Z"}
    found = example.requests(granularity=granularity, **span).frame
    assert found["request_count"].sum() == EXAMPLE["days"]["20"] + EXAMPLE["days"]["21"]
