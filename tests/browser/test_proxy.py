"""Under a path behind nginx: pages, API and stream work there, and links stay there."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.sent import Sent, post
from tests.support.process import server_process
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Watch
    from tests.browser.dashboard import Dashboard

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    server {{
        listen 127.0.0.1:{port};
        location /analytics/ {{
            proxy_pass {upstream}/;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    """Return whether somebody listens on `port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=[("--root-path", "/analytics"), ()], ids=["told of the path", "not told"])
def published(request: pytest.FixtureRequest, tmp_path: Path, watch: Watch) -> Iterator[tuple[Dashboard, list[Sent]]]:
    """The dashboard under /analytics behind nginx, and what its server was sent."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert nginx, "nginx is not installed: scripts/system-packages test"
    port = free_port()
    with server_process(tmp_path, *request.param) as server:
        rows = [Sent(time.time() - second) for second in range(25)]
        post(server, rows)
        configuration = tmp_path / "nginx.conf"
        text = CONFIGURATION.format(folder=tmp_path, port=port, upstream=server.url.removesuffix("/analytics"))
        configuration.write_text(text)
        running = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(configuration)])
        try:
            until(lambda: answers(port), "nginx")
            yield watch.dashboard(f"http://127.0.0.1:{port}/analytics"), rows
            watch.close()
        finally:
            running.terminate()
            running.wait(30)


def test_a_place_that_does_not_exist_leads_back(published: tuple[Dashboard, list[Sent]]) -> None:
    """It is a step further down than all others: what the page loads, and its links, must be found all the same."""
    dashboard, rows = published
    page = dashboard.page
    page.goto(f"{dashboard.url}/no/such/place")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Traffic").click()
    expect(page).to_have_url(re.compile(f"^{dashboard.url}/traffic"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Traffic")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview").click()
    expect(page).to_have_url(re.compile(f"^{dashboard.url}/?([?]|$)"))
    dashboard.shows_total(len(rows))


def test_the_dashboard_under_a_path(published: tuple[Dashboard, list[Sent]]) -> None:
    dashboard, rows = published
    dashboard.open()
    dashboard.shows_total(len(rows))
    expect(dashboard.badge).to_have_text(re.compile("^live"))
    answer = dashboard.page.request.post(
        f"{dashboard.url}/api/v2/analytics/events", data=[Sent(time.time()).event() for _ in range(5)]
    )
    assert answer.ok, answer.text()
    dashboard.shows_total(len(rows) + 5)
    for name in ("Endpoints", "Errors", "Clients", "Traffic", "Sources"):
        dashboard.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(dashboard.page).to_have_url(re.compile(f"^{dashboard.url}/{name.lower()}"))
        expect(dashboard.page.get_by_role("heading", level=1)).to_have_text(name)
        dashboard.page.reload()
        expect(dashboard.page.get_by_role("heading", level=1)).to_have_text(name)
    expect(dashboard.panel("Connect a source")).to_contain_text(
        f"{dashboard.url}/api/v2/analytics/events".split("/api")[0]
    )
