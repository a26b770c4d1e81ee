"""The server as a process: it starts, answers, and ends in good order."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.cli.support import command_line, environment, log_lines, traffic, write_log
from tests.support.process import Server, server_process, start_server
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

BUSY, WRONG_SETTING, SOURCE = 6, 2, 3


def refusal(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    """Return how a server that cannot start ends, and the one line that it says."""
    run = subprocess.run(
        command_line("serve", *arguments), cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    (line,) = run.stderr.splitlines()
    assert run.stdout == ""
    return run.returncode, line


def total(server: Server) -> int:
    """Return how many requests the server knows."""
    return int(server.data("overview", start_time=0, end_time="now")["total_requests"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    with server_process(tmp_path) as server:
        assert server.get("/health").json()["data"]["status"] == "alive"
        assert server.get("/ready").json()["data"]["status"] == "ready"
        assert server.data("overview")["total_requests"] == 0
        assert server.stop(number) == 0
    assert not server.database.with_name("served.db-wal").exists(), "the database was not closed"


def test_lines_of_a_followed_log_are_in_reports_and_stay(tmp_path: Path) -> None:
    rows = traffic(200)
    log = write_log(tmp_path, rows[:100])
    with server_process(tmp_path, "--follow", log) as server, log.open("ab") as more:
        until(lambda: total(server) == 100, "the lines that were there")
        more.write(log_lines(rows[100:]))
        more.flush()
        until(lambda: total(server) == len(rows), "the lines written since")
    with AnalyticsDatabase.open(server.database, writable=False) as database:
        assert database.status().pending_requests == 0
    with server_process(tmp_path, "--follow", log) as server:
        assert total(server) == len(rows)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, line = refusal(tmp_path, "--port", str(port))
    assert code == WRONG_SETTING
    assert f"127.0.0.1:{port}" in line
    assert "--port" in line
    assert list(tmp_path.iterdir()) == [], "nothing was made"


def test_a_database_that_another_server_has(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        code, line = refusal(tmp_path, "--port", "0", "--database", "served.db")
        assert server.get("/ready").status_code == 200
    assert code == BUSY
    assert str(server.process.pid) in line


def test_a_log_that_cannot_be_followed(tmp_path: Path) -> None:
    code, line = refusal(tmp_path, "--port", "0", "--follow", tmp_path)
    assert code == SOURCE
    assert str(tmp_path) in line


def test_after_a_kill_the_next_server_has_everything(tmp_path: Path) -> None:
    rows = traffic(100)
    log = write_log(tmp_path, rows)
    server = start_server(tmp_path, "--follow", log)
    until(lambda: total(server) == len(rows), "the lines of the log")
    server.kill()
    with server_process(tmp_path, "--follow", log) as server:
        assert total(server) == len(rows)


def test_the_log_is_a_json_object_a_line_without_the_query(tmp_path: Path) -> None:
    with server_process(tmp_path, "--log-format", "json") as server:
        sent = {"X-Request-ID": "given-by-me"}
        server.client.get("/api/v2/analytics/overview?duration=1h&note=canary", headers=sent)
        server.client.get("/line%0Abreak")
    first, second = (json.loads(line) for line in server.log_lines)
    assert first["request_id"] == "given-by-me"
    assert (first["method"], first["path"], first["status"]) == ("GET", "/api/v2/analytics/overview", 200)
    assert first["bytes"] > 0
    assert second["path"] == "/line\nbreak"
    assert "canary" not in server.log.read_text()


def test_a_new_folder_is_made_and_named(tmp_path: Path) -> None:
    made = f"made the folder {tmp_path / 'new'} for the database"
    with server_process(tmp_path, "--database", tmp_path / "new" / "d.db") as server:
        assert made in server.log_lines
    with server_process(tmp_path, "--database", tmp_path / "new" / "d.db") as server:
        assert server.log_lines.count(made) == 1
