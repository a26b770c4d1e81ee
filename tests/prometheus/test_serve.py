"""The server as a process of its own reads Prometheus servers and targets, and says how that goes."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.cli.support import command_line, environment
from tests.support.metrics_stub import Asked, Reply, stub
from tests.support.process import Server, server_process, start_server
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "text/plain; version=0.0.4"
LABELS = {"__name__": "http_requests_total", "job": "shop", "instance": "a", "handler": "/x", "status": "200"}


def collector(server: Server) -> dict[str, Any]:
    (found,) = server.data("status")["collectors"]
    assert isinstance(found, dict)
    return found


def total(server: Server) -> int:
    return int(server.data("overview", duration=7_200)["total_requests"])


def status(folder: Path, *arguments: str) -> str:
    command = command_line("status", "--database", "served.db", *arguments)
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=True).stdout


def test_a_killed_server_goes_on_and_counts_every_request_once(tmp_path: Path) -> None:
    with stub() as source:
        begin = int(time.time())
        last = begin + 6
        source.series = [(LABELS, [(at, at - begin + 10_000) for at in range(begin - 900, last + 1)])]
        (tmp_path / "mockforge-analytics.toml").write_text(
            f'[[prometheus]]\nurl = "{source.url}"\nname = "stub"\ninterval_seconds = 1\ndelay_seconds = 0\n'
            "history_seconds = 600\nbearer_token = 's3cret'\n"
        )
        killed = start_server(tmp_path)
        until(lambda: total(killed) > 0, "a first reading")
        assert collector(killed)["mappings"] == ["fastapi-instrumentator"]
        killed.kill()
        with server_process(tmp_path, "--prometheus", source.url) as server:  # the settings know the address
            until(lambda: (collector(server)["until"] or 0) >= last, "reading to the end")
            first = source.queries[0].window[0]
            assert total(server) == last - int(first) - 1  # the first sample only sets the mark
            known = collector(server)
            assert (known["source"], known["address"], known["up"]) == ("prometheus:stub", source.url, True)
            assert known["requests"] == total(server)
            assert known["refused"] == {}
            assert known["error"] is None
            assert server.get("/ready").status_code == 200
            assert all(asked.headers["Authorization"] == "Bearer s3cret" for asked in source.asked)
        assert "s3cret" not in "\n".join(server.log_lines)
    shown = status(tmp_path)
    assert "# Read from Prometheus and targets" in shown
    assert "prometheus:stub" in shown
    (position,) = json.loads(status(tmp_path, "--json"))["positions"]
    stored = json.loads(position["payload"])
    assert "marks" not in stored  # the last values of every counter are for the program alone
    assert stored["tally"]["requests"] == known["requests"]


def exposed(count: int) -> Reply:
    lines = f'http_requests_total{{handler="/x",method="GET",status="200"}} {count}\n'
    return Reply(body=lines.encode(), content_type=TEXT)


def test_a_target_is_scraped_through_failures_and_restarts(tmp_path: Path) -> None:
    with stub() as target:
        target.exposition = Reply(body=b"other 1\n", content_type=TEXT)
        (tmp_path / "mockforge-analytics.toml").write_text(
            f'[[scrape]]\nurl = "{target.url}/metrics"\nname = "target"\ninterval_seconds = 1\n'
        )
        with server_process(tmp_path) as server:
            until(lambda: collector(server)["up"] is True, "a first scrape")
            target.exposition = exposed(4)  # a counter appears with its first request: all of it is new
            until(lambda: total(server) == 4, "what a new counter counted")
            assert collector(server)["assumed"] == 1
            target.exposition = exposed(7)
            until(lambda: total(server) == 7, "what the target counted")
            target.exposition = Reply(500, b"no")
            until(lambda: collector(server)["up"] is False, "a failed scrape")
            assert "answered 500" in collector(server)["error"]
            target.exposition = exposed(3)  # it has restarted
            until(lambda: total(server) == 10, "what it counted since its restart")
            assert collector(server)["resets"] == 1
            assert collector(server)["mappings"] == ["fastapi-instrumentator"]
        target.exposition = exposed(8)
        with server_process(tmp_path) as server:
            until(lambda: total(server) == 15, "what it counted while nobody looked")
            assert collector(server)["requests"] == 15


def test_a_request_that_is_never_answered_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    """The timeout is ten minutes; `server_process` waits for one."""
    asked, over = threading.Event(), threading.Event()

    def never(request: Asked) -> Reply | None:
        if request.path.endswith("/query"):
            asked.set()
            over.wait()
        return None

    with stub() as source:
        source.series = [(LABELS, [])]
        source.script = never
        (tmp_path / "mockforge-analytics.toml").write_text(
            f'[[prometheus]]\nurl = "{source.url}"\ninterval_seconds = 1\ntimeout_seconds = 600\n'
        )
        try:
            with server_process(tmp_path) as server:
                assert asked.wait(60)
            assert server.process.returncode == 0
            assert "given up" not in server.log.read_text()
        finally:
            over.set()


def test_a_server_is_asked_once_for_every_piece_of_its_history(tmp_path: Path) -> None:
    with stub() as source:
        (tmp_path / "mockforge-analytics.toml").write_text(
            f'[[prometheus]]\nurl = "{source.url}"\nhistory_seconds = 7200\npresets = ["mockforge"]\n'
        )
        with server_process(tmp_path) as server:
            until(lambda: collector(server)["up"] is True, "a first reading")
        windows = [asked.window for asked in source.queries]
    assert len(windows) == len(set(windows))
