"""Counting over readings of any cut, against processes that are simulated one request at a time."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
import pytest

from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.status import Tally
from mockforge_analytics.sources.prometheus.counters import NEVER
from mockforge_analytics.sources.prometheus.counting import Counting, start
from mockforge_analytics.sources.prometheus.mapping import Kind, Rule
from mockforge_analytics.sources.prometheus.memory import FORGET_AFTER, MAX_SERIES, Memory, within_bounds
from mockforge_analytics.sources.prometheus.series import RawSeries, counter_columns
from mockforge_analytics.sources.prometheus.state import load_state, save_state
from tests.support.series import counted_requests, raw

REQUESTS = Rule("r_total", Kind.REQUESTS, {"endpoint": "path", "status": "code"}, {"protocol": "HTTP"})
DURATION = Rule("d_seconds", Kind.DURATION, {"endpoint": "path"}, {"protocol": "HTTP"})
RULES = (REQUESTS, DURATION)
BOUNDS = (0.01, 0.1, 1.0, float("inf"))
WIDTH = 10_000
KINDS = [("/a", "200"), ("/a", "500"), ("/b", "200"), ("/c", "404")]


@dataclass
class Process:
    """Counts requests, forgets them when it restarts, and is scraped."""

    name: str
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def expose(self) -> dict[tuple[tuple[str, str], ...], float]:
        shown: dict[tuple[tuple[str, str], ...], float] = {(("__name__", "up"),): 1.0}
        for (path, code), count in self.counts.items():
            shown[("__name__", "r_total"), ("code", code), ("path", path)] = count
        for path, seconds in self.latencies.items():
            for bound in BOUNDS:
                le = "+Inf" if bound == float("inf") else str(bound)
                at_most = sum(value <= bound for value in seconds)
                shown[("__name__", "d_seconds_bucket"), ("le", le), ("path", path)] = at_most
            shown[("__name__", "d_seconds_sum"), ("path", path)] = sum(seconds)
        return shown


@dataclass
class World:
    """All samples so far, and what a perfect reader knows of each request."""

    samples: dict[tuple[tuple[str, str], ...], list[tuple[int, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    latencies: int = 0

    def series(self, after: int, until: int) -> list[RawSeries]:
        found = []
        for labels, points in self.samples.items():
            known = [point for point in points if after <= point[0] <= until]
            if known:
                rest = dict(labels)
                found.append(raw(rest.pop("__name__"), known, **rest))
        return found


def simulate(chance: random.Random, scrapes: int) -> World:
    world = World()
    processes = [Process(f"p{number}") for number in range(2)]
    for time in range(1_000, scrapes * 1_000, 1_000):
        for process in processes:
            # What a process served since its last scrape is lost with it: it restarts right after one.
            if chance.random() < 0.1:
                process.counts.clear()
                process.latencies.clear()
            for _ in range(chance.randrange(6)):
                path, code = chance.choice(KINDS)
                process.counts[path, code] += 1
                process.latencies[path].append(chance.choice([0.005, 0.05, 0.5, 5.0]))
                if time > 1_000:  # what is there at the first look belongs to no known time
                    world.requests[path, int(code)] += 1
                    world.latencies += 1
            for labels, value in process.expose().items():
                world.samples[(*labels, ("instance", process.name))].append((time, value))
    return world


@pytest.mark.parametrize("seed", range(25))
def test_every_request_counts_once_however_the_history_is_cut(seed: int) -> None:
    chance = random.Random(seed)
    scrapes = chance.randrange(4, 40)
    world = simulate(chance, scrapes)
    expected_hidden = _hidden(world)
    counting, found, latencies, until = start(), Counter[tuple[object, ...]](), 0, 0
    while until < scrapes * 1_000:
        after, until = until, until + chance.randrange(500, 9_000)
        overlap = chance.choice([0, 0, 2_500])
        taken = counting.take(RULES, world.series(after - overlap, until), until, WIDTH)
        found.update(counted_requests(taken.counted, "endpoint", "status_code"))
        latencies += int(taken.counted.measures[Measure.LATENCY_COUNT].sum())
        counting, tally = load_state(save_state(taken.after, Tally()))
        assert tally == Tally()
    assert {**found} == {
        kind: n - expected_hidden[kind] for kind, n in world.requests.items() if n > expected_hidden[kind]
    }
    assert latencies <= world.latencies


def _hidden(world: World) -> Counter[tuple[str, int]]:
    """Return the requests of each kind that no counter shows: grown past its last value right after a restart."""
    shown: Counter[tuple[str, int]] = Counter()
    for labels, points in world.samples.items():
        known = dict(labels)
        if known["__name__"] != "r_total":
            continue
        last = 0.0
        for time, value in points:
            if time > 1_000:
                shown[known["path"], int(known["code"])] += int(value - last if value >= last else value)
            last = value
    return Counter({kind: n - shown[kind] for kind, n in world.requests.items()})


def gained(
    counting: Counting, series: list[RawSeries], until: int, rules: tuple[Rule, ...] = RULES
) -> tuple[int, Counting]:
    taken = counting.take(rules, series, until, WIDTH)
    return int(taken.counted.measures[Measure.REQUESTS].sum()), taken.after


def test_a_rule_that_is_read_only_now_counts_from_now_on() -> None:
    """Its target was seen before, its counters were not looked at: what they hold is old."""
    other = Rule("other_total", Kind.REQUESTS)
    known = raw("r_total", [(1_000, 1), (2_000, 2)])
    _, counting = gained(start(), [known], 2_000, (REQUESTS,))
    amount, counting = gained(counting, [raw("other_total", [(3_000, 500)])], 3_000, (REQUESTS, other))
    assert amount == 0
    amount, _ = gained(counting, [raw("other_total", [(4_000, 503)])], 4_000, (REQUESTS, other))
    assert amount == 3


def test_a_rule_that_had_no_series_before_counts_its_first_ones_in_full() -> None:
    other = Rule("other_total", Kind.REQUESTS)
    known = [raw("r_total", [(2_000, 2)])]
    counting = start().take((REQUESTS,), known, 2_000, WIDTH, frozenset({other.key})).after
    amount, counting = gained(counting, [raw("other_total", [(3_000, 5)])], 3_000, (REQUESTS, other))
    assert amount == 5
    # Read no more for a while, and then again: what happened to others meanwhile is not known.
    counting = counting.take((REQUESTS,), [raw("r_total", [(4_000, 2)])], 4_000, WIDTH).after
    amount, _ = gained(counting, [raw("other_total", [(5_000, 70)], path="/new")], 5_000, (REQUESTS, other))
    assert amount == 0


def test_a_new_series_of_a_watched_target_counts_in_full_and_is_told() -> None:
    up = raw("up", [(1_000, 1), (2_000, 1), (3_000, 0), (4_000, 1)], instance="i")
    _, counting = gained(start(), [up], 4_000)
    taken = counting.take(RULES, [raw("r_total", [(5_000, 7)], instance="i")], 5_000, 1_000)
    assert taken.assumed == 1
    assert taken.counted.measures[Measure.REQUESTS].sum() == 7
    # it began after the scrape before, a second earlier
    assert set(taken.counted.frame["timestamp"].to_list()) <= {4_000_000, 5_000_000}


def test_a_target_that_was_down_was_not_watched() -> None:
    _, counting = gained(start(), [raw("up", [(1_000, 0)], instance="i")], 1_000)
    amount, _ = gained(counting, [raw("r_total", [(2_000, 7)], instance="i")], 2_000)
    assert amount == 0


def test_a_gap_longer_than_twelve_days_counts_at_its_end() -> None:
    days = 86_400_000
    _, counting = gained(start(), [raw("r_total", [(1_000, 5)])], 1_000)
    taken = counting.take(RULES, [raw("r_total", [(6 * days, 15)])], 6 * days, WIDTH)
    assert taken.counted.measures[Measure.REQUESTS].sum() == 10
    late = start().take(RULES, [raw("r_total", [(0, 5), (90 * days, 90_005)])], 90 * days, 60_000)
    assert late.counted.measures[Measure.REQUESTS].sum() == 90_000
    assert min(late.counted.frame["timestamp"].to_list()) >= (90 - 13) * days * 1_000


def test_memory_forgets_what_is_gone_and_is_bounded() -> None:
    _, counting = gained(start(), [raw("r_total", [(1_000, 5)], path="/old")], 1_000)
    later = 1_000 + FORGET_AFTER + 1
    _, counting = gained(counting, [raw("r_total", [(later, 5)], path="/new")], later)
    assert [len(memory.numbers) for memory in counting.memories] == [1]
    columns = counter_columns(REQUESTS, [raw("r_total", [(later, n)], path=path) for n, path in enumerate("abcde")])
    memory = Memory.empty(REQUESTS.key, columns).grown(columns.only([4], "others"), 1.0)
    kept = within_bounds(columns, memory, MAX_SERIES - 2)
    assert [dict(key)["path"] for key in kept.keys] == ["a", "b", "e"]
    assert kept.samples.value.ravel().tolist() == [0, 1, 4]
    assert kept.refused == {f"more than {MAX_SERIES} series": 2}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -1.0, 1e308, 2.0**63])
def test_what_no_counter_can_hold_is_left_out_and_counted(value: float) -> None:
    series = [raw("r_total", [(1_000, 1), (2_000, value), (3_000, 4)])]
    taken = start().take(RULES, series, 3_000, WIDTH)
    assert taken.counted.measures[Measure.REQUESTS].sum() == 3
    assert taken.refused == {"not a counter value": 1}


def bucket(le: str, *samples: tuple[int, float]) -> RawSeries:
    return raw("d_seconds_bucket", samples, le=le)


def merged(*series: RawSeries) -> list[RawSeries]:
    """Return series with the same labels as one, as a server does."""
    points: dict[tuple[tuple[str, str], ...], list[tuple[int, float]]] = defaultdict(list)
    for one in series:
        points[tuple(one.labels.items())] += list(zip(one.time.tolist(), one.value.tolist(), strict=True))
    return [raw(dict(labels)["__name__"], known, **dict(labels[1:])) for labels, known in points.items()]


def test_a_bad_histogram_is_left_out_and_the_counts_are_kept() -> None:
    requests = raw("r_total", [(1_000, 1), (2_000, 5)])
    without_end = [bucket("0.1", (1_000, 1), (2_000, 5)), bucket("1", (1_000, 1), (2_000, 5))]
    taken = start().take(RULES, [requests, *without_end], 2_000, WIDTH)
    assert taken.refused == {'buckets without le="+Inf"': 1}
    falling = [bucket("0.1", (1_000, 1), (2_000, 9)), bucket("+Inf", (1_000, 2), (2_000, 8))]
    taken = start().take(RULES, [requests, *falling], 2_000, WIDTH)
    assert taken.refused == {"buckets that fall": 1}
    assert taken.counted.measures[Measure.REQUESTS].sum() == 4
    assert taken.counted.measures[Measure.LATENCY_COUNT].sum() == 0


def test_a_change_of_layout_is_another_histogram() -> None:
    """The process came back with other buckets: what it has counted since is new."""
    up = raw("up", [(1_000, 1), (2_000, 1), (3_000, 1)])
    old = [bucket("0.1", (1_000, 1), (2_000, 4)), bucket("+Inf", (1_000, 1), (2_000, 5))]
    new = [bucket("0.5", (3_000, 2)), bucket("+Inf", (3_000, 3))]
    taken = start().take(RULES, [up, *merged(*old, *new)], 3_000, WIDTH)
    assert taken.counted.measures[Measure.LATENCY_COUNT].sum() == 4 + 3


def test_an_answer_without_some_buckets_counts_nothing_twice() -> None:
    up = raw("up", [(1_000, 1), (2_000, 1), (3_000, 1), (4_000, 1)])
    whole = [
        bucket("0.1", (1_000, 1), (2_000, 4), (4_000, 5)),
        bucket("+Inf", (1_000, 1), (2_000, 5), (3_000, 6), (4_000, 7)),
    ]
    taken = start().take(RULES, [up, *whole], 4_000, WIDTH)
    assert taken.counted.measures[Measure.LATENCY_COUNT].sum() == 6


def test_a_sum_that_resets_alone_moves_no_count() -> None:
    series = [
        bucket("0.1", (1_000, 1), (2_000, 4)),
        bucket("+Inf", (1_000, 1), (2_000, 4)),
        raw("d_seconds_sum", [(1_000, 0.09), (2_000, 0.01)]),
    ]
    taken = start().take(RULES, series, 2_000, WIDTH)
    assert taken.resets == 0
    assert taken.counted.measures[Measure.LATENCY_COUNT].sum() == 3
    assert 0 <= taken.counted.measures[Measure.LATENCY_SUM].sum() <= 300_000


def test_counts_past_any_product_are_still_dealt_exactly() -> None:
    huge = 2**45
    series = [bucket("0.1", (0, 0), (25_000, huge)), bucket("+Inf", (0, 0), (25_000, huge + 7))]
    taken = start().take(RULES, series, 25_000, WIDTH)
    assert taken.counted.measures[Measure.LATENCY_COUNT].sum() == huge + 7
    assert (taken.counted.measures[Measure.LATENCY_COUNT] >= 0).all()
    assert taken.counted.histograms.totals().tolist() == taken.counted.measures[Measure.LATENCY_COUNT].tolist()


def test_nothing_is_known_before_the_first_reading() -> None:
    assert start().until == NEVER
    assert len(start().take(RULES, [], 1_000, WIDTH).counted) == 0
    assert np.array_equal(start().take(RULES, [], 1_000, WIDTH).counted.measures[0], [])
