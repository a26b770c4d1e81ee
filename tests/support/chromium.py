"""The Chromium of the system, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from playwright.sync_api import Browser, sync_playwright

from tests.repo.syntax import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FLAGS", "chromium"]

# No sandbox, because containers of CI lack what it needs; and nothing that talks to anyone but the server under test.
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_DASHBOARD: Final = ROOT / "src" / "mockforge_analytics" / "ui_dist" / "index.html"


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Run the browser for the block, with `flags` on top of the usual ones."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed: scripts/system-packages test"
    assert _DASHBOARD.exists(), "the dashboard is not built: make ui"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
        try:
            yield running
        finally:
            running.close()
