"""Little room, by width or by height: names stay in sight, and nothing stands over the figures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import screen
from tests.browser.sent import HOUR, Sent, post
from tests.support.process import server_process

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Shop, Watch
    from tests.browser.dashboard import Dashboard

PHONE = {"width": 320, "height": 720}
TABLET = {"width": 768, "height": 900}
# A window of 1440 × 900 at 400 %.
ZOOMED = {"width": 360, "height": 225}
_WHOLE = "box => box.scrollWidth <= box.clientWidth"


def box(part: Locator) -> dict[str, float]:
    """Return where something stands on the page."""
    found = part.bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def phone(watch: Watch, shop: Shop) -> Dashboard:
    """Return a page on a phone, not opened yet."""
    return watch.dashboard(shop.server.url, viewport=PHONE, has_touch=True, is_mobile=True)


def test_the_name_of_a_row_stays_in_a_wide_table(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url, viewport=TABLET)
    dashboard.open("endpoints", **shop.window)
    table = dashboard.page.get_by_role("group", name="Endpoints", exact=True)
    link = table.get_by_role("link", name="/orders/:id").first
    expect(link).to_be_visible()
    before = box(link)
    assert before["width"] > 100
    table.evaluate("box => box.scrollTo({ left: box.scrollWidth })")
    expect(table.get_by_role("columnheader", name="Received")).to_be_in_viewport()
    assert box(link)["x"] == before["x"]


def test_a_click_on_what_is_under_hidden_tools_opens_the_endpoint(watch: Watch, shop: Shop) -> None:
    """Filter and copy show on hover: a finger has none, and must not press what it cannot see."""
    dashboard = watch.dashboard(shop.server.url, viewport=TABLET, has_touch=True, is_mobile=True)
    dashboard.open("endpoints", **shop.window)
    cell = dashboard.page.get_by_role("group", name="Endpoints", exact=True).locator("tbody tr td").first
    expect(cell).to_be_visible()
    place = box(cell)
    dashboard.page.touchscreen.tap(place["x"] + place["width"] - 20, place["y"] + place["height"] / 2)
    expect(dashboard.page.get_by_role("heading", level=1)).to_contain_text("/")


def test_a_phone_lists_names_in_full_with_their_figures(watch: Watch, shop: Shop) -> None:
    dashboard = phone(watch, shop)
    dashboard.open("endpoints", **shop.window)
    rows = dashboard.page.get_by_role("group", name="Endpoints", exact=True).locator("tbody tr[data-row]")
    expect(rows).to_have_count(7)
    row = rows.filter(has_text="/orders/:id").first
    name = row.get_by_role("link").locator("span").last
    assert name.evaluate(_WHOLE)
    total = shop.now.only(lambda entry: entry.endpoint == "/orders/:id" and entry.method == "GET").total
    figure = row.get_by_text(screen.count(total), exact=True)
    expect(figure).to_be_in_viewport()
    assert box(figure)["y"] > box(name)["y"], "the figures stand under the name"


def test_a_phone_has_its_filters_in_one_row(watch: Watch, shop: Shop) -> None:
    dashboard = phone(watch, shop)
    for place in (shop.window, {**shop.window, "protocol": ["HTTP", "gRPC"]}, {"range": "15m"}):
        dashboard.open("", **place)
        buttons = dashboard.bar.locator("button[aria-haspopup], button:has-text('Filters')").filter(visible=True)
        expect(dashboard.bar.get_by_role("button", name="Filters")).to_be_in_viewport(ratio=1)
        assert len({box(button)["y"] for button in buttons.all()[:2]}) == 1


def test_a_phone_shows_the_whole_week(watch: Watch, shop: Shop) -> None:
    """The days stand side by side there, and the arrows go where they point."""
    dashboard = phone(watch, shop)
    dashboard.open("traffic", **shop.window)
    grid = dashboard.page.get_by_role("grid", name="Traffic by weekday and hour")
    expect(grid).to_be_visible()
    grid.scroll_into_view_if_needed()
    first, last = (grid.locator(f'[data-slot="{slot}"]') for slot in ("0-0", "6-23"))
    assert box(first)["x"] >= 0
    assert box(last)["x"] + box(last)["width"] <= PHONE["width"]
    grid.locator('[data-slot="1-5"]').focus()
    dashboard.page.keyboard.press("ArrowRight")
    expect(grid.locator('[data-slot="2-5"]')).to_be_focused()
    dashboard.page.keyboard.press("ArrowDown")
    expect(grid.locator('[data-slot="2-6"]')).to_be_focused()


@pytest.mark.parametrize("place", ["endpoints", "clients"])
def test_at_400_percent_the_room_is_for_the_rows(watch: Watch, shop: Shop, place: str) -> None:
    dashboard = watch.dashboard(shop.server.url, viewport=ZOOMED)
    dashboard.open(place, **shop.window)
    row = dashboard.page.locator("tbody tr[data-row]").first
    expect(row).to_be_visible()
    row.evaluate("row => row.scrollIntoView({ block: 'start' })")
    expect(row).to_be_in_viewport(ratio=1)
    # Nothing that stays on the page covers it.
    place_of_row = box(row)
    middle = [place_of_row["x"] + place_of_row["width"] / 2, place_of_row["y"] + place_of_row["height"] / 2]
    assert row.evaluate("(row, [x, y]) => row.contains(document.elementFromPoint(x, y))", middle)


def test_a_click_anywhere_on_a_row_opens_it(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("errors", **shop.window)
    row = dashboard.page.get_by_role("group", name="Single errors").locator("tbody tr").first
    row.locator("td").nth(1).click()
    expect(dashboard.page.get_by_role("dialog")).to_contain_text("Time in UTC")


def test_a_long_list_on_a_phone_is_as_wide_as_its_box(watch: Watch, tmp_path: Path) -> None:
    """Only the rows in sight are drawn; what stands for the others must not take room beside them."""
    start = int(time.time()) // HOUR * HOUR - HOUR
    with server_process(tmp_path) as server:
        post(server, [Sent(at=start + number, client=f"192.0.2.{number}") for number in range(1, 151)])
        dashboard = watch.dashboard(server.url, viewport=PHONE, has_touch=True, is_mobile=True)
        dashboard.open("clients", **{"from": start, "to": start + HOUR})
        table = dashboard.page.locator("table[aria-rowcount='151']")
        expect(table).to_be_visible()
        last = table.locator("tbody tr[data-row] td").filter(visible=True).nth(2)
        assert box(last)["x"] + box(last)["width"] == pytest.approx(box(table)["x"] + box(table)["width"], abs=1)
        watch.close()
