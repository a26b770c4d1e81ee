"""axe finds nothing on any page, light or dark, from phone to desk; nothing has to be scrolled sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.repo.syntax import ROOT
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.browser.conftest import Shop, Watch
    from tests.browser.dashboard import Dashboard

AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
# A place, its parameters, and a text that is there once the figures are.
PLACES: dict[str, tuple[str, dict[str, str], str]] = {
    "overview": ("", {}, "Top endpoints"),
    "endpoints": ("endpoints", {}, "7 endpoints"),
    "endpoint": ("endpoint", {"path": "/orders", "on": "HTTP", "verb": "POST"}, "Latency distribution"),
    "errors": ("errors", {}, "Single errors"),
    "clients": ("clients", {}, "8 clients"),
    "traffic": ("traffic", {}, "By weekday"),
    "sources": ("sources", {}, "Storage and retention"),
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (320, 768, 1440)
_SPILL = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_RUN = """async place => {
    const { violations } = await axe.run(place ?? document, { resultTypes: ['violations'] })
    return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 160)}` +
        ` ${node.any.concat(node.all, node.none).map(check => check.message).join('; ')}`))
}"""


def violations(dashboard: Dashboard, place: str | None = None) -> list[str]:
    """Return what axe finds on the page as it is, or in the part of it that the selector `place` names."""
    if not dashboard.page.evaluate("'axe' in window"):
        dashboard.page.evaluate(AXE.read_text("utf-8"))
    dashboard.page.evaluate("document.getAnimations().forEach(animation => animation.cancel())")
    found: list[str] = dashboard.page.evaluate(_RUN, place)
    return found


def settled(dashboard: Dashboard, text: str) -> None:
    """Wait until the page has its figures."""
    expect(dashboard.page.get_by_text(text).first).to_be_visible()
    expect(dashboard.page.get_by_role("status", name="Loading")).to_have_count(0)
    expect(dashboard.page.locator("[data-stale]")).to_have_count(0)


def opened(watch: Watch, shop: Shop, name: str, **options: Any) -> Dashboard:
    """Return a page with its figures, without movement that axe could catch half way."""
    place, search, text = PLACES[name]
    dashboard = watch.dashboard(shop.server.url, reduced_motion="reduce", **options)
    dashboard.open(place, **({} if place == "sources" else shop.window), **search)
    settled(dashboard, text)
    return dashboard


@pytest.mark.parametrize("name", PLACES)
def test_axe_finds_nothing(watch: Watch, shop: Shop, name: str) -> None:
    dashboard = opened(watch, shop, name)
    found = {}
    for width in WIDTHS:
        dashboard.page.set_viewport_size({"width": width, "height": 900})
        # Charts follow a change of the width in a later frame.
        until(lambda: dashboard.page.evaluate(_SPILL) <= 0, f"room for everything at {width} px", 10)
        for scheme in SCHEMES:
            dashboard.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            expect(dashboard.page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            settled(dashboard, PLACES[name][2])
            if bad := violations(dashboard):
                found[f"{width} px, {scheme}"] = bad
    assert not found, "\n".join(f"{where}: {line}" for where, lines in found.items() for line in lines)


DIALOG, MENU = "[role=dialog]", "[role=menu]"
# What opens: the page, what opens it (a key, or the name of a button), and what it is.
OPENED: dict[str, tuple[str, str, str]] = {
    "palette": ("overview", "Control+k", DIALOG),
    "shortcuts": ("overview", "?", DIALOG),
    "export": ("overview", "e", MENU),
    "zone": ("overview", "Times in", MENU),
    "theme": ("overview", "Theme", MENU),
    "updates": ("overview", "Updates:", MENU),
    "chart": ("overview", "More for Latency", MENU),
    "heatmap": ("traffic", "More for Traffic heatmap", MENU),
    "buckets": ("overview", "Automatic", MENU),
    "comparison": ("overview", "Period before", MENU),
    "views": ("overview", "Remembered views", DIALOG),
    "window": ("overview", "–", DIALOG),
    "protocols": ("overview", "Protocol", DIALOG),
    "statuses": ("overview", "Status", DIALOG),
    "endpoints": ("overview", "Endpoint", DIALOG),
    "event": ("errors", ":", DIALOG),
    "filters": ("overview", "Filters", DIALOG),
}


KEYS = {"Control+k", "?", "e"}


def open_by(dashboard: Dashboard, name: str, way: str) -> None:
    """Press the key, or the button whose name begins like this."""
    page = dashboard.page
    if way in KEYS:
        page.keyboard.press(way)
    elif name == "event":
        page.get_by_role("group", name="Single errors").get_by_role("button", name=way).first.click()
    else:
        where = dashboard.bar if name == "window" else page
        where.get_by_role("button", name=way, exact=way in {"Protocol", "Status", "Endpoint"}).first.click()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_what_opens(watch: Watch, shop: Shop, scheme: Literal["light", "dark"]) -> None:
    """What is behind is out of reach while it is open, so only what has opened counts."""
    dashboard = watch.dashboard(shop.server.url, reduced_motion="reduce", color_scheme=scheme)
    page = dashboard.page
    found = {}
    for name, (place, way, what) in OPENED.items():
        page.set_viewport_size({"width": 320 if name == "filters" else 1440, "height": 900})
        path, search, text = PLACES[place]
        dashboard.open(path, **shop.window, **search)
        settled(dashboard, text)
        open_by(dashboard, name, way)
        expect(page.locator(what).last).to_be_visible()
        expect(page.locator(f"{what} .mantine-Loader-root, {what} [role=status]")).to_have_count(0)
        if name == "window":
            expect(page.get_by_label("Previous month")).to_be_visible()
        if bad := violations(dashboard, what):
            found[name] = bad
    assert not found, "\n".join(f"{where}: {line}" for where, lines in found.items() for line in lines)


def test_a_phone_has_the_filters_in_a_sheet(watch: Watch, shop: Shop) -> None:
    dashboard = opened(watch, shop, "overview", viewport={"width": 320, "height": 640}, has_touch=True)
    dashboard.bar.get_by_role("button", name="Filters").click()
    sheet = dashboard.page.get_by_role("dialog")
    sheet.get_by_role("button", name="Protocol", exact=True).click()
    dashboard.page.locator('ul[aria-label="Protocol"] li', has_text="gRPC").get_by_role("checkbox").check()
    dashboard.page.keyboard.press("Escape")
    dashboard.page.keyboard.press("Escape")
    dashboard.shows_total(shop.now.only(lambda row: row.protocol == "gRPC").total)
    expect(dashboard.bar.get_by_role("button", name="Filters (1)")).to_be_visible()
