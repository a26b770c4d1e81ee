"""Percentiles of a real Prometheus server's histograms: ours, `histogram_quantile`, and the exact ones."""

from __future__ import annotations

import math
import random
from contextlib import closing
from typing import TYPE_CHECKING

from mockforge_analytics.collection import PrometheusSource
from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.support.prometheus import BOUNDS, prometheus, target

if TYPE_CHECKING:
    from pathlib import Path


def bucket(value: float) -> tuple[float, float]:
    """Return the bounds of the bucket that holds `value`."""
    upper = next(bound for bound in BOUNDS if value <= bound)
    return max((bound for bound in BOUNDS if bound < upper), default=0.0), upper


def test_percentiles_lie_in_the_bucket_of_the_exact_ones(tmp_path: Path) -> None:
    chance = random.Random(5)
    with target() as exposed, prometheus(tmp_path / "prometheus", exposed) as server:
        exposed.request("GET", "/a", "200", 0.0005)
        server.wait_for("sum(http_requests_total)", 1)
        source = PrometheusSource(url=server.url, name="test", interval_seconds=1, delay_seconds=0)
        with (
            AnalyticsDatabase.open(tmp_path / "a.db") as database,
            closing(MetricsAggregator(database, source)) as reader,
        ):
            reader.cycle()
            seconds = [min(chance.lognormvariate(-3, 1.2), 0.99) for _ in range(500)]
            for value in seconds:
                exposed.request("GET", "/a", "200", value)
            server.wait_for("sum(http_requests_total)", 501)
            newest = server.value("max(timestamp(http_requests_total))")
            while reader.status.until is None or reader.status.until < newest:
                reader.cycle()
            found = database.overview(last="1h")
            assert found.latency.count == 500
            assert any("wide buckets" in warning and "10 times" in warning for warning in found.warnings)
            for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
                exact = sorted(seconds)[math.ceil(q * 500) - 1]
                low, high = bucket(exact)
                ours = getattr(found.latency, name) / 1_000
                # a point of ours may reach over a bound by half a bucket of ours
                assert low / 1.011 <= ours <= high * 1.011
                theirs = server.value(
                    f"histogram_quantile({q}, sum by (le) (increase(http_request_duration_seconds_bucket[1m])))"
                )
                assert abs(ours - theirs) <= (high - low) * 1.011
