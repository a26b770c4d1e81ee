"""From the middleware through the real ingest route into the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockforge_analytics import AnalyticsDatabase, AnalyticsMiddleware, CaptureSettings, DeliverySettings, Reporter
from mockforge_analytics.runtime.service import database_app
from mockforge_analytics.sources.asgi.settings import Compression
from tests.asgi.support import WAIT, response, served
from tests.asgi.test_reporter import ask

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("compression", list(Compression))
def test_every_request_arrives_once(tmp_path: Path, compression: Compression) -> None:
    delivery = DeliverySettings(batch_size=7, interval=0.05, flush_timeout=WAIT, compression=compression)
    capture = CaptureSettings(workspace_id="shop")
    with (
        AnalyticsDatabase.open(tmp_path / "traffic.db") as database,
        served(database_app(database), lifespan="auto") as url,
        Reporter(url=url, capture=capture, delivery=delivery) as reporter,
    ):
        reporter.enter("WebSocket")
        for status in (200, 404, 500):
            paths = [f"/{status}/{number}" for number in range(10)]
            ask(AnalyticsMiddleware(response(status, b"12345"), reporter=reporter), *paths)
        reporter.close()
        found = database.overview(duration="1h")
        assert (found.total_requests, found.total_errors, found.total_bytes_sent) == (30, 20, 150)
        assert found.active_connections == 1
        assert (reporter.stats.delivered, reporter.stats.rejected, reporter.stats.waiting) == (30, 0, 0)
