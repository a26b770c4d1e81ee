"""The demonstration as a process: what its visitors were answered is what the reports say, and it leaves nothing."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import httpx

from mockforge_analytics.demo.shop.serve import ENVIRONMENT, WORKSPACE
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.cli.support import command_line, environment
from tests.repo.syntax import ROOT
from tests.support.waiting import until

REQUESTS = 60
INTERRUPTED = 130
BASE = "api/v2/analytics"


def run(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line("demo", "--port", "0", "--rate", "60", "--database", "demo.db", *arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the demo and return it with the address of its server, when its visitors begin."""
    process = run(folder, "--no-history")
    assert process.stdout is not None
    found = re.match(r"ready at (http://\S+) ", process.stdout.readline())
    assert found, process.communicate()
    return process, found[1]


def processes_in(folder: Path) -> set[int]:
    """Return the processes whose working directory is `folder`."""
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _folder(entry) == folder}


def _folder(entry: Path) -> Path | None:
    try:
        return (entry / "cwd").readlink()
    except OSError:
        return None


def reported(client: httpx.Client) -> int:
    return int(client.get(f"{BASE}/overview").json()["data"]["total_requests"])


def test_the_reports_say_what_the_visitors_were_answered(tmp_path: Path) -> None:
    process, url = start(tmp_path)
    with httpx.Client(base_url=url) as client:
        until(lambda: reported(client) >= REQUESTS, f"{REQUESTS} requests")
        assert client.get("/").status_code == 200
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 0
    assert err == ""
    found = re.search(r"([\d,]+) requests were answered; ", out)
    assert found, out
    answered = int(found[1].replace(",", ""))
    with AnalyticsDatabase.open(tmp_path / "demo.db", writable=False) as database:
        assert database.overview().total_requests == answered
        assert database.overview(workspace_id=WORKSPACE, environment=ENVIRONMENT).total_requests == answered
        protocols = {row.protocol for row in database.protocols().rows}
        assert "HTTP" in protocols
        assert database.clients().unique_clients > 5
    assert processes_in(tmp_path) == set()


def test_the_first_run_tells_the_recorded_week_whole_and_once(tmp_path: Path) -> None:
    """Also where Ctrl-C came in the middle of it; a later run adds what its own visitors ask, and no more."""
    truth = json.loads((ROOT / "tests" / "data" / "example-access.truth.json").read_text())
    interrupted = run(tmp_path)
    assert interrupted.stdout is not None
    assert "filling the past week" in interrupted.stdout.readline()
    interrupted.send_signal(signal.SIGINT)
    assert interrupted.communicate()[1] == ""
    assert interrupted.returncode == INTERRUPTED
    assert processes_in(tmp_path) == set()
    answered = 0
    for _ in range(2):
        process = run(tmp_path)
        assert process.stdout is not None
        assert any(line.startswith("ready") for line in process.stdout)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert (process.returncode, err) == (0, "")
        found = re.search(r"([\d,]+) requests were answered; ", out)
        assert found, out
        answered += int(found[1].replace(",", ""))
    with AnalyticsDatabase.open(tmp_path / "demo.db", writable=False) as database:
        assert database.overview().total_requests == truth["requests"] + answered
        days = {cell.day_of_week for cell in database.traffic_patterns(days=8).week if cell.request_count}
        assert days == set(range(7))


def test_nothing_outlives_a_demo_that_was_killed(tmp_path: Path) -> None:
    process, _ = start(tmp_path)
    assert len(processes_in(tmp_path)) == 3
    process.kill()
    process.communicate()
    until(lambda: processes_in(tmp_path) == set(), "the end of the server and the shop")
    with AnalyticsDatabase.open(tmp_path / "demo.db") as database:
        assert database.status().pending_requests == 0, "the server was not given the time to fold"
