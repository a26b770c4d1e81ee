"""What is taken away from the dashboard: files, links, commands, pictures."""

from __future__ import annotations

import json
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from mockforge_analytics.api.app import BASE_PATH
from tests.browser import screen
from tests.support.process import server_process

if TYPE_CHECKING:
    from tests.browser.conftest import Shop, Watch
    from tests.browser.dashboard import Dashboard

PNG = b"\x89PNG\r\n\x1a\n"
FILTERS: dict[str, Any] = {"protocol": ["HTTP", "GraphQL"], "status_code": ["4xx"], "environment": ["production"]}


def filtered(watch: Watch, shop: Shop, **options: Any) -> Dashboard:
    """Return the overview with filters."""
    dashboard = watch.dashboard(shop.server.url, **options)
    dashboard.open(**shop.window, **FILTERS)
    kept = shop.now.only(
        lambda row: row.protocol in {"HTTP", "GraphQL"} and row.status in {400, 404} and row.environment == "production"
    )
    dashboard.shows_total(kept.total)
    return dashboard


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
def test_a_file_holds_what_the_api_answers(watch: Watch, shop: Shop, kind: str) -> None:
    dashboard = filtered(watch, shop)
    dashboard.page.keyboard.press("e")
    with dashboard.page.expect_download() as waiting:
        dashboard.page.get_by_role("menuitem", name=f"Export as {kind}").click()
    file = waiting.value
    assert file.suggested_filename.endswith(f".{kind.lower()}")
    window = {"start_time": shop.start, "end_time": shop.end, "granularity": "auto"}
    answer = shop.server.get(f"{BASE_PATH}/export/{kind.lower()}", **window, **FILTERS)
    saved = Path(file.path()).read_bytes()
    assert saved == answer.content
    assert len(saved) > 1000
    expect(dashboard.page.get_by_text(f"of {kind}")).to_be_visible()


def test_a_picture_of_a_chart(watch: Watch, shop: Shop) -> None:
    dashboard = filtered(watch, shop)
    for title in ("Request rate by protocol", "Latency"):
        dashboard.panel(title).get_by_role("button", name="More for").click()
        with dashboard.page.expect_download() as waiting:
            menu = dashboard.page.get_by_role("menu", name=f"More for {title}")
            menu.get_by_role("menuitem", name="Save as picture").click()
        content = Path(waiting.value.path()).read_bytes()
        assert content.startswith(PNG)
        assert int.from_bytes(content[16:20], "big") > 400  # the width, as the header of the format has it
        assert len(content) > 2000


def test_the_heatmap_is_a_picture_and_a_table(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("traffic", **shop.window)
    panel = dashboard.panel("Traffic heatmap")
    panel.get_by_role("button", name="More for").click()
    with dashboard.page.expect_download() as waiting:
        dashboard.page.get_by_role("menuitem", name="Save as picture").click()
    content = Path(waiting.value.path()).read_bytes()
    assert content.startswith(PNG)
    assert int.from_bytes(content[16:20], "big") == 2 * (40 + 24 * 36 + 2 * 16)
    panel.get_by_role("button", name="More for").click()
    dashboard.page.get_by_role("menuitem", name="Show as table").click()
    at = datetime.fromtimestamp(shop.start, UTC)
    row = panel.get_by_role("row", name=f"{at:%a %Y-%m-%d}, {at:%H}:00")
    expect(row.locator("td").nth(0)).to_have_text(screen.count(shop.now.total))
    expect(row.locator("td").nth(2)).to_have_text(screen.count(shop.now.errors))


def copied(dashboard: Dashboard, item: str) -> str:
    """Return what an item of the export menu puts into the clipboard."""
    dashboard.page.keyboard.press("e")
    dashboard.page.get_by_role("menuitem", name=item).click()
    expect(dashboard.page.get_by_text(" copied").last).to_be_visible()
    return str(dashboard.page.evaluate("navigator.clipboard.readText()"))


def test_a_link_and_a_command(watch: Watch, shop: Shop) -> None:
    dashboard = filtered(watch, shop, permissions=["clipboard-read", "clipboard-write"])
    link = copied(dashboard, "Copy link")
    assert link == dashboard.page.url
    command = shlex.split(copied(dashboard, "Copy as curl"))
    assert command[0] == "curl"
    run = subprocess.run([*command, "--silent", "--show-error"], capture_output=True, check=True)
    window = {"start_time": shop.start, "end_time": shop.end}
    assert (
        json.loads(run.stdout)["data"]["total_requests"]
        == shop.server.data("overview", **window, **FILTERS)["total_requests"]
    )


def test_a_command_to_send_an_event_works(watch: Watch, tmp_path: Path) -> None:
    """Where there is nothing yet, the page teaches with commands that do what they say."""
    with server_process(tmp_path) as server:
        dashboard = watch.dashboard(server.url, permissions=["clipboard-read", "clipboard-write"])
        dashboard.open()
        expect(dashboard.page.get_by_text("No traffic yet.")).to_be_visible()
        dashboard.page.get_by_role("link", name="Connect a source").click()
        expect(dashboard.page.get_by_text("Nothing has sent anything yet")).to_be_visible()
        panel = dashboard.panel("Connect a source")
        panel.get_by_text("JSON events").click()
        panel.get_by_role("button", name="Copy").click()
        command = str(dashboard.page.evaluate("navigator.clipboard.readText()"))
        run = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, check=True)
        assert json.loads(run.stdout)["data"]["stored"] == 1
        assert server.data("overview")["total_requests"] == 1
        dashboard.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview").click()
        dashboard.shows_total(1)
        expect(dashboard.page.get_by_text("No traffic yet.")).to_have_count(0)
        watch.close()
