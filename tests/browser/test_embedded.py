"""The dashboard as a part of another application: at another origin, with styles, address and keys of its own."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import screen
from tests.browser.dashboard import Dashboard
from tests.browser.sent import HOUR, Sent, Sums, post, shop_hour
from tests.repo.syntax import ROOT
from tests.support.process import Server, start_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Watch

UI = ROOT / "ui"
# As docs/dashboard.md shows it, beside elements that have looks of their own.
APPLICATION = """
import {{ createRoot }} from 'react-dom/client'
import {{ AnalyticsDashboardV2 }} from '{library}/mockforge-analytics-dashboard.js'
import '{library}/mockforge-analytics-dashboard.css'

createRoot(document.getElementById('application')).render(
  <>
    <p className="more">Ours</p>
    <AnalyticsDashboardV2 baseUrl="{url}" theme="dark" initial="/?from={start}&to={end}" />
  </>,
)
"""
DOCUMENT = """<!doctype html>
<html lang="en"><head><title>The application</title><link rel="icon" href="data:,"></head>
<body><div id="application"></div><script type="module" src="./main.jsx"></script></body></html>
"""
LOOKS = """() => {
    const look = ({ color, backgroundColor, fontFamily, fontSize, margin, boxSizing }) =>
        [color, backgroundColor, fontFamily, fontSize, margin, boxSizing].join(' | ')
    return [document.documentElement, document.body, document.querySelector('p.more')]
        .map(element => look(getComputedStyle(element)))
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def rows() -> list[Sent]:
    """The hour before the last."""
    return shop_hour(int(time.time()) // HOUR * HOUR - HOUR, seed=4)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory, rows: list[Sent]) -> Iterator[tuple[str, Server]]:
    """The address of an application that shows the dashboard of a server elsewhere, built as anyone would."""
    folder: Path = tmp_path_factory.mktemp("application")
    (folder / "site").mkdir()
    handler = partial(_Quiet, directory=folder / "site")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        origin = f"http://127.0.0.1:{web.server_port}"
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        server = start_server(folder, MOCKFORGE_ANALYTICS_SERVER__ALLOWED_ORIGINS=json.dumps([origin]))
        try:
            post(server, rows)
            _build(folder, server.url, rows)
            yield f"{origin}/", server
        finally:
            server.kill()
            web.shutdown()
            thread.join()


def _build(folder: Path, url: str, rows: list[Sent]) -> None:
    start = int(rows[0].at) // HOUR * HOUR
    text = APPLICATION.format(library=UI / "dist-embed", url=url, start=start, end=start + HOUR)
    (folder / "main.jsx").write_text(text)
    (folder / "index.html").write_text(DOCUMENT)
    # The one copy of React that an application has.
    react = {name: str(UI / "node_modules" / name) for name in ("react", "react-dom")}
    config = {"base": "./", "resolve": {"alias": react}, "build": {"outDir": "site", "chunkSizeWarningLimit": 9000}}
    (folder / "vite.config.mjs").write_text(f"export default {json.dumps(config)}")
    subprocess.run(
        [ROOT / ".venv/bin/node", UI / "node_modules/vite/bin/vite.js", "build", "--logLevel", "error"],
        cwd=folder,
        check=True,
    )


def test_it_shows_the_figures_of_a_server_elsewhere(
    watch: Watch, application: tuple[str, Server], rows: list[Sent]
) -> None:
    address, _ = application
    page = watch.page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    dashboard = Dashboard(page, address)
    dashboard.shows_total(Sums(rows).total)
    expect(dashboard.figure("Errors")).to_have_text(screen.count(Sums(rows).errors))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Clients").click()
    clients = Sums(rows).by(lambda row: row.client)
    expect(dashboard.panel(f"{len(clients)} clients")).to_be_visible()
    # Address and title are the application's.
    assert page.url == address
    assert page.title() == "The application"


def test_it_keeps_to_itself(watch: Watch, application: tuple[str, Server], rows: list[Sent]) -> None:
    """What is around it looks as it does without it, and what it opens looks like it."""
    address, _ = application
    page = watch.page(color_scheme="light")
    page.goto(address)
    dashboard = Dashboard(page, address)
    dashboard.shows_total(Sums(rows).total)
    with_it = page.evaluate(LOOKS)
    page.evaluate("document.querySelectorAll('link[rel=stylesheet], style').forEach(sheet => sheet.remove())")
    assert with_it == page.evaluate(LOOKS)
    assert page.locator("html").get_attribute("data-mantine-color-scheme") is None


def test_its_menus_have_its_looks(watch: Watch, application: tuple[str, Server], rows: list[Sent]) -> None:
    address, _ = application
    page = watch.page(color_scheme="light")
    page.goto(address)
    Dashboard(page, address).shows_total(Sums(rows).total)
    page.get_by_role("button", name="Protocol", exact=True).click()
    page.locator('ul[aria-label="Protocol"] li', has_text="gRPC").get_by_role("checkbox").check()
    menu = page.locator(".analytics [role=dialog]")
    surface = page.locator(".analytics").evaluate("it => getComputedStyle(it).getPropertyValue('--surface').trim()")
    assert surface == "#111a24"
    expect(menu).to_have_css("font-family", re.compile("Inter"))
    Dashboard(page, address).shows_total(Sums(rows).only(lambda row: row.protocol == "gRPC").total)
