"""The recorder end to end, with a real nginx: every planned request becomes one line of the log."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from examples.recording.rhythm import DAYS, arrivals, weight
from examples.recording.stretch import WEEK_START, stretch
from examples.recording.week import faults, plan_week

REPOSITORY = Path(__file__).resolve().parents[2]
SEED, SHARE, SECONDS_PER_DAY = 5, 0.004, 0.4
LINE = re.compile(
    r'(?P<client>[0-9a-f.:]+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) \d+'
    r' "[^"]*" "[^"]*" (?P<latency>\d+\.\d{3})'
)
DOCUMENTATION_OR_LOOPBACK = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "127.")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[re.Match[str]]:
    output = tmp_path_factory.mktemp("recorded") / "log.zst"
    options = ["--seed", str(SEED), "--share", str(SHARE), "--seconds-per-day", str(SECONDS_PER_DAY)]
    subprocess.run(
        [sys.executable, "-m", "examples.recording", output, *options],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        check=True,
        capture_output=True,
        timeout=120,
    )
    with zstandard.open(output, "rt", encoding="ascii") as stream:
        lines = [LINE.fullmatch(line.removesuffix("\n")) for line in stream]
    assert None not in lines
    return [line for line in lines if line]


def test_every_planned_request_becomes_one_line(recorded: list[re.Match[str]]) -> None:
    assert len(recorded) == sum(len(session.steps) for session in plan_week(SEED, SHARE))


def test_lines_are_of_the_week_in_order(recorded: list[re.Match[str]]) -> None:
    times = [datetime.strptime(line["time"], "%d/%b/%Y:%H:%M:%S %z") for line in recorded]
    assert times == sorted(times)
    assert times[0] >= WEEK_START
    assert WEEK_START + timedelta(days=DAYS - 1) < times[-1] < WEEK_START + timedelta(days=DAYS)


def test_clients_are_nobody_and_answers_differ(recorded: list[re.Match[str]]) -> None:
    assert all(line["client"].startswith(DOCUMENTATION_OR_LOOPBACK) for line in recorded)
    assert any(":" in line["client"] for line in recorded)
    statuses = Counter(line["status"] for line in recorded)
    assert statuses["200"] > statuses.total() / 2
    assert {"201", "302", "304", "400", "401", "404"} <= statuses.keys()
    assert any(float(line["latency"]) > 0 for line in recorded)


def test_same_seed_same_plan() -> None:
    assert plan_week(1, 0.002) == plan_week(1, 0.002)
    assert plan_week(1, 0.002) != plan_week(2, 0.002)


def test_faults_lie_inside_the_week() -> None:
    assert all(0 <= fault.start_s < fault.end_s <= DAYS * 10 for fault in faults(10.0))


def test_rhythm_averages_one_and_has_quiet_nights() -> None:
    samples = [weight(DAYS * step / 7_000) for step in range(7_000)]
    assert sum(samples) / len(samples) == pytest.approx(1.0, abs=0.02)
    assert weight(2 + 3 / 24) < weight(2 + 20 / 24) / 4


def test_arrivals_follow_the_rhythm() -> None:
    found = list(arrivals(random.Random(7), 20_000, days=DAYS))
    by_hour = Counter(int(day % 1 * 24) for day in found)
    assert found == sorted(found)
    assert by_hour[20] > 4 * by_hour[3]
    assert len(found) == pytest.approx(20_000 * DAYS, rel=0.02)


def test_stretch_changes_only_the_time() -> None:
    raw = (
        rb'1763928000.250 203.0.113.9 - u[18/Nov/2026 [23/Nov/2026:20:00:00 +0000] "GET / HTTP/1.1" 302 0 "-" "x" 0.003'
    )
    moved = list(stretch([raw + b"\n"], origin=1763928000.0, seconds_per_day=80.0))
    # 0.25 s of 80 s a day are 270 s of a day.
    expected = rb'203.0.113.9 - u[18/Nov/2026 [16/Nov/2026:00:04:30 +0000] "GET / HTTP/1.1" 302 0 "-" "x" 0.003'
    assert moved == [expected + b"\n"]


@given(
    st.lists(st.integers(0, 700_000), min_size=1).map(sorted),
    st.floats(0.5, 100, allow_nan=False),
)
def test_stretch_keeps_order_and_week(offsets_ms: list[int], seconds_per_day: float) -> None:
    raw = [
        b'%d.%03d 192.0.2.1 - - [23/Nov/2026:20:00:00 +0000] "GET / HTTP/1.1" 200 0 "-" "-" 0.000\n'
        % (1763928000 + ms // 1_000, ms % 1_000)
        for ms in offsets_ms
    ]
    moved = list(stretch(raw, origin=1763928000.0, seconds_per_day=seconds_per_day))
    times = [datetime.strptime(line.decode()[15:41], "%d/%b/%Y:%H:%M:%S %z") for line in moved]
    assert times == sorted(times)
    assert all(WEEK_START <= time < WEEK_START + timedelta(days=DAYS) for time in times)


def test_stretch_refuses_a_foreign_line() -> None:
    with pytest.raises(ValueError, match="not a raw line"):
        list(stretch([b"no log line\n"], origin=0.0, seconds_per_day=1.0))


def test_week_starts_on_a_monday_and_ends_on_22_november() -> None:
    assert WEEK_START.weekday() == 0
    assert WEEK_START + timedelta(days=DAYS) == datetime(2026, 11, 23, tzinfo=UTC)
