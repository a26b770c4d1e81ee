"""What subscribers hold after any traffic equals what the reports say of the same window, to the unit."""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from mockforge_analytics.live.projection import Projection, Told
from mockforge_analytics.live.question import Frames, Question
from mockforge_analytics.model.batch import GAUGE_SCHEMA, Batch, Deltas, Intake
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.reports.latency import latency_trends
from mockforge_analytics.query.reports.overview import overview
from mockforge_analytics.query.spec import QuerySpec
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.store.retention import run_retention
from tests.support.listener import Listener, expected_lines
from tests.support.requests import frame
from tests.support.stores import MICROS, NOW, FixedClock, settings
from tests.traffic import row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mockforge_analytics.model.commit import Committed
    from tests.traffic import Row

HOUR: Final = 3_600
DAY: Final = 86_400
QUESTIONS: Final = {
    "an hour by protocol": Question(QuerySpec(duration=HOUR), "protocol", Frames.DELTA),
    "a minute by status": Question(QuerySpec(duration=60), "status_code", Frames.DELTA),
    "cut buckets by class": Question(
        QuerySpec(duration=1_234, granularity=Granularity.FIVE_MINUTES), "status_class", Frames.DELTA
    ),
    "more endpoints than lines": Question(QuerySpec(duration=600), "endpoint", Frames.DELTA),
    "a day in minutes": Question(QuerySpec(duration=DAY, environment=("prod",)), "none", Frames.DELTA),
    "ten days": Question(QuerySpec(duration=10 * DAY), "environment", Frames.DELTA),
    "ten days by endpoint": Question(QuerySpec(duration=10 * DAY), "endpoint", Frames.DELTA),
    "filtered": Question(
        QuerySpec(duration=900, method=("get",), status_code=(StatusRange(400, 599), StatusRange(0, 0))),
        "method",
        Frames.DELTA,
    ),
    "a workspace": Question(QuerySpec(duration=2 * HOUR, workspace_id=("one", "")), "workspace_id", Frames.DELTA),
}


@dataclass
class Stage:
    """A database, everything that was written to it, and what its feed told since somebody last looked."""

    database: AnalyticsDatabase
    clock: FixedClock
    rows: list[Row] = field(default_factory=list)
    heard: list[Committed] = field(default_factory=list)

    def write(self, *rows: Row, bulk: bool = False, hold: str | None = None) -> None:
        deltas, refused = self.database.rollup.deltas(
            frame(rows), now_us=self.clock.now_us(), fine_from=self.database.store.fine_from
        )
        assert not refused
        batch = Batch(self.clock.now_us(), Intake("test", len(rows)), deltas, bulk=bulk, hold=hold)
        assert self.database.store.write(batch).stored == len(rows)
        self.rows += rows

    def sample(self, seconds_ago: float, value: int, source: str = "a", protocol: str = "HTTP") -> None:
        at = round((self.clock.now - seconds_ago) * MICROS)
        gauges = pl.DataFrame([(at, protocol, "", "", source, value)], schema=GAUGE_SCHEMA, orient="row")
        self.database.store.write(Batch(self.clock.now_us(), Intake("gauge", 0), Deltas.empty(), gauges))

    def take(self) -> list[Committed]:
        self.database.store.call(lambda _committer: None)  # commits are told before the writer's next piece of work
        heard = list(self.heard)
        self.heard.clear()
        return heard


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    clock = FixedClock(NOW + 3.25)
    with AnalyticsDatabase.open(folder / "a.db", config=settings(), clock=clock) as database:
        stage = Stage(database, clock)
        assert database.store.feed is not None
        unsubscribe = database.store.feed.subscribe(stage.heard.append)
        yield stage
        unsubscribe()


class Watch:
    """A projection, what its listener holds, and the loop time at which it works."""

    def __init__(self, stage: Stage, question: Question) -> None:
        self.stage = stage
        self.question = question
        self.projection = Projection(question, stage.database.store, stage.clock)
        self.listener = Listener()
        self.now = 1_000.0
        self.build = True

    def turn(self, backlog: list[Committed], *, wanted: bool = False, due: bool = True) -> Told:
        """Work until there is something to tell, and apply it."""
        told = None
        while told is None:
            self.now += 10.0
            told = self.projection.work(backlog, self.now, build=self.build, wanted=wanted, due=due)
            self.build = told is None
        for message in (told.delta, told.snapshot, told.regular):
            if message is not None:
                self.listener.take(message)
        return told

    def check(self) -> None:
        """Compare what the listener holds with reports over the window it names."""
        stage, held = self.stage, self.listener
        spec = replace(
            self.question.spec,
            duration=None,
            start=held.window[0],
            end=held.window[1],
            granularity=next(width for width in Granularity if width.label == held.granularity),
        )
        now_us = stage.clock.now_us()
        with stage.database.store.snapshot() as snapshot:
            assert snapshot.commit == held.commit
            totals, trends = overview(snapshot, spec, now_us), latency_trends(snapshot, spec, now_us)
            by_duration = overview(snapshot, self.question.spec, now_us)
        assert (totals.window.start, totals.window.end) == held.window
        assert by_duration.window == totals.window
        assert held.overview == told_overview(totals, now_us)
        assert list(held.latency.values()) == told_trends(trends.frame)
        expected = expected_lines(stage.rows, held.window, held.width, self.question.group_by, spec.filters)
        assert held.lines == expected


def told_overview(report: Any, now_us: int) -> dict[str, Any]:
    latency = report.latency
    return {
        "timestamp": now_us // MICROS,
        "total_requests": report.total_requests,
        "total_errors": report.total_errors,
        "error_rate": report.error_rate,
        "avg_latency_ms": latency.average or 0.0,
        "p50_latency_ms": latency.p50 or 0.0,
        "p95_latency_ms": latency.p95 or 0.0,
        "p99_latency_ms": latency.p99 or 0.0,
        "min_latency_ms": latency.minimum or 0.0,
        "max_latency_ms": latency.maximum or 0.0,
        "latency_count": latency.count,
        "active_connections": report.active_connections or 0,
        "requests_per_second": report.requests_per_second,
        "total_bytes_sent": report.total_bytes_sent,
        "total_bytes_received": report.total_bytes_received,
    }


def told_trends(trends: pl.DataFrame) -> list[dict[str, Any]]:
    names = {
        "p50_latency_ms": "p50",
        "p95_latency_ms": "p95",
        "p99_latency_ms": "p99",
        "avg_latency_ms": "avg",
        "min_latency_ms": "min",
        "max_latency_ms": "max",
    }
    return trends.fill_null(0).rename(names).to_dicts()


def some_row(chance: random.Random, now: float, span: int) -> Row:
    age = chance.choice([chance.uniform(0, 20), chance.uniform(0, span * 1.1), chance.uniform(-100, 0)])
    return row(
        now - age,
        protocol=chance.choice(["HTTP", "gRPC", "MQTT"]),
        method=chance.choice(["GET", "POST", ""]),
        endpoint=chance.choice([f"/e{chance.randrange(12)}", "/common", ""]),
        status_code=chance.choice([200, 200, 201, 404, 500, 0]),
        workspace_id=chance.choice(["", "one", "two"]),
        environment=chance.choice(["", "prod"]),
        latency_us=chance.choice([None, round(chance.lognormvariate(9, 2))]),
        bytes_sent=chance.randrange(1_000),
        bytes_received=chance.randrange(100),
    )


def act(chance: random.Random, stage: Stage, span: int) -> None:
    """Do one of the things that change what a live window shows."""
    kind = chance.choice(["write", "write", "write", "bulk", "sample", "fold", "time", "time", "long", "back", "trim"])
    if kind in ("write", "bulk"):
        rows = [some_row(chance, stage.clock.now, span) for _ in range(chance.randrange(1, 30))]
        stage.write(*rows, bulk=kind == "bulk", hold="import" if kind == "bulk" else None)
    elif kind == "sample":
        stage.sample(
            chance.uniform(-30, span), chance.randrange(100), chance.choice("ab"), chance.choice(["HTTP", "gRPC"])
        )
    elif kind == "fold":
        stage.database.fold()
    elif kind == "trim":
        now_us, retention = stage.clock.now_us(), stage.database.config.retention
        run_retention(stage.database.store.call, retention, now_us, live_only=True)
    else:
        stage.clock.now += {"time": chance.uniform(0, 25), "long": chance.uniform(0, span), "back": -3.0}[kind]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", QUESTIONS)
def test_after_any_traffic_the_listener_holds_what_the_reports_say(tmp_path: Path, name: str, seed: int) -> None:
    chance = random.Random(f"{name}{seed}")
    question = QUESTIONS[name]
    span = question.spec.duration or HOUR
    with staged(tmp_path) as stage:
        stage.write(*(some_row(chance, stage.clock.now, span) for _ in range(200)))
        stage.sample(5, 17)
        watch = Watch(stage, question)
        for _ in range(25):
            for _ in range(chance.randrange(3)):
                act(chance, stage, span)
            watch.turn(stage.take(), wanted=chance.random() < 0.2)
            watch.check()
        if "endpoint" not in name:
            assert watch.listener.kinds["delta"] > 5, watch.listener.kinds


def test_a_missing_commit_is_noticed_and_everything_read_anew(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        watch = Watch(stage, QUESTIONS["an hour by protocol"])
        watch.turn([])
        stage.write(row(NOW))
        stage.take()  # lost
        stage.write(row(NOW), row(NOW - 60))
        watch.turn(stage.take())
        assert watch.listener.kinds == {"snapshot": 2}
        watch.check()


def test_a_commit_is_told_as_increments_without_reading_the_database(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.write(row(NOW - 100))
        watch = Watch(stage, QUESTIONS["an hour by protocol"])
        watch.turn(stage.take())
        before = watch.projection.builds
        stage.write(row(NOW, latency_us=2_000), row(NOW, status_code=500, latency_us=None))
        stage.write(row(NOW - 90))
        told = watch.turn(stage.take())
        assert told.delta is not None
        delta = json.loads(told.delta)
        assert (delta["type"], delta["commit"] - delta["from_commit"]) == ("delta", 2)
        assert delta["series"] == [
            {
                "label": "HTTP",
                "data": [
                    {"timestamp": NOW - 90, "value": 1, "error_count": 0},
                    {"timestamp": NOW, "value": 2, "error_count": 1},
                ],
            }
        ]
        assert [item["timestamp"] for item in delta["latency"]] == [NOW - 90, NOW]
        assert watch.projection.builds == before
        watch.check()


def test_a_window_that_moves_on_takes_from_the_bucket_it_cuts(tmp_path: Path) -> None:
    question = Question(QuerySpec(duration=120, granularity=Granularity.MINUTE), "none", Frames.DELTA)
    with staged(tmp_path) as stage:
        stage.write(*(row(NOW - 115 + second) for second in range(0, 100, 10)))
        watch = Watch(stage, question)
        watch.turn(stage.take())
        watch.check()
        stage.clock.now += 10
        told = watch.turn([])
        assert told.delta is not None
        assert json.loads(told.delta)["series"] == [
            {"label": "(all)", "data": [{"timestamp": NOW - 120, "value": -1, "error_count": 0}]}
        ]
        watch.check()


def test_nothing_new_is_a_tick(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        watch = Watch(stage, QUESTIONS["an hour by protocol"])
        watch.turn(stage.take())
        assert watch.turn([]).regular is not None
        assert watch.turn([], due=False) == Told()


def test_a_commit_that_the_filters_leave_out_is_told_of_later(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        watch = Watch(stage, QUESTIONS["filtered"])
        watch.turn([])
        watch.projection.work([], watch.now, build=False, wanted=False, due=False)
        stage.write(row(NOW, method="PUT"))
        told = watch.turn(stage.take(), due=False)
        assert told.delta is not None
        stage.write(row(NOW, method="PUT"))
        told_at_once = watch.projection.work(stage.take(), watch.now + 0.1, build=False, wanted=False, due=False)
        assert told_at_once is not None
        assert (told_at_once.delta, told_at_once.again_at) == (None, watch.now + 1.0)
        watch.turn([])
        watch.check()


def test_an_hour_of_frames_leaves_no_memory_behind(tmp_path: Path) -> None:
    """Every structure that grows with time is as large after an hour as it was when the window was first full."""
    with staged(tmp_path) as stage:
        watch = Watch(stage, replace(QUESTIONS["more endpoints than lines"], spec=QuerySpec(duration=60)))
        watch.turn([])
        sizes = []
        for second in range(0, HOUR, 10):
            stage.clock.now += 10
            stage.write(row(stage.clock.now, endpoint=f"/e{second % 70}", latency_us=second))
            stage.sample(0, second)
            watch.turn(stage.take())
            if second % 600 == 590:
                view = watch.projection._view
                assert view is not None
                sizes.append((len(watch.listener.latency), len(view.connections), view.ring.filled))
        watch.check()
        assert len(set(sizes)) == 1, sizes
