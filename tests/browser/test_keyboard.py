"""Everything without a mouse: the skip link, shortcuts, the palette, rows of tables; and the theme."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Shop, Watch
    from tests.browser.dashboard import Dashboard

PAGES = {"o": "Overview", "e": "Endpoints", "r": "Errors", "c": "Clients", "t": "Traffic", "s": "Sources"}


def test_the_first_tab_skips_to_the_figures(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    overview.page.keyboard.press("Tab")
    skip = overview.page.get_by_role("button", name="Skip to the figures")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    overview.page.keyboard.press("Enter")
    expect(overview.page.get_by_role("main")).to_be_focused()


def test_g_and_a_letter_go_to_pages(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    for key, title in PAGES.items():
        overview.page.keyboard.press("g")
        overview.page.keyboard.press(key)
        expect(overview.page).to_have_title(f"{title} · MockForge Traffic Analytics")
    overview.page.keyboard.press("g")
    overview.page.keyboard.press("o")
    overview.shows_total(shop.now.total)


def test_single_keys(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    keys = overview.page.keyboard
    keys.press("c")
    expect(overview.page).to_have_url(re.compile("compare=off"))
    keys.press("c")
    expect(overview.page).not_to_have_url(re.compile("compare=off"))
    keys.press("ArrowLeft")
    expect(overview.page).to_have_url(re.compile(f"from={shop.start - 1800}&"))
    keys.press("-")
    expect(overview.page).to_have_url(re.compile(f"from={shop.start - 3600}&"))
    keys.press("5")
    expect(overview.page).to_have_url(re.compile("range=24h"))
    keys.press("/")
    expect(overview.page.get_by_role("searchbox", name="Search endpoints")).to_be_focused()
    keys.type("graphql")
    expect(overview.panel("1 endpoint")).to_be_visible()


def test_the_help_sheet(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    overview.page.keyboard.press("?")
    sheet = overview.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    for title in PAGES.values():
        expect(sheet).to_contain_text(title.lower())
    overview.page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_the_palette(overview: Dashboard, shop: Shop) -> None:
    overview.shows_total(shop.now.total)
    keys = overview.page.keyboard
    keys.press("Control+k")
    field = overview.page.get_by_role("combobox", name="Search and commands")
    expect(field).to_be_focused()
    keys.type("gRPC only")
    expect(overview.page.get_by_role("option")).to_have_count(1)
    keys.press("Enter")
    overview.shows_total(shop.now.only(lambda row: row.protocol == "gRPC").total)
    keys.press("Control+k")
    expect(field).to_be_focused()
    keys.type("reset")
    expect(overview.page.get_by_role("option")).to_have_count(1)
    keys.press("Enter")
    overview.shows_total(shop.now.total)
    keys.press("Control+k")
    expect(field).to_be_focused()
    keys.type("feed")
    expect(overview.page.get_by_role("option", name="WebSocket /feed")).to_be_visible()
    keys.press("Enter")
    expect(overview.page.get_by_role("heading", level=1)).to_contain_text("/feed")


def test_rows_of_a_table(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("endpoints", **shop.window)
    rows = dashboard.page.get_by_role("group", name="Endpoints", exact=True).locator("tbody tr[data-row]")
    expect(rows).to_have_count(7)
    rows.first.focus()
    dashboard.page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    dashboard.page.keyboard.press("End")
    expect(rows.last).to_be_focused()
    dashboard.page.keyboard.press("Enter")
    expect(dashboard.page.get_by_role("heading", level=1)).to_contain_text("/feed")


def test_every_stop_of_tab_can_be_seen(overview: Dashboard, shop: Shop) -> None:
    """Focus is never on something invisible, and always drawn."""
    overview.shows_total(shop.now.total)
    seen = set()
    for _ in range(40):
        overview.page.keyboard.press("Tab")
        stop = overview.page.evaluate("""() => {
            const on = document.activeElement
            const box = on.getBoundingClientRect()
            const style = getComputedStyle(on)
            const drawn = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || style.borderColor !== ''
            return [on.getAttribute('aria-label') ?? on.textContent, box.width * box.height > 0 && drawn]
        }""")
        assert stop[1], stop[0]
        seen.add(stop[0])
    assert len(seen) > 30


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_theme(watch: Watch, shop: Shop, system: str) -> None:
    other = {"light": "dark", "dark": "light"}[system]
    dashboard = watch.dashboard(shop.server.url, color_scheme=system)
    dashboard.open(**shop.window)
    dashboard.shows_total(shop.now.total)
    root = dashboard.page.locator("html")
    expect(root).to_have_attribute("data-mantine-color-scheme", system)
    paper = background(dashboard)
    dashboard.page.keyboard.press("t")
    expect(root).to_have_attribute("data-mantine-color-scheme", other)
    assert background(dashboard) != paper
    dashboard.page.reload()
    expect(root).to_have_attribute("data-mantine-color-scheme", other)
    dashboard.page.get_by_role("button", name="Theme").click()
    dashboard.page.get_by_role("menuitemradio", name="As the system").click()
    expect(root).to_have_attribute("data-mantine-color-scheme", system)
    assert background(dashboard) == paper


def background(dashboard: Dashboard) -> str:
    """Return the colour of the page."""
    return str(dashboard.page.evaluate("getComputedStyle(document.body).backgroundColor"))
