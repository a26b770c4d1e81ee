"""A real Prometheus, a target that counts with us, and our totals against every request that was sent."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from mockforge_analytics.collection import PrometheusSource
from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.support.prometheus import Prometheus, Target, prometheus, target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = [("GET", "/a", "200"), ("GET", "/a", "404"), ("POST", "/b", "200"), ("POST", "/b", "500"), ("GET", "/c", "200")]


@contextmanager
def aggregator(database: AnalyticsDatabase, server: Prometheus) -> Iterator[MetricsAggregator]:
    source = PrometheusSource(url=server.url, name="test", interval_seconds=1, delay_seconds=0, timeout_seconds=30)
    with closing(MetricsAggregator(database, source)) as reader:
        yield reader


def drive(exposed: Target, chance: random.Random, sent: Counter[tuple[str, str, str]], kinds: int, count: int) -> None:
    for _ in range(count):
        kind = chance.choice(KINDS[:kinds])
        exposed.request(*kind, chance.choice([0.0005, 0.005, 0.05, 0.5, 3.0]))
        sent[kind] += 1


def stored(database: AnalyticsDatabase) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for method, path, status in KINDS:
        found[method, path, status] = database.overview(
            method=method, endpoint=path, status_code=status, last="1h"
        ).total_requests
    return found


def settle(server: Prometheus, exposed: Target) -> None:
    """Return when the server has stored the present values of the target."""
    server.wait_for("sum(http_requests_total)", sum(exposed.counted.values()))


def finish(reader: MetricsAggregator, server: Prometheus) -> None:
    """Read until what is stored now is counted."""
    newest = server.value("max(timestamp(http_requests_total))")
    while reader.status.until is None or reader.status.until < newest:
        reader.cycle()
        assert reader.status.error is None


def test_totals_are_those_sent_through_resets_and_restarts(tmp_path: Path) -> None:
    chance = random.Random(1)
    sent: Counter[tuple[str, str, str]] = Counter()
    path = tmp_path / "analytics.db"
    with target() as exposed:
        with prometheus(tmp_path / "prometheus", exposed) as server:
            # What is there when we first look belongs to no known time.
            drive(exposed, chance, Counter(), 2, 50)
            settle(server, exposed)
            with AnalyticsDatabase.open(path) as database, aggregator(database, server) as reader:
                finish(reader, server)
                assert not any(stored(database).values())
                drive(exposed, chance, sent, 4, 200)  # two of the kinds are new
                settle(server, exposed)
                finish(reader, server)
                assert stored(database) == sent
            # We are away; the target restarts meanwhile, after its last scrape.
            drive(exposed, chance, sent, 4, 100)
            settle(server, exposed)
            exposed.restart()
            drive(exposed, chance, sent, 4, 60)
            settle(server, exposed)
            with AnalyticsDatabase.open(path) as database, aggregator(database, server) as reader:
                finish(reader, server)
                assert stored(database) == sent
        # Prometheus is away while traffic goes on, then all of us are back.
        drive(exposed, chance, sent, 5, 80)
        with prometheus(tmp_path / "prometheus", exposed) as server:
            settle(server, exposed)
            with AnalyticsDatabase.open(path) as database, aggregator(database, server) as reader:
                finish(reader, server)
                assert stored(database) == sent
                assert database.overview(last="1h").total_requests == sum(sent.values())
                assert database.overview(last="1h").latency.count == sum(sent.values())
