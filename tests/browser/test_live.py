"""What happens at the server is seen on screen, and the screen never contradicts itself for long."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import screen
from tests.browser.dashboard import Dashboard, settles
from tests.browser.sent import Sent, Sums, post
from tests.support.process import Server, start_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Watch

LIVE = re.compile(r"^live · \d+\.\d s$")
LOST = ("WebSocket", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE")


@dataclass
class Stage:
    """A server that a test may kill, and start again at the same address."""

    folder: Path
    server: Server
    rows: list[Sent]

    def send(self, *rows: Sent) -> None:
        """Send more, and remember it."""
        post(self.server, rows)
        self.rows += rows

    @property
    def sums(self) -> Sums:
        return Sums(list(self.rows))

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        """Start again where it was."""
        port = self.server.url.rpartition(":")[2]
        self.server = start_server(self.folder, "--port", port)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a few requests of the last minutes; every test adds some."""
    folder: Path = tmp_path_factory.mktemp("live")
    made = Stage(folder, start_server(folder), [])
    now = time.time()
    made.send(*(Sent(now - age, latency_ms=20.0 + age) for age in range(40)))
    made.send(*(Sent(now - age, protocol="gRPC", method="CALL", endpoint="shop.Cart/Add") for age in range(7)))
    yield made
    assert made.server.stop() == 0


def agrees(dashboard: Dashboard, sums: Sums) -> None:
    """Hold card, result line, protocols, status codes and top endpoints against one another and against `sums`."""
    dashboard.shows(sums)
    expect(dashboard.result).to_contain_text(f"{screen.count(sums.total)} requests")
    shown = sum(int(cells[0]) for cells in dashboard.bars("Protocols").values())
    assert shown == sum(int(row[1]) for row in dashboard.table("Top endpoints")) == sums.total


def test_new_requests_appear(watch: Watch, stage: Stage) -> None:
    dashboard = watch.dashboard(stage.server.url)
    dashboard.open()
    agrees(dashboard, stage.sums)
    expect(dashboard.badge).to_have_text(LIVE)
    for round_ in range(3):
        now = time.time()
        stage.send(
            *(Sent(now, status=500, latency_ms=300.0) for _ in range(10 + round_)),
            Sent(now, protocol="MQTT", method=None, endpoint="topic"),
        )
        agrees(dashboard, stage.sums)


def test_the_lists_follow_the_cards_at_once(watch: Watch, stage: Stage) -> None:
    """A list must not wait for its turn among requests that are made now and then."""
    dashboard = watch.dashboard(stage.server.url)
    dashboard.open()
    agrees(dashboard, stage.sums)
    asked: list[str] = []
    stage.send(*(Sent(time.time()) for _ in range(5)))
    dashboard.shows_total(stage.sums.total)
    dashboard.page.on("request", lambda request: asked.append(request.url))
    settles(lambda: sum(int(row[1]) for row in dashboard.table("Top endpoints")), stage.sums.total, "the list")
    again = [url for url in asked if "/overview?duration=3600" in url]
    assert len(again) <= 1, again


def test_the_chart_follows(watch: Watch, stage: Stage) -> None:
    dashboard = watch.dashboard(stage.server.url)
    dashboard.open()
    agrees(dashboard, stage.sums)
    panel = dashboard.panel("Request rate by protocol")
    expect(panel.get_by_role("button", name="Kafka")).to_have_count(0)
    stage.send(Sent(time.time(), protocol="Kafka", method=None, endpoint="orders"))
    expect(panel.get_by_role("button", name="Kafka")).to_be_visible()


def test_paused_holds_still_and_catches_up(watch: Watch, stage: Stage) -> None:
    dashboard = watch.dashboard(stage.server.url)
    dashboard.open()
    agrees(dashboard, stage.sums)
    dashboard.page.keyboard.press("l")
    expect(dashboard.badge).to_have_text("paused")
    before = stage.sums
    stage.send(*(Sent(time.time()) for _ in range(9)))
    other = watch.dashboard(stage.server.url)
    other.open()
    agrees(other, stage.sums)
    dashboard.shows_total(before.total)
    dashboard.page.keyboard.press("l")
    agrees(dashboard, stage.sums)
    expect(dashboard.badge).to_have_text(LIVE)


def test_it_reconnects_after_the_server_was_killed(watch: Watch, stage: Stage) -> None:
    watch.expect_problems(*LOST)
    dashboard = watch.dashboard(stage.server.url)
    dashboard.open()
    agrees(dashboard, stage.sums)
    expect(dashboard.badge).to_have_text(LIVE)
    stage.kill()
    expect(dashboard.badge).to_have_text(re.compile(r"^reconnecting in \d+ s$|^connecting$"))
    dashboard.shows_total(stage.sums.total)
    expect(dashboard.page.get_by_text("The server cannot be reached").first).to_be_visible()
    stage.start()
    stage.send(*(Sent(time.time(), protocol="AMQP", method=None, endpoint="queue") for _ in range(3)))
    expect(dashboard.badge).to_have_text(LIVE)
    agrees(dashboard, stage.sums)
    expect(dashboard.page.get_by_text("The server cannot be reached")).to_have_count(0)
    stage.send(*(Sent(time.time()) for _ in range(4)))
    agrees(dashboard, stage.sums)


def test_a_window_that_is_too_long_for_the_stream_is_asked_for(watch: Watch, stage: Stage) -> None:
    """Ninety days are longer than a live window may be: the badge says so, once, and the figures still follow."""
    dashboard = watch.dashboard(stage.server.url)
    opened: list[str] = []
    dashboard.page.on("websocket", lambda socket: opened.append(socket.url))
    dashboard.open(range="90d")
    agrees(dashboard, stage.sums)
    expect(dashboard.badge).to_have_text("every 5 s")
    expect(dashboard.badge).to_have_attribute("title", re.compile("the stream cannot show this"))
    stage.send(*(Sent(time.time()) for _ in range(6)))
    agrees(dashboard, stage.sums)
    assert len(opened) == 1
    dashboard.page.keyboard.press("3")
    expect(dashboard.badge).to_have_text(LIVE)


def test_a_filtered_page_gets_its_own_stream(watch: Watch, stage: Stage) -> None:
    dashboard = watch.dashboard(stage.server.url)
    dashboard.open(protocol="gRPC")
    agrees(dashboard, stage.sums.only(lambda row: row.protocol == "gRPC"))
    now = time.time()
    stage.send(Sent(now), Sent(now, protocol="gRPC", method="CALL", endpoint="shop.Cart/Add"))
    agrees(dashboard, stage.sums.only(lambda row: row.protocol == "gRPC"))
    dashboard.bar.get_by_role("button", name="Reset").click()
    agrees(dashboard, stage.sums)
