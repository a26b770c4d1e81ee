"""A day of history in a real Prometheus, read by a server that has never run before, and is killed on the way."""

from __future__ import annotations

import random
import subprocess
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.process import Server, server_process, start_server
from tests.support.prometheus import BOUNDS, Prometheus, Target, prometheus
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

HOUR: Final = 3_600
SCRAPE: Final = 30
HOURS: Final = 24
TARGET: Final = 'job="shop",instance="a"'
KINDS: Final = (("GET", "/a", "200"), ("GET", "/a", "404"), ("POST", "/b", "500"), ("GET", "/late", "200"))
MOST_SAMPLES: Final = 3_000  # that the server loads for one query: two hours of this history


@dataclass
class Day:
    """What a target counted, scrape by scrape; `expected` is what was requested, by hour and kind."""

    start: int
    lines: list[str] = field(default_factory=list)
    expected: defaultdict[int, Counter[tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    latencies: int = 0


def day(start: int) -> Day:
    """Return a day with restarts, a gap in the scrapes, and a kind of request that comes in the middle of it."""
    chance = random.Random(7)
    made = Day(start)
    counted: Counter[tuple[str, str, str]] = Counter(dict.fromkeys(KINDS[:3], 1000000))
    buckets = [500] * (len(BOUNDS) + 1)
    total = 0.0
    restarts = {chance.randrange(1, HOURS * HOUR // SCRAPE) for _ in range(5)}
    for number in range(HOURS * HOUR // SCRAPE + 1):
        at = start + number * SCRAPE
        if number in restarts:
            counted, buckets, total = Counter(), [0] * len(buckets), 0.0
        if number:
            before = (at - 1 - start) // HOUR
            for kind in KINDS[: 3 if number < 1_500 else 4]:
                more = chance.choice([0, 0, 1, 2, 7, 40])
                counted[kind] += more
                made.expected[before][kind] += more
                for _ in range(more):
                    seconds = chance.lognormvariate(-4, 2)
                    buckets[bisect_left(BOUNDS, seconds)] += 1
                    total += seconds
                    made.latencies += 1
        if 700 <= number < 715:  # nobody scraped; the target went on
            continue
        made.lines += scraped(at, counted, buckets, total)
    return made


def scraped(at: int, counted: Counter[tuple[str, str, str]], buckets: list[int], total: float) -> list[str]:
    lines = [f"up{{{TARGET}}} 1 {at}"]
    for (method, path, status), count in counted.items():
        labels = f'method="{method}",handler="{path}",status="{status}",{TARGET}'
        lines.append(f"http_requests_total{{{labels}}} {count} {at}")
    for place, bound in enumerate((*map(str, BOUNDS), "+Inf")):
        below = sum(buckets[: place + 1])
        lines.append(f'http_request_duration_seconds_bucket{{handler="/a",{TARGET},le="{bound}"}} {below} {at}')
    lines.append(f'http_request_duration_seconds_sum{{handler="/a",{TARGET}}} {total} {at}')
    return lines


def collector(server: Server) -> dict[str, Any]:
    (found,) = server.data("status")["collectors"]
    assert isinstance(found, dict)
    return found


def exposed(source: Prometheus) -> dict[str, float]:
    """Return how many queries the server has answered, by status."""
    families = text_string_to_metric_families(httpx.get(f"{source.url}/metrics").text)
    return {
        sample.labels["code"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "prometheus_http_requests_total" and sample.labels["handler"] == "/api/v1/query"
    }


def hourly(server: Server, start: int, end: int) -> dict[int, Counter[tuple[str, str, str]]]:
    """Return what is stored by hour and kind."""
    found: defaultdict[int, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for kind in KINDS:
        method, path, code = kind
        answer = server.data(
            "requests",
            start_time=start,
            end_time=end,
            granularity="hour",
            method=method,
            endpoint=path,
            status_code=code,
        )
        for series in answer["series"]:
            for point in series["data"]:
                found[(point["timestamp"] - start) // HOUR][kind] += point["value"]
    return dict(found)


def test_a_day_of_blocks_is_read_in_bounded_pieces_and_counted_exactly(tmp_path: Path) -> None:
    end = int(time.time()) // HOUR * HOUR - HOUR
    known = day(end - HOURS * HOUR)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    file = tmp_path / "history.om"
    file.write_text("\n".join([*known.lines, "# EOF", ""]))
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", file, folder / "data"],
        check=True,
        capture_output=True,
    )
    with prometheus(folder, Target(9), "1m", f"--query.max-samples={MOST_SAMPLES}") as source:
        settings = tmp_path / "mockforge-analytics.toml"
        settings.write_text(
            f'[[prometheus]]\nurl = "{source.url}"\nname = "p"\nhistory_seconds = {30 * HOUR}\ninterval_seconds = 60\n'
        )
        killed = start_server(tmp_path)
        until(lambda: (collector(killed)["until"] or 0) > known.start + HOUR, "a part of the history")
        killed.kill()
        with server_process(tmp_path) as server:
            until(lambda: (collector(server)["until"] or 0) >= end, "all of the history")
            status = collector(server)
            found = hourly(server, known.start, end)
            overview = server.data("overview", start_time=known.start, end_time=end)
            told = exposed(source)
    assert status["error"] is None
    assert {hour: +counts for hour, counts in found.items()} == {
        hour: +counts for hour, counts in known.expected.items()
    }
    assert overview["total_requests"] == sum(map(Counter.total, known.expected.values())) == status["requests"]
    assert overview["latency_count"] == known.latencies
    assert status["resets"] > 0
    assert told["422"] >= 1  # it was asked for too much, and then for less
    assert told["200"] <= 100  # the pieces were hours, not scrapes
