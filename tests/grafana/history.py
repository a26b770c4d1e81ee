"""Forty minutes of known traffic, and what our real server's `/metrics` said of it every thirty seconds.

The clock is ours, so that the minutes take no time; Prometheus gets the expositions as history.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from mockforge_analytics.model.batch import GAUGE_SCHEMA
from tests.support.requests import frame
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.server import Served
    from tests.support.stores import FixedClock

__all__ = ["BUSY_END", "QUIET_END", "STEP", "History", "Moment", "record"]

STEP: Final = 30
BUSY_END: Final = 40 * STEP
QUIET_END: Final = 80 * STEP
MICRO: Final = 1_000_000
ACCEPT: Final = "application/openmetrics-text; version=1.0.0"
# None within 2.2 % of a bound of MockForge's buckets: there the nearest bucket is the right one.
LATENCIES: Final = (700, 3_000, 20_000, 40_000, 300_000, 700_000, 1_700_000, 3_300_000)
_SAMPLE: Final = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)$")
_LABEL: Final = re.compile(r'([a-z_]+)="([^"]*)"')

Labels = frozenset[tuple[str, str]]
Samples = dict[tuple[str, Labels], float]


def labels(**values: str) -> Labels:
    """Return labels as Prometheus has them: an empty one is none."""
    return frozenset((name, value) for name, value in values.items() if value)


@dataclass(frozen=True)
class Write:
    """What was handed over at a time, and what became of it."""

    at: int
    rows: Sequence[Row]
    outcomes: dict[str, int]
    open: dict[tuple[str, str], int]


@dataclass
class History:
    """All writes, and all scrapes as text and read."""

    start: int
    writes: list[Write] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    scrapes: dict[int, Samples] = field(default_factory=dict)

    def openmetrics(self) -> str:
        """Return all scrapes with their times, for `promtool tsdb create-blocks-from openmetrics`."""
        lines = [
            f"{line} {at}"
            for at, text in self.texts
            for line in text.splitlines()
            if not line.startswith("#") and "_created" not in line
        ]
        return "\n".join([*lines, "# EOF", ""])


@dataclass(frozen=True)
class Moment:
    """The history as a query at the second `at` sees it; `keep` are the requests that its variables let through."""

    history: History
    at: int
    keep: Callable[[Row], bool] = lambda _row: True

    def filtered(self, **wanted: str) -> Moment:
        return replace(self, keep=lambda entry: all(entry[name] == value for name, value in wanted.items()))

    def rows(self, seconds: int | None = None) -> list[Row]:
        """Return the requests stored in the last `seconds`, or ever."""
        return [
            entry
            for write in self.history.writes
            if (seconds is None or write.at > self.at - seconds) and write.at <= self.at
            for entry in write.rows
            if self.keep(entry)
        ]

    def outcome(self, name: str, seconds: int) -> int:
        return sum(w.outcomes[name] for w in self.history.writes if self.at - seconds < w.at <= self.at)

    @property
    def last_write(self) -> Write:
        return [write for write in self.history.writes if write.at <= self.at][-1]

    def now(self, name: str) -> dict[Labels, float]:
        """Return the scraped values of a metric."""
        return {at: value for (metric, at), value in self.history.scrapes[self.at].items() if metric == name}

    def increase(self, name: str, seconds: int) -> dict[Labels, float]:
        """Return by how much the scraped values of a metric grew."""
        before = Moment(self.history, self.at - seconds).now(name)
        return {at: value - before[at] for at, value in self.now(name).items() if at in before}


def record(served: Served, clock: FixedClock, start: int) -> History:
    """Send traffic to `served`: twenty busy minutes, then twenty with one request a minute."""
    history, chance = History(start), random.Random(5)
    for at in range(start + STEP, start + QUIET_END + STEP, STEP):
        clock.now = at
        rows = _busy(at, chance) if at <= start + BUSY_END else _quiet(at, start)
        history.writes.append(_write(served, at, rows, chance, busy=at <= start + BUSY_END))
        served.data("overview")
        served.database.store.call(lambda _committer: None)  # the counters have heard of the commit then
        answer = served.client.get("/metrics", params={"names": "both"}, headers={"Accept": ACCEPT})
        assert answer.status_code == 200, answer.text
        history.texts.append((at, answer.text))
        history.scrapes[at] = parsed(answer.text)
    return history


def parsed(text: str) -> Samples:
    """Read an exposition by the plain form that its lines have."""
    found: Samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            sample = _SAMPLE.match(line)
            assert sample, line
            found[sample[1], labels(**dict(_LABEL.findall(sample[2] or "")))] = float(sample[3])
    return found


def _busy(at: int, chance: random.Random) -> list[Row]:
    return [_any(at, chance) for _ in range(chance.randrange(8, 16))]


def _any(at: int, chance: random.Random) -> Row:
    protocol = chance.choices(["HTTP", "gRPC"], [4, 1])[0]
    return row(
        at - chance.random() * STEP,
        protocol=protocol,
        method="GET" if protocol == "HTTP" else "Get",
        endpoint=chance.choice(["/a", "/b"]) if protocol == "HTTP" else "Shop/Get",
        status_code=chance.choices([200, 404, 500], [7, 2, 1])[0] if protocol == "HTTP" else 200,
        environment=chance.choice(["prod", "dev"]),
        workspace_id="shop" if protocol == "gRPC" else "",
        latency_us=chance.choice([None, *LATENCIES]),
        bytes_sent=chance.randrange(1_000),
    )


def _quiet(at: int, start: int) -> list[Row]:
    minute, second = divmod(at - start, 60)
    status = 500 if minute % 3 == 0 else 200
    entry = row(at - 1, endpoint="/a", environment="prod", status_code=status, latency_us=LATENCIES[minute % 8])
    return [entry] if second == 0 else []


def _write(served: Served, at: int, rows: list[Row], chance: random.Random, *, busy: bool) -> Write:
    open_now = {(name, "prod"): chance.randrange(1, 9) for name in ("HTTP", "WebSocket")}
    samples = [
        ((at - 1) * MICRO, name, "", environment, "app", value) for (name, environment), value in open_now.items()
    ]
    gauges = pl.DataFrame(samples, schema=GAUGE_SCHEMA, orient="row")
    refused = [row(at, status_code=200, latency_us=-1)] * (1 if busy else 0)
    served.database.write_requests(frame([*rows, *refused]), token=str(at), gauges=gauges)
    repeated = rows if busy and at % 60 == 0 else []
    if repeated:
        served.database.write_requests(frame(repeated), token=str(at))
    outcomes = {
        "received": len(rows) + len(refused) + len(repeated),
        "stored": len(rows),
        "deduplicated": len(repeated),
        "rejected": len(refused),
        "overflowed": 0,
    }
    return Write(at, rows, outcomes, open_now)


def backfill(history: History, folder: Path, run: Callable[..., Any]) -> None:
    """Put the history into the data folder of a Prometheus that does not run yet."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "history.txt"
    file.write_text(history.openmetrics())
    run(["promtool", "tsdb", "create-blocks-from", "openmetrics", file, folder / "data"], check=True)
