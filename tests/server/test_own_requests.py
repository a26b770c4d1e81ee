"""The server watches itself, and nobody else's figures change by that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from websockets.sync.client import connect

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.model.dimensions import OWN_WORKSPACE
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.own import own_path
from tests.support.process import Server, server_process
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = [{"method": "GET", "path": "/shop", "status_code": 200, "client_ip": "192.0.2.7", "workspace_id": "shop"}] * 3
REPORTS = ("requests", "latency", "errors", "endpoints", "protocols", "status-codes", "clients", "export/json")


def own_count(server: Server) -> int:
    return int(server.data("overview", workspace_id=OWN_WORKSPACE)["total_requests"])


def test_its_own_requests_are_in_no_report_but_the_one_that_asks_for_them(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        assert server.client.post(f"{BASE_PATH}/events", json=OTHERS).json()["data"]["stored"] == len(OTHERS)
        for report in REPORTS:
            assert server.get(f"{BASE_PATH}/{report}").status_code == 200
        assert server.get(f"{BASE_PATH}/nothing-here").status_code == 404
        assert server.get("/health").status_code == 200
        until(lambda: own_count(server) > len(REPORTS), "the requests of the server itself")
        rows = server.data("endpoints", workspace_id=OWN_WORKSPACE)["endpoints"]
        counts = {row["endpoint"]: row["total_requests"] for row in rows}
        assert {f"{BASE_PATH}/{report}" for report in REPORTS} <= counts.keys(), counts
        assert counts[f"{BASE_PATH}/nothing-here"] == 1
        assert not counts.keys() & {"/health", f"{BASE_PATH}/events"}
        exported = server.get(f"{BASE_PATH}/export/json", workspace_id=OWN_WORKSPACE).json()
        assert {row["workspace_id"] for row in exported} == {OWN_WORKSPACE}

        overview = server.data("overview")
        assert overview["total_requests"] == len(OTHERS)
        assert [row["endpoint"] for row in overview["top_endpoints"]] == ["/shop"]
        for dimension in ("workspace_id", "endpoint", "client_ip"):
            listed = server.data("dimensions", dimension=dimension)["values"]
            assert sum(value["count"] for value in listed) == len(OTHERS), listed
        assert sum(row["request_count"] for row in server.get(f"{BASE_PATH}/export/json").json()) == len(OTHERS)
        assert [source["source"] for source in server.data("status")["sources"]] == ["events"]
    with AnalyticsDatabase.open(own_path(server.database), writable=False) as own:
        assert (own.endpoints().rows[0].endpoint or "").startswith(BASE_PATH)
        everything = own.overview().total_requests
        assert own.overview(workspace_id=OWN_WORKSPACE).total_requests == everything


def test_every_request_is_recorded_once_also_the_last_ones(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        for _ in range(25):
            server.data("overview")
        assert server.stop() == 0
    with AnalyticsDatabase.open(own_path(server.database), writable=False) as own:
        assert own.overview().total_requests == 25


def test_without_the_setting_there_is_no_record(tmp_path: Path) -> None:
    with server_process(tmp_path, MOCKFORGE_ANALYTICS_SERVER__RECORD_OWN_REQUESTS="false") as server:
        assert own_count(server) == 0
    assert not own_path(server.database).exists()


def test_a_record_that_cannot_be_opened_keeps_nobody_from_being_served(tmp_path: Path) -> None:
    (tmp_path / "served.db-self").write_text("this is no database, but something else of some length" * 100)
    with server_process(tmp_path) as server:
        assert server.get("/ready").status_code == 200
        assert own_count(server) == 0
    assert "not recorded" in server.log.read_text()


def test_nobody_writes_among_them_mixes_them_with_others_or_streams_them(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        forged = [OTHERS[0], {**OTHERS[0], "workspace_id": OWN_WORKSPACE}]
        answer = server.client.post(f"{BASE_PATH}/events", json=forged).json()["data"]
        assert (answer["stored"], answer["rejected"]) == (1, 1)
        assert (answer["errors"][0]["index"], answer["errors"][0]["field"]) == (1, "workspace_id")
        for mixed in ((OWN_WORKSPACE, "shop"), ("shop", OWN_WORKSPACE)):
            refused = server.client.get(f"{BASE_PATH}/overview", params=[("workspace_id", name) for name in mixed])
            assert (refused.status_code, refused.json()["field"]) == (422, "workspace_id")
        with connect(f"{server.url.replace('http', 'ws', 1)}{BASE_PATH}/stream") as socket:
            socket.send(json.dumps({"frames": "delta", "workspace_id": OWN_WORKSPACE}))
            said = json.loads(socket.recv())
        assert (said["type"], said["field"]) == ("error", "workspace_id")
