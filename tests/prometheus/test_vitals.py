"""A real process that says what it takes, a real Prometheus that scrapes it, and what becomes of that here."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from mockforge_analytics.clock import SystemClock
from mockforge_analytics.collection import PrometheusSource, ScrapeTarget
from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
from mockforge_analytics.runtime.collectors.scraper import MetricsScraper
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.store.snapshots import write_snapshots
from tests.cli.support import command_line, environment
from tests.support.process import Server, server_process
from tests.support.prometheus import Target, prometheus
from tests.support.stores import HOUR, table_rows

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("memory_usage_bytes", "cpu_usage_percent", "thread_count", "uptime_seconds")


def known_to_the_system(server: Server) -> tuple[int, int]:
    """Return the memory (bytes) and the threads of the process, as the kernel tells them."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        found = dict(line.split(":", 1) for line in status)
    return int(found["VmRSS"].split()[0]) * 1_024, int(found["Threads"])


def snapshot_after(database: AnalyticsDatabase) -> dict[str, float]:
    """Return the row of the hour that is on, as it is once that is over."""
    write_snapshots(database.store.call, database.config.retention, (int(time.time()) + HOUR) * 1_000_000)
    rows = table_rows(database.path, "analytics_snapshots")["analytics_snapshots"]
    newest = max((row for row in rows if row[2] == "hourly"), key=lambda row: row[1])
    return dict(zip(COLUMNS, newest[9:13], strict=True))


def check(server: Server, found: dict[str, float], began: float) -> None:
    memory, threads = known_to_the_system(server)
    assert found["memory_usage_bytes"] == pytest.approx(memory, rel=0.3)
    assert 1 <= found["thread_count"] <= threads + 8
    assert found["cpu_usage_percent"] >= 0
    assert 0 <= found["uptime_seconds"] <= time.time() - began + 1


def test_through_a_real_prometheus(tmp_path: Path) -> None:
    began = time.time()
    folder = tmp_path / "target"
    folder.mkdir()
    path = tmp_path / "analytics.db"
    with server_process(folder, MOCKFORGE_ANALYTICS_METRICS__NAMES="mockforge") as server:
        port = urlsplit(server.url).port
        assert port is not None
        with prometheus(tmp_path / "prometheus", Target(port)) as scraping, AnalyticsDatabase.open(path) as database:
            scraping.wait_for("count_over_time(mockforge_uptime_seconds[1m]) >= bool 3", 1)
            source = PrometheusSource(url=scraping.url, name="test", interval_seconds=1, delay_seconds=0)
            with closing(MetricsAggregator(database, source)) as reader:
                reader.cycle()
                assert reader.status.error is None
                assert reader.status.mappings == ("mockforge",)
                at = reader.status.until
            told = {str(sign.name): sign for sign in database.status().vitals if not sign.protocol}
            assert set(told) == {"memory", "cpu", "threads", "uptime"}
            assert {sign.source for sign in told.values()} == {f"prometheus:test:shop:127.0.0.1:{port}"}
            # The newest sample is the one that Prometheus gives at that time.
            assert told["memory"].value == scraping.value(f"mockforge_memory_usage_bytes @ {at}")
            assert told["uptime"].value == scraping.value(f"mockforge_uptime_seconds @ {at}")
            found = snapshot_after(database)
            check(server, found, began)
            assert found["uptime_seconds"] == round(told["uptime"].value)
    shown = json.loads(
        subprocess.run(
            command_line("status", "--database", str(path), "--json"),
            env=environment(),
            capture_output=True,
            check=True,
        ).stdout
    )
    assert {item["name"] for item in shown["vitals"]} >= {"memory", "cpu", "threads", "uptime"}


def test_straight_from_the_target(tmp_path: Path) -> None:
    began = time.time()
    folder = tmp_path / "target"
    folder.mkdir()
    with (
        server_process(folder, MOCKFORGE_ANALYTICS_METRICS__NAMES="both") as server,
        AnalyticsDatabase.open(tmp_path / "analytics.db") as database,
        closing(MetricsScraper(database, ScrapeTarget(url=f"{server.url}/metrics"))) as reader,
    ):
        reader.cycle()
        assert reader.status.error is None
        newest = max(sign.seen_at for sign in database.status().vitals)
        assert newest <= SystemClock().now_us()
        check(server, snapshot_after(database), began)
