"""`probe`: what would be read, without storing anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.metrics_stub import Reply, stub

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.support import Command

SOURCE = 3


def test_a_target_is_described(fresh: Command, tmp_path: Path) -> None:
    body = (
        'http_requests_total{handler="/a",method="GET",status="200"} 40\n'
        'http_requests_total{handler="/b",method="GET",status="500"} 2\n'
        'http_requests_total{handler="/c",method="GET",status="200"} NaN\n'
        'http_requests_created{handler="/a",method="GET",status="200"} 1700000000\n'
        "http_inbound_requests 7\napp_http_things_total 3\napp_http_things_created 1700000000\n"
    )
    with stub() as target:
        target.exposition = Reply(body=body.encode(), content_type="text/plain")
        found = fresh("probe", f"{target.url}/metrics", "--json").json
        shown = fresh("probe", f"{target.url}/metrics").out
    assert found["is_server"] is False
    assert found["presets"] == ["fastapi-instrumentator"]
    (rule,) = found["rules"]
    assert (rule["metric"], rule["kind"], rule["series"], rule["amount"]) == ("http_requests_total", "requests", 3, 42)
    assert rule["meanings"]["endpoint"] == [3, ["/a", "/b", "/c"]]
    assert rule["refused"] == {"not a counter value": 1}
    assert found["unread"] == ["app_http_things_total", "http_inbound_requests"]
    assert "http_request_duration_seconds" in found["absent"]
    assert "http_requests_total" in shown
    assert "1 left out, not a counter value" in shown
    assert not list(tmp_path.glob("*.db"))


def test_a_server_tells_of_the_last_five_minutes(fresh: Command) -> None:
    now = int(time.time())
    labels = {"__name__": "http_requests_total", "job": "a", "instance": "b", "handler": "/a", "status": "200"}
    with stub() as server:
        server.series = [(labels, [(at, 3 * (at - now) + 90_000) for at in range(now - 900, now - 30, 10)])]
        found = fresh("probe", server.url, "--json").json
    assert found["is_server"] is True
    assert found["seconds"] == 300
    samples = len([at for at in range(now - 900, now - 30, 10) if at > now - 300])
    assert found["rules"][0]["amount"] in {30 * (samples - 1), 30 * (samples - 2)}  # a second may have passed


def test_what_is_neither_is_refused(fresh: Command) -> None:
    with stub() as other:
        other.script = lambda _: Reply(404, b"<html>", "text/html")
        outcome = fresh("probe", other.url)
        assert outcome.code == SOURCE
        assert "is neither a Prometheus server nor metrics of a target" in outcome.err
        assert fresh("probe", other.url, "--preset", "nothing").code != 0
