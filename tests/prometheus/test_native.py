"""Native histograms, there and back: our `/metrics`, a real Prometheus that takes them, and our aggregator over it."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from contextlib import closing
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mockforge_analytics.collection import MappingConfig, PrometheusSource
from mockforge_analytics.export.metrics.protobuf import takes_protobuf
from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.support.prometheus import Prometheus, Target, prometheus
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import NOW
from tests.traffic import Row, row

if TYPE_CHECKING:
    from pathlib import Path

METRIC = "mockforge_analytics_request_duration_seconds"
FEATURE = "--enable-feature=native-histograms"
STEADY = re.compile("mockforge_(analytics_)?(requests|errors|sent|received|request_duration|average_latency|ws|smtp)")
GAMMA = 2 ** (1 / 32)
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
MAPPING = MappingConfig(
    metric=METRIC,
    kind="duration",
    counts_requests=True,
    labels={"protocol": "protocol", "method": "method", "endpoint": "endpoint", "status": "status_class"},
)


def traffic(chance: random.Random, count: int) -> list[Row]:
    """Return requests of two endpoints with latencies from nothing to minutes."""
    return [
        row(
            NOW - 1,
            endpoint=chance.choice(["/a", "/b"]),
            status_code=chance.choice([200, 500]),
            latency_us=round(min(chance.lognormvariate(9, 2.5), 3e8)),
        )
        for _ in range(count)
    ]


def seconds(rows: list[Row]) -> list[float]:
    return sorted(entry["latency_us"] / 1e6 for entry in rows)


def place(value: float) -> int:
    """Return the native bucket of schema 5 that holds `value`: the least i with value <= 2^(i/32), exactly."""
    guess = math.ceil(math.log2(value) * 32)
    power = Fraction(value) ** 32
    while power <= Fraction(2) ** (guess - 1):
        guess -= 1
    while power > Fraction(2) ** guess:
        guess += 1
    return guess


def write(served: Served, rows: list[Row]) -> None:
    served.database.write_requests(frame(rows))
    served.database.store.call(lambda _committer: None)


def histograms(server: Prometheus, query: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.url}/api/v1/query", params={"query": query}).raise_for_status().json()
    return [result["histogram"][1] for result in answer["data"]["result"]]


def read_all(reader: MetricsAggregator, server: Prometheus) -> None:
    newest = server.value(f"max(timestamp({METRIC}))")
    while reader.status.until is None or reader.status.until < newest:
        reader.cycle()
        assert reader.status.error is None


def check_buckets_and_quantiles(server: Prometheus, both: list[float]) -> None:
    """Compare what Prometheus holds with the latencies `both`, ascending."""
    assert server.value(f"histogram_sum(sum({METRIC}))") == pytest.approx(sum(both))
    (found,) = histograms(server, f"sum({METRIC})")
    counted = {float(high): float(count) for _, _, high, count in found["buckets"]}
    expected = Counter(2.0**-30 if not value else 2 ** (place(value) / 32) for value in both)
    assert sorted(counted) == pytest.approx(sorted(expected))
    assert [counted[high] for high in sorted(counted)] == [expected[high] for high in sorted(expected)]
    for q in QUANTILES.values():
        theirs = server.value(f"histogram_quantile({q}, sum({METRIC}))")
        assert 1 / GAMMA <= theirs / both[math.ceil(q * len(both)) - 1] <= GAMMA


def test_there_and_back_every_bucket_is_the_same(tmp_path: Path) -> None:
    chance = random.Random(11)
    early = [
        *traffic(chance, 100),
        *(row(NOW - 1, endpoint=e, status_code=s) for e in ("/a", "/b") for s in (200, 500)),
    ]
    late = traffic(chance, 3_000) + [row(NOW - 1, endpoint="/a", status_code=200, latency_us=0) for _ in range(5)]
    with serving(tmp_path / "ours") as served:
        port = urlsplit(served.url).port
        assert port is not None
        with prometheus(tmp_path / "prometheus", Target(port), "1s", FEATURE) as server:
            source = PrometheusSource(
                url=server.url, name="t", presets=(), mappings=(MAPPING,), interval_seconds=1, delay_seconds=0
            )
            with (
                AnalyticsDatabase.open(tmp_path / "back.db") as database,
                closing(MetricsAggregator(database, source)) as reader,
            ):
                write(served, early)
                server.wait_for(f"histogram_count(sum({METRIC}))", len(seconds(early)))
                read_all(reader, server)
                # Series that were there at the first scrape count from then on, those that came later from their first.
                known = database.overview(last="1h").total_requests
                assert known in (0, len(early))
                rows = [*early, *late] if known else late
                write(served, late)
                both = seconds([*early, *late])
                server.wait_for(f"histogram_count(sum({METRIC}))", len(both))
                check_buckets_and_quantiles(server, both)
                read_all(reader, server)
                with serving(tmp_path / "exact", rows) as exact:
                    ours = exact.database.overview().latency
                back = database.overview(last="1h")
                assert back.latency.count == back.total_requests == len(rows) == ours.count
                assert back.total_errors == sum(entry["status_code"] == 500 for entry in rows)
                assert {name: getattr(back.latency, name) for name in QUANTILES} == {
                    name: getattr(ours, name) for name in QUANTILES
                }
                assert back.latency.average == pytest.approx(ours.average)
                assert not back.warnings


def test_without_the_feature_the_same_server_takes_classic_buckets(tmp_path: Path) -> None:
    rows = traffic(random.Random(3), 200)
    with serving(tmp_path / "ours", rows) as served:
        write(served, rows)
        port = urlsplit(served.url).port
        assert port is not None
        with prometheus(tmp_path / "prometheus", Target(port)) as server:
            server.wait_for(f"sum({METRIC}_count)", len(rows))
            assert histograms(server, METRIC) == []


def exposed(text: str) -> dict[frozenset[tuple[str, str]], float]:
    """Return every sample of a text exposition by its name and labels, without empty ones."""
    return {
        frozenset({("__name__", sample.name), *((k, v) for k, v in sample.labels.items() if v)}): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_everything_else_is_the_same_as_in_the_text_format(tmp_path: Path) -> None:
    """Of what changes from scrape to scrape, such as the memory of this process, names and labels must agree."""
    rows = traffic(random.Random(4), 300)
    with serving(tmp_path / "ours", rows) as served:
        write(served, rows)
        port = urlsplit(served.url).port
        assert port is not None
        with prometheus(tmp_path / "prometheus", Target(port), "1s", FEATURE, names="both") as server:
            server.wait_for(f"histogram_count(sum({METRIC}))", len(rows))
            text = exposed(served.client.get("/metrics", params={"names": "both"}).text)
            answer = httpx.get(f"{server.url}/api/v1/query", params={"query": '{job="shop",__name__!~"up|scrape_.*"}'})
    taken = {
        frozenset((k, v) for k, v in result["metric"].items() if k not in ("job", "instance")): result.get("value")
        for result in answer.json()["data"]["result"]
    }
    native = {labels for labels in text if any(k == "__name__" and v.startswith(f"{METRIC}_") for k, v in labels)}
    assert native
    assert {labels for labels in text if labels not in native and "_created" not in dict(labels)["__name__"]} <= set(
        taken
    )
    steady = [labels for labels in text if labels in taken and STEADY.match(dict(labels)["__name__"])]
    assert len(steady) > 50
    assert {labels: float(taken[labels][1]) for labels in steady} == {labels: text[labels] for labels in steady}


@pytest.mark.parametrize(
    ("accept", "is_native"),
    [
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", True),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,"
            "application/openmetrics-text;version=1.0.0;q=0.4,text/plain;q=0.3,*/*;q=0.2",
            True,
        ),
        (
            "application/openmetrics-text;version=1.0.0;q=0.6,"
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5",
            False,
        ),
        ("application/vnd.google.protobuf;proto=another.Message;encoding=delimited", False),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", False),
        ("application/vnd.google.protobuf", False),
        ("application/vnd.google.protobuf;q=high;proto=io.prometheus.client.MetricFamily;encoding=delimited", False),
        (";;,=;q", False),
    ],
)
def test_protobuf_is_for_those_who_prefer_it(accept: str, is_native: bool) -> None:
    assert takes_protobuf(accept) is is_native
