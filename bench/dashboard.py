"""The dashboard in a real browser: first paints, bytes of script, a filter, and the memory of an hour that is live."""

from __future__ import annotations

import json
import random
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx
from playwright.sync_api import expect

from bench.measure import COMMAND, median
from bench.outcome import Figure, Section, Table, number
from mockforge_analytics.api.app import BASE_PATH
from tests.support.chromium import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, WebSocketRoute

    from bench.context import Context

__all__ = ["measure"]

HOUR: Final = 3_600
WINDOW: Final = 6 * HOUR
BATCH: Final = 5_000
PATIENCE_MS: Final = 60_000
KILOBYTE, MEGABYTE = 1e3, 1e6
ENDPOINTS: Final = 200
FIRST_PAINT_S, LARGEST_PAINT_S, SCRIPT_KB, REDRAW_MS, HEAP_MB = 0.6, 1.0, 300.0, 200.0, 50.0
_READY: Final = "ready at "
_WATCH_PAINT: Final = """new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.largestPaint = entry.startTime
}).observe({ type: 'largest-contentful-paint', buffered: true })"""
_PAINTS: Final = "[performance.getEntriesByName('first-contentful-paint')[0].startTime, window.largestPaint]"
_SCRIPTS: Final = (
    "performance.getEntriesByType('resource').map(entry => entry.name).filter(name => name.endsWith('.js'))"
)
# From the click to the frame in which both charts and the card say something new.
_FILTER: Final = """protocol => new Promise(resolve => {
    const texts = () => ['rate', 'latency'].map(id => document.querySelector(`#${id} figcaption`).textContent)
    const before = texts()
    const begin = performance.now()
    const look = () => {
        if (texts().some((text, index) => text === before[index])) requestAnimationFrame(look)
        else requestAnimationFrame(() => resolve(performance.now() - begin))
    }
    document.querySelector(`[title="Show only ${protocol}"]`).click()
    requestAnimationFrame(look)
})"""


def _events(count: int, now: float) -> Iterator[bytes]:
    """Yield batches of requests of the last hours, as lines."""
    source = random.Random(5)
    protocols = ("HTTP", "HTTP", "HTTP", "gRPC", "GraphQL")
    for _ in range(count // BATCH):
        lines = [
            json.dumps(
                {
                    "timestamp": now - source.random() * WINDOW,
                    "protocol": source.choice(protocols),
                    "method": source.choice(("GET", "POST")),
                    "path": f"/api/part-{source.randrange(ENDPOINTS)}",
                    "status_code": source.choice((200, 200, 200, 201, 404, 500)),
                    "latency_ms": source.lognormvariate(3, 1),
                    "client_ip": f"192.0.2.{source.randrange(250)}",
                    "user_agent": "curl/8.5.0",
                }
            )
            for _ in range(BATCH)
        ]
        yield "\n".join(lines).encode()


@contextmanager
def _server(folder: Path, requests: int) -> Iterator[str]:
    """Give the address of a server process with `requests` of the last hours."""
    command = [*COMMAND, "serve", "--port", "0", "--database", str(folder / "dashboard.db"), "--log-level", "warning"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith(_READY))
        url = line.removeprefix(_READY).split()[0].rstrip("/")
        headers = {"Content-Type": "application/x-ndjson"}
        for batch in _events(requests, time.time()):
            httpx.post(f"{url}{BASE_PATH}/events", content=batch, headers=headers, timeout=60).raise_for_status()
        try:
            yield url
        finally:
            process.terminate()


def _opened(browser: Browser, url: str) -> Page:
    """Return the overview with its figures, in a context with an empty cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="UTC")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(_WATCH_PAINT)
    return context.new_page()


def _settle(page: Page, url: str) -> None:
    page.goto(f"{url}/?range=6h")
    expect(page.get_by_role("group", name="Top endpoints").locator("tbody tr").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#latency canvas")).to_be_visible(timeout=PATIENCE_MS)
    # Further down, and made last.
    expect(page.get_by_title("Show only HTTP", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("status", name="Loading")).to_have_count(0, timeout=PATIENCE_MS)


def _paints(browser: Browser, url: str) -> tuple[float, float, list[str]]:
    """Return first and largest contentful paint in seconds, and the scripts of a first load."""
    page = _opened(browser, url)
    _settle(page, url)
    first, largest = page.evaluate(_PAINTS)
    scripts = page.evaluate(_SCRIPTS)
    page.context.close()
    return first / 1000, largest / 1000, scripts


def _packed_bytes(addresses: list[str]) -> dict[str, int]:
    """Return the bytes of each file as it goes over the wire with gzip."""
    found = {}
    for address in addresses:
        with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
            found[address.rpartition("/")[2]] = sum(len(part) for part in answer.iter_raw())
    return found


def _redraws(browser: Browser, url: str, times: int) -> list[float]:
    """Return milliseconds from a click on a protocol, on and off in turn, to charts that show it."""
    page = _opened(browser, url)
    _settle(page, url)
    took = [float(page.evaluate(_FILTER, "HTTP")) for _ in range(times)]
    page.context.close()
    return took


def _delta(snapshot: dict[str, Any], step: int) -> str:
    """Return the frame of second `step` after the snapshot: thirty requests, one of them an error."""
    end = snapshot["end_time"] + step
    bucket = (end - 1) // snapshot["bucket_seconds"] * snapshot["bucket_seconds"]
    totals = {**snapshot["overview"], "total_requests": snapshot["overview"]["total_requests"] + 30 * step}
    latency = {"timestamp": bucket, "p50": 20, "p95": 80 + step % 40, "p99": 150, "avg": 30, "min": 1, "max": 200}
    return json.dumps(
        {
            "type": "delta",
            "from_commit": snapshot["commit"] + step - 1,
            "commit": snapshot["commit"] + step,
            "start_time": snapshot["start_time"] + step,
            "end_time": end,
            "overview": totals,
            "series": [{"label": "HTTP", "data": [{"timestamp": bucket, "value": 30, "error_count": 1}]}],
            "latency": [{**latency, "latency_count": 30, "request_count": 30}],
        }
    )


class _Relay:
    """Stands between the page and its stream: passes snapshots on, and the frames of the benchmark after them."""

    def __init__(self) -> None:
        self.snapshot: dict[str, Any] = {}
        self._socket: WebSocketRoute | None = None

    def __call__(self, socket: WebSocketRoute) -> None:
        """Take over a socket; the page may open another when the first one was of no use to it."""

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "snapshot":
                self.snapshot, self._socket = frame, socket
                socket.send(message)

        socket.connect_to_server().on_message(pass_on)

    def send(self, frame: str) -> None:
        """Send to the socket that the newest snapshot went to."""
        assert self._socket is not None
        self._socket.send(frame)


def _heap_after(browser: Browser, url: str, seconds: int) -> tuple[float, float]:
    """Return megabytes of the tab's heap before and after `seconds` of live frames, one a drawn frame."""
    page = _opened(browser, url)
    relay = _Relay()
    page.route_web_socket("**/stream", relay)
    _settle(page, url)
    expect(page.get_by_role("button", name="Updates: live")).to_be_visible(timeout=PATIENCE_MS)
    session = page.context.new_cdp_session(page)

    def heap() -> float:
        session.send("HeapProfiler.collectGarbage")
        return float(session.send("Runtime.getHeapUsage")["usedSize"]) / MEGABYTE

    before = heap()
    snapshot = relay.snapshot
    for step in range(1, seconds + 1):
        relay.send(_delta(snapshot, step))
        page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.get_by_role("region", name="Figures")).to_contain_text(
        f"{snapshot['overview']['total_requests'] + 30 * seconds:,}", timeout=PATIENCE_MS
    )
    after = heap()
    page.context.close()
    return before, after


def measure(context: Context) -> list[Section]:
    """Return the section."""
    loads, redraws = context.sized(9, 3), context.sized(15, 3)
    requests, seconds = context.sized(200_000, 10_000), context.sized(HOUR, 60)
    span = "an hour" if seconds == HOUR else f"{seconds} seconds"
    with context.folder() as folder, _server(folder, requests) as url, chromium() as browser:
        _paints(browser, url)
        paints = [_paints(browser, url) for _ in context.each(range(loads), "first loads")]
        scripts = _packed_bytes(sorted(set(paints[0][2])))
        took = _redraws(browser, url, redraws)
        before, after = _heap_after(browser, url, seconds)
    rows = [(name, f"{size / KILOBYTE:.1f} kB") for name, size in sorted(scripts.items(), key=lambda item: -item[1])]
    return [
        Section(
            "Dashboard",
            f"Headless Chromium over loopback, a server process with {requests:,} requests of the last six hours and "
            f"{ENDPOINTS} endpoints, the overview at 1440 × 900. Paints: medians of {loads} first loads with an empty "
            "cache, as the browser itself reports them. Scripts: everything fetched by the time all figures are there, "
            f"in bytes of gzip. Filter: median of {redraws} clicks on a protocol, on and off, to the frame in which "
            f"both charts show it. Heap: after a garbage collection, before and after {seconds:,} live "
            f"frames ({span} of them) that move the window on by a second each and are all drawn.",
            (
                Figure("first contentful paint", median([paint[0] for paint in paints]), "s", FIRST_PAINT_S),
                Figure("largest contentful paint", median([paint[1] for paint in paints]), "s", LARGEST_PAINT_S),
                Figure("scripts at first load", sum(scripts.values()) / KILOBYTE, "kB", SCRIPT_KB),
                Figure("filter to redrawn charts", median(took), "ms", REDRAW_MS),
                Figure(f"heap of the tab after {span} live", after, "MB", HEAP_MB),
                Figure("heap of the tab before", before, "MB"),
            ),
            (Table("Scripts.", ("file", "gzip"), rows), Table("Slowest.", ("what", "ms"), _slowest(paints, took))),
        )
    ]


def _slowest(paints: list[tuple[float, float, list[str]]], took: list[float]) -> list[tuple[str, str]]:
    """Return the worst of the repetitions."""
    return [
        ("first contentful paint", number(max(paint[0] for paint in paints) * 1000)),
        ("largest contentful paint", number(max(paint[1] for paint in paints) * 1000)),
        ("filter to redrawn charts", number(max(took))),
    ]
