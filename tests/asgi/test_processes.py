"""Whole processes: a server that is told to stop, and workers that are forked from a process that has begun."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.asgi.support import WAIT, closed_port, receiving
from tests.repo.syntax import ROOT

if TYPE_CHECKING:
    from tests.asgi.support import Receiver


def started(receiver: Receiver, *arguments: str) -> subprocess.Popen[str]:
    """Start a Python that reports to `receiver`."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    environment = {**os.environ, "RECEIVER": receiver.url, "PYTHONPATH": path}
    command = [sys.executable, *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.parametrize("shop", ["starlette_shop", "django_shop"])
def test_a_server_that_is_told_to_stop_reports_what_waits(shop: str) -> None:
    port = closed_port()
    with receiving() as receiver:
        arguments = ("-m", "uvicorn", "--factory", f"tests.asgi.shop:{shop}", "--port", str(port))
        with started(receiver, *arguments) as server:
            assert server.stdout is not None
            printed = ""
            for line in server.stdout:
                printed += line
                if "Uvicorn running on" in line:
                    break
            statuses = [httpx.get(f"http://127.0.0.1:{port}/items/{number}/").status_code for number in range(5)]
            server.send_signal(signal.SIGTERM)
            printed += server.communicate(timeout=WAIT)[0]
        assert statuses == [200] * 5, printed
        events = [event for delivery in receiver.all() for event in delivery.events]
        assert [event["path"] for event in events] == [f"/items/{number}/" for number in range(5)], printed


def test_forked_workers_report_their_own_and_nothing_twice() -> None:
    with receiving() as receiver:
        with started(receiver, "-m", "tests.asgi.shop") as parent:
            printed = parent.communicate(timeout=WAIT)[0]
        assert parent.returncode == 0, printed
        deliveries = receiver.all()
    paths = sorted(event["path"] for delivery in deliveries for event in delivery.events)
    assert paths == ["/items/one/", "/items/parent/", "/items/two/"], printed
    assert len({delivery.headers["x-instance-id"] for delivery in deliveries}) == 3
