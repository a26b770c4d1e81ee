"""A reader that kills its process in a write: ``python -m tests.prometheus.killed URL DATABASE NOW COUNT``."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from mockforge_analytics.collection import PrometheusSource
from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.support.stores import FixedClock


def main(url: str, path: str, now: str, count: str) -> None:
    """Read from `url` as of `now`, and die at the `count`-th point of a write."""
    passed = 0

    def die(_name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == int(count):
            os.kill(os.getpid(), signal.SIGKILL)

    with AnalyticsDatabase.open(Path(path), clock=FixedClock(float(now)), failpoint=die) as database:
        source = PrometheusSource(url=url, name="stub", delay_seconds=0, history_seconds=3_600)
        with closing(MetricsAggregator(database, source)) as reader:
            reader.cycle()
            assert reader.status.error is None, reader.status.error


if __name__ == "__main__":
    main(*sys.argv[1:])
