"""One browser and one server with an hour of traffic for the whole folder; every page is watched for faults."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import Dashboard
from tests.browser.sent import HOUR, WEEK, Sums, post, shop_hour
from tests.support.chromium import chromium
from tests.support.process import Server, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, Response

PATIENCE_MS: Final = 30_000
# A question that is no longer of interest is taken back: no fault.
TAKEN_BACK: Final = "net::ERR_ABORTED"
REPORT_VIOLATIONS: Final = """document.addEventListener('securitypolicyviolation', event =>
    console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI || event.sample}`))"""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all tests of the folder."""
    with chromium() as running:
        yield running


@dataclass
class Watch:
    """Opens pages, and collects what goes wrong on them."""

    browser: Browser
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect_problems(self, *patterns: str) -> None:
        """Take no notice of problems that hold one of `patterns`: the test brings them about."""
        self.expected += patterns

    def page(self, **options: Any) -> Page:
        """Return a new page in a context of its own."""
        settings = {"viewport": {"width": 1440, "height": 900}, "timezone_id": "UTC", "locale": "en-US", **options}
        context = self.browser.new_context(**settings)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(REPORT_VIOLATIONS)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on("dialog", self._dialog)
        return page

    def dashboard(self, url: str, **options: Any) -> Dashboard:
        """Return a new page on the dashboard at `url`, not opened yet."""
        return Dashboard(self.page(**options), url)

    def close(self) -> None:
        """Close the pages: whoever ends their server does so first, or they miss it."""
        for context in self.browser.contexts:
            context.close()

    def end(self) -> None:
        """Close the pages; fail on what was not expected."""
        self.close()
        left = [text for text in self.problems if not any(re.search(pattern, text) for pattern in self.expected)]
        assert not left, left

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Request) -> None:
        if request.failure != TAKEN_BACK:
            self.problems.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"answered: {response.status} {response.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def watch(browser: Browser) -> Iterator[Watch]:
    """Opens pages; in the end nothing may have gone wrong on any of them."""
    watching = Watch(browser)
    yield watching
    watching.end()


@dataclass(frozen=True)
class Shop:
    """A server with three hours of traffic: one to look at, the one before it, and the same one of last week."""

    server: Server
    start: int
    end: int
    sums: Sums

    @property
    def window(self) -> dict[str, Any]:
        """The parameters of the page's address for the hour to look at."""
        return {"from": self.start, "to": self.end}

    @property
    def now(self) -> Sums:
        return self.sums.between(self.start, self.end)

    @property
    def before(self) -> Sums:
        return self.sums.between(self.start - HOUR, self.end - HOUR)

    @property
    def last_week(self) -> Sums:
        return self.sums.between(self.start - WEEK, self.end - WEEK)


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A server that only answers questions: nothing is added to it."""
    folder: Path = tmp_path_factory.mktemp("shop")
    end = int(time.time()) // HOUR * HOUR
    start = end - HOUR
    rows = [
        *shop_hour(start - WEEK, seed=3, scale=0.4),
        *shop_hour(start - HOUR, seed=2, scale=0.5),
        *shop_hour(start, seed=1),
    ]
    with server_process(folder) as server:
        post(server, rows)
        yield Shop(server, start, end, Sums(rows))


@pytest.fixture
def overview(watch: Watch, shop: Shop) -> Dashboard:
    """The overview on the hour of the shop."""
    dashboard = watch.dashboard(shop.server.url)
    dashboard.open(**shop.window)
    return dashboard
