"""The demonstration as a process: what its visitors were answered is what the reports say, and it leaves nothing."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import httpx

from mockforge_analytics.demo.shop.serve import ENVIRONMENT, WORKSPACE
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.cli.support import command_line, environment
from tests.support.waiting import until

REQUESTS = 60
BASE = "api/v2/analytics"


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the demo and return it with the address of its server, when its visitors begin."""
    process = subprocess.Popen(
        command_line("demo", "--port", "0", "--no-history", "--rate", "60", "--database", "demo.db"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
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


def test_nothing_outlives_a_demo_that_was_killed(tmp_path: Path) -> None:
    process, _ = start(tmp_path)
    assert len(processes_in(tmp_path)) == 3
    process.kill()
    process.communicate()
    until(lambda: processes_in(tmp_path) == set(), "the end of the server and the shop")
    with AnalyticsDatabase.open(tmp_path / "demo.db") as database:
        assert database.status().pending_requests == 0, "the server was not given the time to fold"
