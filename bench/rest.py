"""Latency of the routes over loopback, quiet and while traffic comes in, beside that of the reports alone."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.databases import HISTORIES, SetClock, copied, history_file, opened
from bench.measure import ROOT, median, nearest_rank
from bench.outcome import Figure, Section, Table, number
from bench.questions import HEADLINES, OTHERS
from bench.rest_server import BATCHES_A_SECOND, REQUESTS_A_BATCH
from mockforge_analytics.api.app import BASE_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.context import Context

__all__ = ["measure"]

BASE: Final = next(iter(HISTORIES))
OVERHEAD_MS: Final = 1.0
MILLISECONDS: Final = 1_000.0
EMPTY: Final = "/health"
_WARMING: Final = 3
# Each route, and the report that answers it, where its alone is timed.
ROUTES: Final = {
    "overview?duration=7d": "overview",
    "requests?duration=7d&granularity=auto": "requests",
    "requests?duration=7d&granularity=auto&group_by=endpoint": None,
    "latency?duration=7d&granularity=auto": "latency_trends",
    "latency/distribution?duration=7d": "latency_distribution",
    "errors?duration=7d": "errors",
    "errors/trend?duration=7d&granularity=auto": None,
    "errors/events?duration=7d": "error_events",
    "endpoints?duration=7d": "endpoints",
    "endpoints?duration=7d&trend=true": None,
    "protocols?duration=7d": "protocols",
    "status-codes?duration=7d": "status_codes",
    "clients?duration=7d": "clients",
    "traffic-patterns?duration=7d": "traffic_patterns",
    "peaks?duration=7d": "peaks",
    "dimensions?dimension=endpoint&duration=7d": "dimension_values",
    "overview?duration=1h": None,
    "export/csv?duration=1h": None,
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of the answers of a route, and the bytes of one."""

    milliseconds: tuple[float, ...]
    size: int

    @property
    def p50(self) -> float:
        return median(self.milliseconds)

    @property
    def p95(self) -> float:
        return nearest_rank(self.milliseconds, 0.95)


@contextmanager
def _server(context: Context, path: Path, *, ingest: bool) -> Iterator[int]:
    """Give the port of a server process over `path`."""
    command = [sys.executable, "-m", "bench.rest_server", str(path), BASE, str(int(context.quick)), str(int(ingest))]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()
        process.wait()


def _ask(port: int, repeats: int) -> dict[str, Timing]:
    """Return the timings of all routes, asked in turn on one connection."""
    found: dict[str, list[float]] = {route: [] for route in (EMPTY, *ROUTES)}
    sizes: dict[str, int] = {}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for turn in range(repeats + _WARMING):
        for route in found:
            begin = time.perf_counter()
            connection.request("GET", route if route == EMPTY else f"{BASE_PATH}/{route}")
            answer = connection.getresponse()
            sizes[route] = len(answer.read())
            if answer.status != http.client.OK:
                message = f"{route} was answered with {answer.status}"
                raise RuntimeError(message)
            if turn >= _WARMING:
                found[route].append((time.perf_counter() - begin) * MILLISECONDS)
    connection.close()
    return {route: Timing(tuple(times), sizes[route]) for route, times in found.items()}


def _alone(path: Path, repeats: int) -> dict[str, float]:
    """Return the median milliseconds of the reports themselves, warm."""
    questions = {question.report: question for question in (*HEADLINES, *OTHERS) if not question.filters}
    found: dict[str, float] = {}
    with opened(path, SetClock()) as database:
        for report in filter(None, ROUTES.values()):
            times = []
            for turn in range(repeats + _WARMING):
                begin = time.perf_counter()
                questions[report].ask(database)
                if turn >= _WARMING:
                    times.append((time.perf_counter() - begin) * MILLISECONDS)
            found[report] = median(times)
    return found


def measure(context: Context) -> list[Section]:
    """Return the section."""
    repeats = context.sized(40, 5)
    path = history_file(context, BASE)
    with context.folder() as folder:
        copy = copied(path, folder)
        alone = _alone(copy, repeats)
        with _server(context, copy, ingest=False) as port:
            quiet = _ask(port, repeats)
        with _server(context, copy, ingest=True) as port:
            busy = _ask(port, repeats)
    return [_section(alone, quiet, busy, repeats)]


def _section(alone: dict[str, float], quiet: dict[str, Timing], busy: dict[str, Timing], repeats: int) -> Section:
    empty = quiet[EMPTY].p50
    added = [quiet[route].p50 - alone[report] - empty for route, report in ROUTES.items() if report is not None]
    rows = [
        (
            route,
            "" if report is None else number(alone[report]),
            f"{number(quiet[route].p50)} / {number(quiet[route].p95)}",
            f"{number(busy[route].p50)} / {number(busy[route].p95)}",
            f"{quiet[route].size:,}",
        )
        for route, report in ROUTES.items()
    ]
    figures = (
        Figure("added to the report, median of the routes", median(added), "ms", OVERHEAD_MS),
        Figure("added to the report, most", max(added), "ms"),
        Figure(f"{EMPTY}, p50", empty, "ms"),
    )
    columns = ("route", "report alone p50", "quiet", "while traffic comes in", "bytes")
    method = _METHOD.format(repeats=repeats)
    return Section(f"REST: {BASE}", method, figures, (Table("Milliseconds p50 / p95.", columns, rows),))


_METHOD: Final = (
    "A server process over a copy of the history, asked route by route in turn on one connection over loopback, "
    f"{{repeats}} times each after {_WARMING} that are not counted: quiet, and while {BATCHES_A_SECOND} batches of "
    f"{REQUESTS_A_BATCH} requests come in a second, with default settings. Reports alone are called in this process "
    "over the same file. No compression. What is added is the answer over HTTP less the report alone and less "
    f"`{EMPTY}`, which has no report to wait for."
)
