"""Make docs/images/*.png, the pictures of the dashboard, from a real run of the demo."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from playwright.sync_api import expect

from mockforge_analytics.api.app import BASE_PATH
from tests.support.chromium import chromium
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

__all__ = ["FOLDER", "LARGEST_BYTES", "main"]

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
LARGEST_BYTES: Final = 300_000
REQUESTS_A_SECOND: Final = "1.5"  # about what the recorded week has, so that one does not dwarf the other
LIVE_REQUESTS: Final = 60
SECONDS: Final = 180.0
PATIENCE_MS: Final = 60_000
DESK: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
_READY: Final = re.compile(r"^ready at (http://\S+?)/? ")


@dataclass(frozen=True)
class Picture:
    """A page of the dashboard as a file of docs/images; `text` is there once the figures are."""

    name: str
    place: str
    text: str
    options: dict[str, Any] = field(default_factory=dict)


PICTURES: Final = (
    Picture("overview-light", "?range=24h", "Top endpoints", {"viewport": DESK}),
    Picture("overview-dark", "?range=24h", "Top endpoints", {"color_scheme": "dark"}),
    Picture("overview-phone", "?range=24h", "Top endpoints", {"viewport": PHONE, "has_touch": True, "is_mobile": True}),
    Picture("endpoints", "endpoints?range=24h", "Endpoints"),
    Picture("errors", "errors?range=24h", "Single errors"),
    Picture("traffic", "traffic?range=7d", "Traffic heatmap", {"color_scheme": "dark"}),
)


@contextmanager
def _demo(folder: Path) -> Iterator[str]:
    """Run the demo; give the address of its dashboard once it has a week of history and some live traffic."""
    ports = ("--port", "0", "--shop-port", "0")
    command = [sys.executable, "-m", "mockforge_analytics", "demo", *ports, "--rate", REQUESTS_A_SECOND]
    with subprocess.Popen(
        [*command, "--database", str(folder / "demo.db")], stdout=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        assert process.stdout is not None
        try:
            url = next(found[1] for line in process.stdout if (found := _READY.match(line)))
            until(lambda: _newest(url) > LIVE_REQUESTS, "traffic of the visitors", SECONDS)
            yield url
        finally:
            process.send_signal(signal.SIGINT)


def _newest(url: str) -> int:
    """Return how many requests came in the last minutes."""
    answer = httpx.get(f"{url}{BASE_PATH}/overview", params={"duration": "5m"}, timeout=SECONDS)
    return int(answer.raise_for_status().json()["data"]["total_requests"])


def _take(browser: Browser, url: str, picture: Picture) -> int:
    """Write one picture, and return its bytes."""
    options = {"viewport": DESK, "timezone_id": "Europe/Berlin", "reduced_motion": "reduce", **picture.options}
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{url}/{picture.place}")
    expect(page.get_by_text(picture.text).first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Updates: live")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("status", name="Loading")).to_have_count(0, timeout=PATIENCE_MS)
    if picture.name != "endpoints":
        expect(page.locator("canvas").first).to_be_visible(timeout=PATIENCE_MS)
    target = FOLDER / f"{picture.name}.png"
    page.screenshot(path=target, animations="disabled")
    context.close()
    return target.stat().st_size


def main() -> int:
    """Write the pictures; return 1 where one of them is too large for the repository."""
    FOLDER.mkdir(exist_ok=True)
    too_large = False
    with tempfile.TemporaryDirectory() as folder, _demo(Path(folder)) as url, chromium() as browser:
        for picture in PICTURES:
            size = _take(browser, url, picture)
            too_large |= size > LARGEST_BYTES
            print(f"{picture.name}.png: {size / 1000:.0f} kB")
    return int(too_large)


if __name__ == "__main__":
    sys.exit(main())
