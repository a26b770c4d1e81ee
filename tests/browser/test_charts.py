"""Charts: zooming by hand and by keys, legends, the table that says the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import screen
from tests.browser.sent import HOUR

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Shop
    from tests.browser.dashboard import Dashboard

RATE = "Request rate by protocol"
BUCKET = 30  # seconds of a bucket, chosen by itself for an hour


def plot(dashboard: Dashboard, title: str) -> Locator:
    """Return the canvas of a chart, drawn."""
    found = dashboard.panel(title).get_by_role("slider")
    expect(found.locator("canvas")).to_be_visible()
    return found


def drag(dashboard: Dashboard, title: str, start: float, end: float) -> None:
    """Mark a part of a chart with the mouse, from one share of its width to another."""
    place = plot(dashboard, title)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    mouse, middle = dashboard.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] * start, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * end, middle, steps=4)
    mouse.up()


def window_of(dashboard: Dashboard) -> tuple[int, int]:
    """Return the window in the page's address."""
    found = re.search(r"from=(\d+)&to=(\d+)", dashboard.page.url)
    assert found, dashboard.page.url
    return int(found[1]), int(found[2])


def test_drag_zooms_and_steps_back(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    drag(overview, RATE, 0.4, 0.7)
    expect(overview.page).not_to_have_url(re.compile(f"from={shop.start}&"))
    start, end = window_of(overview)
    assert shop.start < start < end < shop.end
    assert end - start == pytest.approx(0.3 * HOUR, rel=0.25)
    first = snapped(shop, start, end)
    overview.shows_total(shop.sums.between(*first).total)
    drag(overview, "Latency", 0.2, 0.6)
    expect(overview.page).not_to_have_url(re.compile(f"from={start}&"))
    overview.page.keyboard.press("Escape")
    overview.shows_total(shop.sums.between(*first).total)
    assert window_of(overview) == (start, end)
    plot(overview, RATE).dblclick()
    overview.shows_total(shop.now.total)
    assert window_of(overview) == (shop.start, shop.end)


def snapped(shop: Shop, start: int, end: int) -> tuple[int, int]:
    """Return the window outward to the buckets still kept for it, as the server says it took it."""
    meta = shop.server.data("overview", start_time=start, end_time=end)["meta"]
    assert meta["start_time"] <= start < end <= meta["end_time"]
    assert start - meta["start_time"] < 60
    assert meta["end_time"] - end < 60
    return meta["start_time"], meta["end_time"]


def test_keys_zoom_in(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    place = plot(overview, RATE)
    place.focus()
    for _ in range(61):
        place.press("ArrowRight")
    expect(place).to_have_attribute("aria-valuenow", "60")
    text = place.get_attribute("aria-valuetext") or ""
    part = shop.sums.between(shop.start + 30 * 60, shop.start + 30 * 60 + BUCKET)
    for protocol, number in part.by(lambda row: row.protocol).items():
        shown = re.search(rf"{protocol} ([^,]+/s)", text)
        assert shown, text
        assert screen.amount(shown[1]) == pytest.approx(number / BUCKET, rel=0.02)
    place.press("Enter")
    expect(overview.page).not_to_have_url(re.compile(f"from={shop.start}&"))
    start, end = window_of(overview)
    assert (start, end) == (shop.start + HOUR // 4 + BUCKET // 2, shop.start + 3 * HOUR // 4 + BUCKET // 2)


def test_the_table_of_a_chart_holds_every_bucket(overview: Dashboard, shop: Shop) -> None:
    overview.panel(RATE).get_by_role("button", name="More for").click()
    overview.page.get_by_role("menuitem", name="Show as table").click()
    table = overview.page.get_by_role("group", name=f"{RATE} as a table")
    names = table.locator("thead th").all_inner_texts()[1:]
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(HOUR // BUCKET)
    cells = rows.evaluate_all("rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))")
    for index, row in enumerate(reversed(cells)):
        part = shop.sums.between(shop.start + index * BUCKET, shop.start + (index + 1) * BUCKET)
        counts = part.by(lambda sent: sent.protocol)
        for name, cell in zip(names, row, strict=True):
            assert screen.amount(cell) == pytest.approx(counts.get(name, 0) / BUCKET, rel=0.02, abs=0.0005)


def test_a_legend_isolates(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    panel = overview.panel(RATE)
    panel.get_by_role("button", name="gRPC").click()
    place = plot(overview, RATE)
    place.focus()
    place.press("Home")
    expect(place).to_have_attribute("aria-valuetext", re.compile("gRPC"))
    expect(place).not_to_have_attribute("aria-valuetext", re.compile("HTTP|GraphQL"))


def test_a_chart_says_what_it_shows(overview: Dashboard, shop: Shop) -> None:
    expect(overview.panel("Latency").locator("figcaption")).to_contain_text("P95 between")
    expect(overview.panel(RATE).locator("figcaption")).to_contain_text("HTTP between")
    assert shop.now.total > 0
