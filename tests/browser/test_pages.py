"""Every page shows the figures of what was sent."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import screen
from tests.browser.dashboard import settles
from tests.browser.sent import AGENTS, HOUR, Sent, post
from tests.support.process import server_process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Shop, Watch
    from tests.browser.dashboard import Dashboard
    from tests.browser.sent import Sums

ERROR_TYPES = {400: "bad request", 404: "not found", 500: "internal error", 503: "service unavailable"}


def test_the_overview(overview: Dashboard, shop: Shop) -> None:
    overview.shows(shop.now)
    rate = screen.amount(overview.figure("Requests/sec").inner_text().replace("\n", ""))
    assert rate == pytest.approx(shop.now.total / HOUR, rel=0.005)
    expect(overview.figure("Active connections")).to_have_text("–")
    expect(overview.result).to_contain_text(f"{screen.count(shop.now.total)} requests · 1 h")
    groups = overview.panel("Errors by type").locator("li")
    expect(groups).to_have_count(len(ERROR_TYPES))
    for status, number in shop.now.only(lambda row: row.is_error).by(lambda row: row.status).items():
        line = groups.filter(has_text=ERROR_TYPES[status])
        expect(line).to_contain_text(f"{number} {screen.percent(100 * number / shop.now.errors, 1)}")


def test_endpoints(watch: Watch, shop: Shop) -> None:
    page = watch.dashboard(shop.server.url)
    page.open("endpoints", **shop.window)
    counts = shop.now.by(lambda row: (row.protocol, row.method, row.endpoint))
    expect(page.panel(f"{len(counts)} endpoints")).to_be_visible()
    rows = {tuple(row[:2]): row for row in page.table("Endpoints")}
    for (protocol, method, endpoint), number in counts.items():
        mine = shop.now.of(protocol, method, endpoint)
        row = rows.pop((f"{method or protocol}{endpoint}", protocol))
        assert row[3] == screen.count(number)
        assert row[4] == screen.percent(100 * number / shop.now.total, 1)
        assert screen.percent(mine.error_rate) in row[5]
        assert screen.milliseconds(row[6]) == pytest.approx(mine.average, rel=0.005)
        for cell, share in ((7, 50), (8, 95), (9, 99)):
            assert screen.milliseconds(row[cell]) == pytest.approx(
                mine.percentile(share), rel=screen.LATENCY_ERROR + 0.005
            )
        assert screen.amount(row[10]) == pytest.approx(mine.bytes_sent, rel=0.005)
        assert screen.amount(row[11]) == pytest.approx(mine.bytes_received, rel=0.005)
    assert not rows
    page.page.get_by_role("searchbox", name="Search endpoints").fill("ORDERS")
    settles(lambda: len(page.table("Endpoints")), sum("orders" in key[2] for key in counts), "found endpoints")


@pytest.mark.parametrize(
    ("protocol", "method", "endpoint"),
    [("HTTP", "GET", "/orders/:id"), ("WebSocket", None, "/feed"), ("gRPC", "CALL", "shop.Cart/Add")],
)
def test_an_endpoint(watch: Watch, shop: Shop, protocol: str, method: str | None, endpoint: str) -> None:
    page = watch.dashboard(shop.server.url)
    page.open("endpoints", **shop.window)
    page.page.get_by_role("link", name=f"{method or protocol} {endpoint}").click()
    mine = shop.now.of(protocol, method, endpoint)
    expect(page.page.get_by_role("heading", level=1)).to_contain_text(endpoint)
    page.shows_cards(mine)
    codes = mine.by(lambda row: "No status" if row.status is None else str(row.status))
    if len(codes) > 1:
        settles(lambda: {name: cells[0] for name, cells in page.bars("Status codes").items()}, top(codes), "codes")
    asked = shop.now.only(lambda row: (row.protocol, row.endpoint) == (protocol, endpoint))
    clients = asked.by(lambda row: row.client)
    settles(
        lambda: {row[0]: row[2] for row in page.table("Clients of the endpoint")},
        {address: screen.count(number) for address, number in clients.items()},
        "clients of the endpoint",
    )
    expect(page.panel(f"{len(clients)} clients")).to_contain_text(
        f"The clients of all {asked.total} requests are known."
    )
    busiest = max(clients, key=lambda address: clients[address])
    page.page.get_by_role("link", name=busiest, exact=True).click()
    expect(page.panel("1 client")).to_contain_text(busiest)


def top(counts: dict[str, int], most: int = 5) -> dict[str, str]:
    """Return the most frequent as they are shown."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])[:most]
    return {name: screen.count(number) for name, number in ordered}


def test_errors(watch: Watch, shop: Shop) -> None:
    page = watch.dashboard(shop.server.url)
    page.open("errors", **shop.window)
    failed = shop.now.only(lambda row: row.is_error)
    counts = failed.by(lambda row: ERROR_TYPES[row.status or 0])
    settles(
        lambda: {row[0]: row[2] for row in page.table("Errors by type")},
        {name: screen.count(number) for name, number in counts.items()},
        "errors by type",
    )
    expect(page.panel("By type")).to_contain_text(f"{failed.total} errors")
    categories = {row[0]: row[1] for row in page.table("Errors by type")}
    assert categories["not found"] == "client error"
    assert categories["internal error"] == "server error"
    endpoints = {row[0]: int(row[4].split(":")[0]) for row in page.table("Errors by type")}
    right: dict[str, set[str]] = {name: set() for name in counts}
    for row in failed.rows:
        right[ERROR_TYPES[row.status or 0]].add(row.endpoint)
    assert endpoints == {name: len(places) for name, places in right.items()}
    first = page.page.get_by_role("group", name="Single errors").get_by_role("button", name=":").first
    first.click()
    detail = page.page.get_by_role("dialog")
    newest = max(failed.rows, key=lambda row: row.at)
    expect(detail).to_contain_text(newest.client)
    expect(detail).to_contain_text(newest.agent)
    expect(detail).to_contain_text(newest.endpoint)


def test_clients(watch: Watch, shop: Shop) -> None:
    page = watch.dashboard(shop.server.url)
    page.open("clients", **shop.window)
    counts = shop.now.by(lambda row: row.client)
    settles(
        lambda: {row[0]: row[2] for row in page.table("Clients")},
        {name: screen.count(number) for name, number in counts.items()},
        "clients",
    )
    expect(page.panel(f"{len(counts)} clients")).to_be_visible()
    families = dict(AGENTS)
    for row in page.table("Clients"):
        mine = shop.now.from_client(row[0])
        assert set(row[1].split(", ")) == {families[sent.agent] for sent in mine.rows}
        assert screen.percent(mine.error_rate) in row[4]
        assert screen.amount(row[6]) == pytest.approx(mine.bytes_sent, rel=0.005)


def test_traffic(watch: Watch, shop: Shop) -> None:
    page = watch.dashboard(shop.server.url)
    page.open("traffic", **shop.window)
    peaks = page.page.get_by_role("region", name="Peaks")
    expect(peaks.get_by_role("button").first).to_contain_text("Most requests")
    page.panel("Request rate by method").get_by_role("button", name="More for").click()
    page.page.get_by_role("menuitem", name="Show as table").click()
    table = page.page.get_by_role("group", name="Request rate by method as a table")
    methods = table.locator("thead th").all_inner_texts()[1:]
    assert set(methods) == {"GET", "POST", "DELETE", "CALL", "(none)"}
    expect(table.locator("tbody tr")).to_have_count(HOUR // 30)


def test_the_busiest_moment(watch: Watch, tmp_path: Path) -> None:
    """A peak is what its bucket had a second, says when that was, and leads there."""
    start = int(time.time()) // HOUR * HOUR - HOUR
    at = start + HOUR // 3
    burst = [Sent(at + index / 100, status=500, bytes_sent=50_000) for index in range(900)]
    with server_process(tmp_path) as server:
        post(server, [*(Sent(start + 60.0 * minute, bytes_sent=0) for minute in range(19)), *burst])
        page = watch.dashboard(server.url)
        page.open("traffic", **{"from": start, "to": start + HOUR})
        peaks = page.page.get_by_role("region", name="Peaks")
        for name, amount in {"Most requests": 900, "Most errors": 900, "Most sent": 45_000_000}.items():
            card = peaks.get_by_role("button", name=name)
            expect(card).to_contain_text(f"{datetime.fromtimestamp(at, UTC):%H:%M}")
            shown = re.search(r"([\d.]+)\s*([kM]?)B?/s", card.inner_text())
            width = re.search(r"over (\d+) (s|min)", card.inner_text())
            assert shown, card.inner_text()
            assert width, card.inner_text()
            seconds = int(width[1]) * {"s": 1, "min": 60}[width[2]]
            assert float(shown[1]) * {"": 1, "k": 1e3, "M": 1e6}[shown[2]] == pytest.approx(amount / seconds, rel=0.01)
        peaks.get_by_role("button", name="Most errors").click()
        page.page.wait_for_url(lambda url: f"from={start}&" not in url)
        found = re.search(r"from=(\d+)&to=(\d+)", page.page.url)
        assert found
        assert start < int(found[1]) <= at < int(found[2]) < start + HOUR
        watch.close()


def test_sources(watch: Watch, shop: Shop) -> None:
    page = watch.dashboard(shop.server.url)
    page.open("sources")
    settles(lambda: [row[2:] for row in page.table("Sources")], [ledger(shop.sums)], "the ledger")
    facts = page.panel("Server")
    expect(facts).to_contain_text("served.db")
    expect(page.panel("Connect a source")).to_contain_text("AnalyticsMiddleware")
    expect(page.panel("Connect a source")).to_contain_text(shop.server.url)
    expect(page.panel("Refused input")).to_contain_text("Nothing was refused")
    assert [row[0] for row in page.table("Histories")][:2] != []


def ledger(sums: Sums) -> list[str]:
    """Return the figures of the one source: received, stored, seen before, refused, overflowed."""
    total = screen.count(sums.total)
    return [total, total, "0", "0", "0"]
