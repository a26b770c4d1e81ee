"""Hours of the heatmap are those of the reader's zone, also where it is not whole hours from UTC."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.sent import HOUR, Sent, post
from tests.support.process import Server, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Watch

DAYS = 6  # so that no slot of the week has two hours
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CELL = re.compile(r"^(\w{3}) (\d{4}-\d\d-\d\d), (\d\d):00: ([\d,]+) requests?(?: in [^,]+ of this hour)?, (.*)$")


def shown_name(zone: str) -> re.Pattern[str]:
    """Return how browsers spell a zone: some keep names that tzdata has replaced since."""
    return re.compile(zone.replace("Kath", "Kath?"))


@pytest.fixture(scope="module")
def rows() -> list[Sent]:
    """Requests of almost a week, at any second."""
    source = random.Random(11)
    now = time.time()
    return [Sent(now - source.random() * DAYS * 24 * HOUR, status=source.choice([200, 200, 500])) for _ in range(3000)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, rows: list[Sent]) -> Iterator[Server]:
    """A server that has them."""
    folder: Path = tmp_path_factory.mktemp("zones")
    with server_process(folder) as running:
        post(running, rows)
        yield running


@pytest.mark.parametrize("zone", ["America/St_Johns", "Asia/Kathmandu"])
def test_hours_of_the_heatmap(watch: Watch, server: Server, rows: list[Sent], zone: str) -> None:
    dashboard = watch.dashboard(server.url, timezone_id=zone)
    dashboard.open("traffic", range="7d")
    panel = dashboard.panel("Traffic heatmap")
    expect(panel).to_contain_text(shown_name(zone))
    grid = panel.get_by_role("grid")
    expect(grid.get_by_role("button", name=re.compile(r"\d requests?,")).first).to_be_visible()
    labels = grid.locator("button[data-slot]").evaluate_all("cells => cells.map(cell => cell.ariaLabel)")
    shown = {}
    for label in labels:
        if (found := CELL.match(label)) and found[4] != "0":
            shown[found[1], found[2], int(found[3])] = int(found[4].replace(",", ""))
    local = [datetime.fromtimestamp(row.at, ZoneInfo(zone)) for row in rows]
    right = Counter((NAMES[at.weekday()], f"{at:%Y-%m-%d}", at.hour) for at in local)
    assert shown == dict(right)
    errors = Counter(
        (NAMES[at.weekday()], f"{at:%Y-%m-%d}", at.hour) for at, row in zip(local, rows, strict=True) if row.is_error
    )
    for label in labels:
        if (found := CELL.match(label)) and (number := errors.get((found[1], found[2], int(found[3])))):
            assert found[5].startswith(f"{number} error"), label


@pytest.mark.parametrize("zone", ["America/St_Johns", "Asia/Kathmandu"])
def test_a_click_on_an_hour_shows_it(watch: Watch, server: Server, rows: list[Sent], zone: str) -> None:
    dashboard = watch.dashboard(server.url, timezone_id=zone)
    dashboard.open("traffic", range="7d")
    at = datetime.fromtimestamp(time.time() - 30 * HOUR, ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
    name = f"{NAMES[at.weekday()]} {at:%Y-%m-%d}, {at.hour:02}:00"
    dashboard.panel("Traffic heatmap").get_by_role("button", name=re.compile(f"^{name}")).click()
    start = int(at.timestamp())
    expect(dashboard.page).to_have_url(re.compile(f"from={start}&to={start + HOUR}"))
    number = sum(start <= row.at < start + HOUR for row in rows)
    expect(dashboard.result).to_contain_text(f"{number} requests")


def test_times_in_utc(watch: Watch, server: Server) -> None:
    dashboard = watch.dashboard(server.url, timezone_id="Asia/Kathmandu")
    start = int(time.time()) // HOUR * HOUR - 5 * HOUR
    dashboard.open("", **{"from": start, "to": start + HOUR})
    local, utc = (datetime.fromtimestamp(start, ZoneInfo(name)) for name in ("Asia/Kathmandu", "UTC"))
    expect(dashboard.bar.get_by_role("button", name=f"{local:%H:%M}–")).to_be_visible()
    dashboard.page.get_by_role("button", name=re.compile("^Times in Asia.Kath?mandu")).click()
    dashboard.page.get_by_role("menuitemradio", name="UTC").click()
    expect(dashboard.bar.get_by_role("button", name=f"{utc:%H:%M}–")).to_be_visible()
    expect(dashboard.panel("Traffic heatmap")).to_contain_text("UTC")
