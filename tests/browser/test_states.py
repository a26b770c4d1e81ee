"""When there is nothing to show, or nobody to ask: the page says so, and what to do."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.sent import HOUR, Sent, post
from tests.support.process import server_process, start_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Shop, Watch
    from tests.browser.dashboard import Dashboard

LOST = (
    "WebSocket",
    "Unable to preload",
    "dynamically imported",
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE",
)


def test_data_outside_of_the_window(watch: Watch, tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        old = time.time() - 9 * HOUR
        post(server, [Sent(old + second) for second in range(30)])
        dashboard = watch.dashboard(server.url)
        dashboard.open()
        expect(dashboard.page.get_by_text("No traffic in the last hour.")).to_be_visible()
        expect(dashboard.page.get_by_text("The newest request is from")).to_be_visible()
        dashboard.page.get_by_role("button", name="Show it").click()
        dashboard.shows_total(30)
        expect(dashboard.page.get_by_text("No traffic")).to_have_count(0)
        watch.close()


def test_nothing_for_these_filters(overview: Dashboard, shop: Shop) -> None:
    overview.open(**shop.window, protocol="SMTP")
    notice = overview.page.get_by_text("No traffic in this window for SMTP.")
    expect(notice).to_be_visible()
    expect(overview.figure("Total requests")).to_have_text("0")
    expect(overview.figure("Avg latency")).to_have_text("–")
    expect(overview.figure("Error rate")).to_have_text("–")
    overview.page.get_by_role("button", name="Without filters").click()
    overview.shows(shop.now)
    expect(notice).to_have_count(0)


def test_a_filter_that_a_report_cannot_answer(watch: Watch, shop: Shop) -> None:
    """Clients are not known by status: the page says so in the server's words."""
    watch.expect_problems("422")
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("clients", **shop.window, status_code="404")
    alert = dashboard.page.get_by_role("alert")
    expect(alert).to_contain_text("This cannot be answered")
    expect(alert).to_contain_text("status_code")
    dashboard.bar.get_by_role("button", name="Reset").click()
    expect(dashboard.panel("8 clients")).to_be_visible()


def test_the_server_is_down(watch: Watch, tmp_path: Path) -> None:
    watch.expect_problems(*LOST)
    server = start_server(tmp_path)
    post(server, [Sent(time.time() - second) for second in range(20)])
    dashboard = watch.dashboard(server.url)
    dashboard.open()
    dashboard.shows_total(20)
    server.kill()
    dashboard.page.get_by_role("link", name="Sources", exact=True).click()
    expect(dashboard.page.get_by_text("The server cannot be reached").first).to_be_visible(timeout=60_000)
    expect(dashboard.page.get_by_role("button", name="Try again").first).to_be_visible()
    again = start_server(tmp_path, "--port", server.url.rpartition(":")[2])
    dashboard.page.get_by_role("button", name="Try again").first.click()
    expect(dashboard.panel("Storage and retention")).to_be_visible()
    expect(dashboard.page.get_by_text("The server cannot be reached")).to_have_count(0)
    dashboard.page.get_by_role("link", name="Overview", exact=True).click()
    dashboard.shows_total(20)
    watch.close()
    assert again.stop() == 0


def test_a_page_that_is_not_there(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("nowhere")
    expect(dashboard.page.get_by_text("There is no such page")).to_be_visible()
    dashboard.page.get_by_role("link", name="Go to the overview").click()
    expect(dashboard.page).to_have_title(re.compile("^Overview"))


def test_a_mistyped_link_opens_anyway(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open(range="soon", granularity="century", compare="?", nonsense="1", **shop.window)
    dashboard.shows_total(shop.now.total)
