"""Every filter, by hand and by address: what it leaves is what was sent."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import screen
from tests.browser.sent import HOUR, Sent, post
from tests.support.process import server_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.conftest import Shop, Watch
    from tests.browser.dashboard import Dashboard

# The name in the bar, the parameter, what is ticked, and what a request must be to stay.
FILTERS: dict[str, tuple[str, list[str], Callable[[Sent], bool]]] = {
    "protocol": ("Protocol", ["GraphQL"], lambda row: row.protocol == "GraphQL"),
    "protocols": ("Protocol", ["HTTP", "gRPC"], lambda row: row.protocol in {"HTTP", "gRPC"}),
    "endpoint": ("Endpoint", ["/orders/:id"], lambda row: row.endpoint == "/orders/:id"),
    "method": ("Method", ["GET", "DELETE"], lambda row: row.method in {"GET", "DELETE"}),
    "code": ("Status", ["404"], lambda row: row.status == 404),
    "class": ("Status", ["5xx"], lambda row: row.status in {500, 503}),
    "codes": ("Status", ["4xx", "500"], lambda row: row.status in {400, 404, 500}),
    "environment": ("Environment", ["staging"], lambda row: row.environment == "staging"),
    "workspace": ("Workspace", ["lab"], lambda row: row.workspace == "lab"),
    "none": ("Workspace", ["(none)"], lambda row: row.workspace is None),
}
PARAMETERS = {
    "Protocol": "protocol",
    "Endpoint": "endpoint",
    "Method": "method",
    "Status": "status_code",
    "Environment": "environment",
    "Workspace": "workspace_id",
}


def search_of(dashboard: Dashboard) -> dict[str, list[str]]:
    """Return the parameters of the page's address."""
    return parse_qs(urlsplit(dashboard.page.url).query)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_from_the_bar(overview: Dashboard, shop: Shop, name: str) -> None:
    dimension, values, keep = FILTERS[name]
    left = shop.now.only(keep)
    overview.pick(dimension, *values)
    overview.shows(left)
    assert search_of(overview)[PARAMETERS[dimension]] == values
    chips = overview.bar.get_by_role("list", name="Filters")
    for value in values:
        expect(chips.get_by_role("button", name=f"Remove filter {dimension} {value}")).to_be_visible()
    expect(overview.result).to_contain_text(f"{screen.count(left.total)} requests · 1 h · ")


def test_chips_and_reset(overview: Dashboard, shop: Shop) -> None:
    overview.pick("Protocol", "HTTP", "GraphQL")
    overview.pick("Status", "4xx")
    overview.shows_total(shop.now.only(lambda row: row.status in {400, 404}).total)
    overview.bar.get_by_role("button", name="Remove filter Protocol GraphQL").click()
    overview.shows_total(shop.now.only(lambda row: row.status in {400, 404} and row.protocol == "HTTP").total)
    overview.bar.get_by_role("button", name="Reset").click()
    overview.shows(shop.now)
    assert set(search_of(overview)) == {"from", "to"}
    overview.page.go_back()
    overview.shows_total(shop.now.only(lambda row: row.status in {400, 404} and row.protocol == "HTTP").total)
    overview.page.go_back()
    overview.shows_total(shop.now.only(lambda row: row.status in {400, 404}).total)
    overview.page.go_forward()
    overview.shows_total(shop.now.only(lambda row: row.status in {400, 404} and row.protocol == "HTTP").total)


def test_search_among_endpoints(overview: Dashboard) -> None:
    overview.bar.get_by_role("button", name="Endpoint", exact=True).click()
    overview.page.get_by_role("textbox", name="Search endpoint").fill("ORDER")
    options = overview.page.locator('ul[aria-label="Endpoint"] li')
    expect(options).to_have_count(2)
    assert {text.split("\n")[0] for text in options.all_inner_texts()} == {"/orders", "/orders/:id"}


def test_a_deep_link_opens_as_it_was(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    filters: dict[str, Any] = {"protocol": ["HTTP", "GraphQL"], "environment": "production", "status_code": "2xx"}
    dashboard.open(**shop.window, **filters, compare="off")
    kept = shop.now.only(
        lambda row: row.protocol in {"HTTP", "GraphQL"} and row.environment == "production" and row.status in {200, 201}
    )
    dashboard.shows(kept)
    expect(dashboard.result).to_contain_text("HTTP or GraphQL · 2xx · production")


def test_a_click_filters(overview: Dashboard, shop: Shop) -> None:
    overview.panel("Protocols").get_by_title("Show only HTTP", exact=True).click()
    overview.shows(shop.now.only(lambda row: row.protocol == "HTTP"))
    overview.panel("Status codes").get_by_title("Show only status 404").click()
    overview.shows(shop.now.only(lambda row: row.protocol == "HTTP" and row.status == 404))
    overview.panel("Status codes").get_by_title("Show only status 404").click()
    row = overview.page.get_by_role("group", name="Top endpoints").locator("tr", has_text="/users")
    row.hover()
    row.get_by_role("button", name="Filter for /users").click()
    overview.shows(shop.now.only(lambda row: row.protocol == "HTTP" and row.endpoint == "/users"))


def test_a_click_filters_out(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("endpoints", **shop.window)
    row = dashboard.page.get_by_role("group", name="Endpoints", exact=True).locator("tr", has_text="/graphql")
    row.hover()
    row.get_by_role("button", name="Filter out GraphQL").click()
    expect(dashboard.panel("6 endpoints")).to_be_visible()
    total = shop.now.only(lambda row: row.protocol != "GraphQL").total
    expect(dashboard.result).to_contain_text(f"{screen.count(total)} requests")


def test_error_types_filter_the_errors(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("errors", **shop.window)
    dashboard.page.get_by_role("group", name="Errors by type").get_by_role("button", name="not found").click()
    number = shop.now.only(lambda row: row.status == 404).total
    expect(dashboard.panel("By type")).to_contain_text(f"{number} errors")


def test_agents_filter_the_clients(watch: Watch, shop: Shop) -> None:
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open("clients", **shop.window, user_agent_family="Firefox")
    right = shop.now.only(lambda row: "Firefox" in row.agent).by(lambda row: row.client)
    expect(dashboard.panel(f"{len(right)} clients")).to_be_visible()
    assert {row[0]: row[2] for row in dashboard.table("Clients")} == {k: screen.count(n) for k, n in right.items()}


def change(now: float, before: float) -> str:
    """Return a change as the pill of a card says it."""
    percent = 100 * (now - before) / before
    if abs(percent) < 0.5:
        return "unchanged 0%"
    digits = 1 if abs(percent) < 10 else 0
    return f"{'up' if percent > 0 else 'down'} {abs(percent):.{digits}f}%"


def test_compared_with_the_period_before(overview: Dashboard, shop: Shop) -> None:
    for label, now, before in (
        ("Total requests", shop.now.total, shop.before.total),
        ("Error rate", shop.now.error_rate, shop.before.error_rate),
        ("Bytes sent", shop.now.bytes_sent, shop.before.bytes_sent),
    ):
        expect(overview.card(label).locator("xpath=./span[3]")).to_have_text(change(now, before))
    expect(overview.card("Total requests").get_by_title("Compared with the hour before")).to_be_visible()
    expect(overview.result).to_contain_text("compared with the hour before")


def test_compared_with_last_week_and_with_nothing(overview: Dashboard, shop: Shop) -> None:
    foot = overview.card("Total requests").locator("xpath=./span[3]")
    overview.bar.get_by_role("button", name="Period before").click()
    overview.page.get_by_role("menuitemradio", name="Compare with the same time last week").click()
    expect(foot).to_have_text(change(shop.now.total, shop.last_week.total))
    overview.bar.get_by_role("button", name="Last week").click()
    overview.page.get_by_role("menuitemradio", name="Compare with nothing").click()
    expect(foot).to_have_text("")
    assert search_of(overview)["compare"] == ["off"]


def test_a_custom_window(overview: Dashboard, shop: Shop) -> None:
    start, end = shop.start + 10 * 60, shop.start + 25 * 60
    overview.bar.get_by_role("button", name=re.compile(r"\d\d:\d\d–\d\d:\d\d")).click()
    clock = [datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S") for at in (start, end)]
    overview.page.get_by_label("From", exact=True).fill(clock[0])
    overview.page.get_by_label("To", exact=True).fill(clock[1])
    overview.page.get_by_role("button", name="Show", exact=True).click()
    overview.shows_cards(shop.sums.between(start, end))
    assert search_of(overview) == {"from": [str(start)], "to": [str(end)]}


def test_the_steps_of_the_window(overview: Dashboard, shop: Shop) -> None:
    overview.bar.get_by_role("button", name="Earlier").click()
    overview.shows_cards(shop.sums.between(shop.start - HOUR / 2, shop.end - HOUR / 2))
    overview.bar.get_by_role("button", name="Later").click()
    overview.shows_cards(shop.now)
    overview.page.keyboard.press("+")
    overview.shows_cards(shop.sums.between(shop.start + HOUR / 4, shop.end - HOUR / 4))


AGES = {
    "Last 5 minutes": 5,
    "Last 15 minutes": 8 * 60,
    "Last hour": 30 * 60,
    "Last 6 hours": 3 * HOUR,
    "Last 24 hours": 15 * HOUR,
    "Last 7 days": 4 * 24 * HOUR,
    "Last 30 days": 18 * 24 * HOUR,
    "Last 90 days": 60 * 24 * HOUR,
}


def test_the_windows_that_end_now(watch: Watch, tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        dashboard = watch.dashboard(server.url)
        now = time.time()
        groups = [[Sent(now - age)] * (3 + index) for index, age in enumerate(AGES.values())]
        post(server, [row for group in groups for row in group])
        dashboard.open()
        expected = 0
        for index, (name, group) in enumerate(zip(AGES, groups, strict=True)):
            expected += len(group)
            if index % 2:
                dashboard.page.keyboard.press(str(index + 1)) if index < 7 else None
            if not index % 2 or index >= 7:
                dashboard.bar.get_by_role("button", name=re.compile("^Last")).click()
                dashboard.page.get_by_role("button", name=re.compile(f"^{name}")).last.click()
            expect(dashboard.bar.get_by_role("button", name=name)).to_be_visible()
            dashboard.shows_total(expected)
        watch.close()


def test_views_are_remembered(overview: Dashboard, shop: Shop) -> None:
    overview.pick("Protocol", "gRPC")
    overview.bar.get_by_role("button", name="Remembered views").click()
    overview.page.get_by_role("textbox", name="Name of this view").fill("calls")
    overview.page.get_by_role("button", name="Remember", exact=True).click()
    overview.open(**shop.window)
    overview.shows_total(shop.now.total)
    overview.bar.get_by_role("button", name="Remembered views").click()
    overview.page.get_by_role("button", name="calls", exact=True).click()
    overview.shows_total(shop.now.only(lambda row: row.protocol == "gRPC").total)
