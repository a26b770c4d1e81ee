"""What senders write is shown as text, whatever it is; nothing of it runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.sent import Sent, post
from tests.support.process import Server, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Watch

SCRIPT = "<script>alert('path')</script>"
IMAGE = "<img src=x onerror=alert('agent')>"
TURNED = "/pay/\u202egpj.exe"
FORMULA = '=HYPERLINK("http://192.0.2.9/","x")'
LONG = "/" + "very-long-segment/" * 55 + "end"
MARKUP = "</script><svg/onload=alert('message')>{{7*7}}${7*7}"
PAGES = ("", "endpoints", "errors", "clients", "traffic", "sources")


@pytest.fixture(scope="module")
def rows() -> list[Sent]:
    """One request for every nasty thing."""
    now = time.time() - 30
    common: dict[str, Any] = {
        "status": 500,
        "agent": IMAGE,
        "workspace": SCRIPT,
        "message": MARKUP,
        "error_type": IMAGE,
    }
    return [
        Sent(now, endpoint=f"/{SCRIPT}", environment=IMAGE, **common),
        Sent(now, endpoint=TURNED, environment="production", **common),
        Sent(now, endpoint=FORMULA, environment="@SUM(1)", **common),
        Sent(now, endpoint=LONG, environment="+1", **common),
        Sent(now, endpoint="/javascript:alert(1)", environment="-1", **common),
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, rows: list[Sent]) -> Iterator[Server]:
    """A server that has them."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    with server_process(folder) as running:
        post(running, rows)
        answer = running.client.post(
            "/api/v2/analytics/events", content=f'{{"path": "{MARKUP}", "timestamp": "{IMAGE}"}}'
        )
        assert answer.status_code < 500
        yield running


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("place", PAGES)
def test_pages_show_it_as_text(watch: Watch, server: Server, place: str, width: int) -> None:
    dashboard = watch.dashboard(server.url, viewport={"width": width, "height": 900})
    dashboard.open(place)
    expect(dashboard.page.get_by_role("status", name="Loading")).to_have_count(0)
    expect(dashboard.page.locator("main")).to_contain_text("requests" if place != "sources" else "Storage")
    assert dashboard.page.locator("main script, main img, main svg[onload]").count() == 0
    wider = dashboard.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    if place in {"", "endpoints"}:
        table = dashboard.page.get_by_role("group", name="Top endpoints" if place == "" else "Endpoints", exact=True)
        for path in (f"/{SCRIPT}", TURNED, FORMULA, LONG):
            link = table.locator("a", has_text=path)
            expect(link).to_have_count(1)


def test_details_and_filters_show_it_as_text(watch: Watch, server: Server, rows: list[Sent]) -> None:
    dashboard = watch.dashboard(server.url)
    dashboard.open("errors")
    dashboard.page.get_by_role("group", name="Single errors").locator("tbody button").first.click()
    detail = dashboard.page.get_by_role("dialog")
    for text in (MARKUP, IMAGE, SCRIPT):
        expect(detail).to_contain_text(text)
    dashboard.page.keyboard.press("Escape")
    expect(detail).to_have_count(0)
    dashboard.bar.get_by_role("button", name="Workspace", exact=True).click()
    dashboard.page.locator('ul[aria-label="Workspace"] li').get_by_role("checkbox").first.check()
    dashboard.page.keyboard.press("Escape")
    expect(dashboard.bar.get_by_role("list", name="Filters")).to_contain_text(SCRIPT)
    expect(dashboard.result).to_contain_text(f"{len(rows)} requests")
    expect(dashboard.result).to_contain_text(SCRIPT)


def test_an_endpoint_with_markup_has_its_page(watch: Watch, server: Server) -> None:
    dashboard = watch.dashboard(server.url)
    dashboard.open("endpoints")
    for path in (f"/{SCRIPT}", LONG, FORMULA):
        dashboard.page.get_by_role("group", name="Endpoints", exact=True).locator("a", has_text=path).click()
        expect(dashboard.page.get_by_role("heading", level=1)).to_contain_text(path)
        dashboard.shows_total(1)
        dashboard.page.go_back()


def test_addresses_made_by_hand_run_nothing(watch: Watch, server: Server) -> None:
    dashboard = watch.dashboard(server.url)
    dashboard.open("", protocol=SCRIPT, endpoint=IMAGE, environment=MARKUP)
    expect(dashboard.bar.get_by_role("list", name="Filters")).to_contain_text(SCRIPT)
    expect(dashboard.page.get_by_text("No traffic in the last hour")).to_be_visible()
    dashboard.open("endpoint", path=f"javascript:{SCRIPT}", on="HTTP", verb=IMAGE)
    expect(dashboard.page.get_by_role("heading", level=1)).to_contain_text(SCRIPT)
