"""What a person sees of the dashboard, read from a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser import screen
from tests.browser.sent import NONE, Sums
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

__all__ = ["Dashboard", "settles"]

_READ_BARS = """panel => Object.fromEntries([...panel.querySelectorAll('li > button[class$="_bar"]')].map(bar => {
    const part = name => bar.querySelector(`:scope > [class$="_${name}"]`)?.textContent
    return [part('label'), [part('count'), part('share')]]
}))"""
_READ_TABLE = """box => [...box.querySelectorAll('tbody tr[data-row]')].map(row =>
    [...row.cells].map(cell => {
        const copy = cell.cloneNode(true)
        for (const tool of copy.querySelectorAll('[class$="_tools"]')) tool.remove()
        return copy.textContent.trim()
    }))"""


def settles(read: Callable[[], Any], expected: Any, what: str) -> None:
    """Return when `read` gives `expected`; show both where it never does."""
    seen: list[Any] = []

    def same() -> bool:
        seen[:] = [read()]
        return bool(seen[0] == expected)

    try:
        until(same, what, 30)
    except AssertionError:
        assert seen[0] == expected, what


@dataclass(frozen=True)
class Dashboard:
    """The page of a browser on the dashboard at `url` (without a slash at the end)."""

    page: Page
    url: str

    def open(self, place: str = "", /, **search: Any) -> None:
        """Go to a page of the dashboard; lists repeat their name."""
        query = urlencode(search, doseq=True)
        self.page.goto(f"{self.url}/{place}" + (f"?{query}" if query else ""))

    def panel(self, title: str) -> Locator:
        """Return a titled part of the page."""
        return self.page.get_by_role("region", name=title, exact=True)

    @property
    def bar(self) -> Locator:
        """The filter bar."""
        return self.page.get_by_role("search", name="Window and filters")

    @property
    def badge(self) -> Locator:
        """The button that says how fresh the figures are."""
        return self.page.get_by_role("button", name="Updates:")

    @property
    def result(self) -> Locator:
        """The line that says in words what is on screen."""
        return self.bar.locator("p")

    def card(self, label: str) -> Locator:
        """Return the card named `label`."""
        return self.panel("Figures").locator(f"xpath=.//button[span[1][text()[normalize-space()='{label}']]]")

    def figure(self, label: str) -> Locator:
        """Return the value of a card."""
        return self.card(label).locator("xpath=./span[2]")

    def shows_total(self, total: int) -> None:
        """Wait until the card says so."""
        expect(self.figure("Total requests")).to_have_text(screen.count(total))

    def bars(self, title: str) -> dict[str, list[str]]:
        """Return the lines of a list with bars: count and share by label."""
        found: dict[str, list[str]] = self.panel(title).evaluate(_READ_BARS)
        return found

    def table(self, label: str) -> list[list[str]]:
        """Return the cells of a table's rows."""
        found: list[list[str]] = self.page.get_by_role("group", name=label, exact=True).evaluate(_READ_TABLE)
        return found

    def pick(self, dimension: str, *values: str) -> None:
        """Tick values in the list of a dimension of the filter bar."""
        self.bar.locator(f'button[aria-label^="{dimension}"]').click()
        for value in values:
            options = self.page.locator(f'ul[aria-label="{dimension}"] li')
            options.filter(has=self.page.locator(f'span[title="{value}"]')).get_by_role("checkbox").check()
        self.page.keyboard.press("Escape")

    def shows(self, sums: Sums, most: int = 5) -> None:
        """Hold the cards and the lists of the overview against what was sent."""
        self.shows_cards(sums)
        self.shows_shares("Protocols", sums.by(lambda row: row.protocol), most)
        codes = sums.by(lambda row: "No status" if row.status is None else str(row.status))
        self.shows_shares("Status codes", codes, most)
        top = sums.by(lambda row: f"{row.method or row.protocol}{row.endpoint}")
        settles(
            lambda: {row[0]: row[1] for row in self.table("Top endpoints")},
            {name: screen.count(number) for name, number in top.items()},
            "top endpoints",
        )

    def shows_cards(self, sums: Sums) -> None:
        """Hold the cards against what was sent."""
        self.shows_total(sums.total)
        expect(self.figure("Errors")).to_have_text(screen.count(sums.errors))
        expect(self.figure("Error rate")).to_have_text(screen.percent(sums.error_rate))
        for label, right, error in (
            ("Avg latency", sums.average, 0.0),
            ("P50 latency", sums.percentile(50), screen.LATENCY_ERROR),
            ("P95 latency", sums.percentile(95), screen.LATENCY_ERROR),
            ("P99 latency", sums.percentile(99), screen.LATENCY_ERROR),
            ("Bytes sent", sums.bytes_sent, 0.0),
            ("Bytes received", sums.bytes_received, 0.0),
        ):
            shown = screen.amount(self.figure(label).inner_text().replace("\n", ""))
            assert shown == pytest.approx(right, rel=error + 0.005), label  # three digits are shown

    def shows_shares(self, title: str, counts: dict[str, int], most: int) -> None:
        """Hold a list with bars, which shows the `most` frequent, against counts."""
        total = sum(counts.values())
        ordered = sorted(counts.values(), reverse=True)
        assert len(ordered) <= most or ordered[most - 1] > ordered[most], "a tie decides what is shown"
        shown = {name: number for name, number in counts.items() if number >= ordered[min(most, len(ordered)) - 1]}
        right = {
            "No status" if name == NONE else name: [screen.count(number), screen.percent(100 * number / total, 1)]
            for name, number in shown.items()
        }
        settles(lambda: self.bars(title), right, title)
