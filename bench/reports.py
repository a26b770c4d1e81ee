"""Latency of reports, warm and cold, over three histories."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.databases import HISTORIES, SetClock, copied, history_file, history_of, opened
from bench.history import Traffic
from bench.measure import median, nearest_rank, run
from bench.outcome import Figure, Section, Table, number
from bench.questions import HEADLINES, NO_FILTER, OTHERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.context import Context
    from bench.questions import Question
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["measure"]

BASE, LONG, MANY = HISTORIES
BATCHES_A_SECOND: Final = 20
REQUESTS_A_BATCH: Final = 5
SECONDS_BETWEEN_FOLDS: Final = 10
COLD_FACTOR: Final = 10.0
UNCHANGED: Final = 1.2
MANY_FACTOR: Final = 1.5
MANY_TOP_LISTS_MS: Final = 60.0
TOP_LISTS: Final = "overview"
MILLISECONDS: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one question over one history."""

    question: Question
    warm: tuple[float, ...]
    cold: tuple[float, ...]

    @property
    def p50(self) -> float:
        """The median when warm."""
        return nearest_rank(self.warm, 0.5)

    @property
    def p95(self) -> float:
        """The 95th percentile when warm."""
        return nearest_rank(self.warm, 0.95)


Timings = dict[tuple[str, str], Timing]


class _Live:
    """A database that gets new traffic before every question: 20 batches of 5 a second, a fold every ten seconds."""

    def __init__(self, database: AnalyticsDatabase, clock: SetClock, traffic: Traffic) -> None:
        self._database = database
        self._clock = clock
        self._traffic = traffic

    def second_passes(self) -> None:
        self._clock.second += 1
        batches = self._traffic.live(self._clock.second - 1, BATCHES_A_SECOND, REQUESTS_A_BATCH)
        self._database.store.call(lambda committer: committer.write(batches))
        if self._clock.second % SECONDS_BETWEEN_FOLDS == 0:
            self._database.fold()

    def ask(self, questions: Sequence[Question], seconds: int) -> dict[Question, list[float]]:
        """Return the milliseconds of the answers in `seconds` seconds, after one that is not counted.

        Each second begins with another question, so that all of them pay for the new data now and then.
        """
        found: dict[Question, list[float]] = {question: [] for question in questions}
        for question in questions:
            question.ask(self._database)
        for second in range(seconds):
            self.second_passes()
            turn = second % len(questions)
            for question in (*questions[turn:], *questions[:turn]):
                begin = time.perf_counter()
                question.ask(self._database)
                found[question].append((time.perf_counter() - begin) * MILLISECONDS)
        return found


def _timings(context: Context, name: str) -> Timings:
    path = history_file(context, name)
    cold = _cold(context, path, name)
    clock, found = SetClock(), {}
    traffic = Traffic(history_of(context, name))
    groups = [[question] for question in HEADLINES]
    groups += [[q for q in OTHERS if q.report == report] for report in dict.fromkeys(q.report for q in OTHERS)]
    with context.folder() as folder, opened(copied(path, folder), clock) as database:
        live = _Live(database, clock, traffic)
        for group in context.each(groups, f"reports, warm: {name}"):
            seconds = context.sized(40 if group[0] in HEADLINES else 20, 10)
            for question, warm in live.ask(group, seconds).items():
                found[question.key] = Timing(question, tuple(warm), cold[question.key])
    return {question.key: found[question.key] for question in (*HEADLINES, *OTHERS)}


def _cold(context: Context, path: Path, name: str) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return the milliseconds of first answers: headlines from processes of their own, the rest one after another."""
    found: dict[tuple[str, str], tuple[float, ...]] = {}
    jobs = [(i,) for i in range(len(HEADLINES))] + [tuple(range(len(HEADLINES), len(HEADLINES) + len(OTHERS)))]
    questions = (*HEADLINES, *OTHERS)
    for numbers in context.each(jobs, f"reports, cold: {name}"):
        repeats = context.sized(5 if len(numbers) == 1 else 2, 1)
        command = [sys.executable, "-m", "bench.cold", str(path), *map(str, numbers)]
        runs = [json.loads(run(command).output) for _ in range(repeats)]
        for position, at in enumerate(numbers):
            times = tuple(seconds[position] * MILLISECONDS for seconds in runs)
            found[questions[at].key] = times
    return found


def measure(context: Context) -> list[Section]:
    """Return one section a history."""
    base, long, many = (_timings(context, name) for name in (BASE, LONG, MANY))
    return [
        Section(f"Reports: {BASE}", _METHOD, _against_targets(base), _tables(base)),
        Section(f"Reports: {LONG}", _LONG_METHOD, _unchanged(base, long), _tables(long)),
        Section(f"Reports: {MANY}", _MANY_METHOD, _with_many(base, many), _tables(many)),
    ]


def _headlines(timings: Timings) -> list[Timing]:
    return [timings[question.key] for question in HEADLINES]


def _others(timings: Timings) -> list[Timing]:
    return [timings[question.key] for question in OTHERS]


def _against_targets(timings: Timings) -> list[Figure]:
    figures = []
    for timing in _headlines(timings):
        report, target = timing.question.report, timing.question.target_ms
        figures.append(Figure(f"{report}, warm p95", timing.p95, "ms", target))
        figures.append(Figure(f"{report}, cold", median(timing.cold), "ms", target * COLD_FACTOR))
    others = _others(timings)
    slowest, coldest = max(others, key=lambda t: t.p95), max(others, key=lambda t: median(t.cold))
    target = slowest.question.target_ms
    within = sum(t.p95 <= target for t in others)
    return [
        *figures,
        Figure(f"slowest of all others, warm p95: {_name(slowest)}", slowest.p95, "ms", target),
        Figure(f"others of {len(others)} within {number(target)} ms", within, "", len(others), at_least=True),
        Figure(f"slowest of all others, cold: {_name(coldest)}", median(coldest.cold), "ms", target * COLD_FACTOR),
    ]


def _name(timing: Timing) -> str:
    return (
        f"{timing.question.report} by {timing.question.key[1]}" if timing.question.filters else timing.question.report
    )


def _ratio(base: Timings, timing: Timing) -> float:
    return timing.p50 / base[timing.question.key].p50


def _unchanged(base: Timings, timings: Timings) -> list[Figure]:
    figures = [
        Figure(f"{timing.question.report}, warm p50 against {BASE}", _ratio(base, timing), "×", UNCHANGED)
        for timing in _headlines(timings)
    ]
    ratios = [_ratio(base, timing) for timing in _others(timings)]
    return [*figures, Figure("all others, median of the ratios", median(ratios), "×", UNCHANGED)]


def _with_many(base: Timings, timings: Timings) -> list[Figure]:
    figures = []
    for timing in _headlines(timings):
        if timing.question.report == TOP_LISTS:
            figures.append(Figure(f"{TOP_LISTS}, warm p95", timing.p95, "ms", MANY_TOP_LISTS_MS))
            figures.append(Figure(f"{TOP_LISTS}, cold", median(timing.cold), "ms", MANY_TOP_LISTS_MS * COLD_FACTOR))
        else:
            what = f"{timing.question.report}, warm p50 against {BASE}"
            figures.append(Figure(what, _ratio(base, timing), "×", MANY_FACTOR))
    top = timings["endpoints", NO_FILTER]
    slowest = max(_others(timings), key=lambda t: t.p95)
    return [
        *figures,
        Figure("endpoints, warm p95", top.p95, "ms", MANY_TOP_LISTS_MS),
        Figure(f"slowest of all others, warm p95: {_name(slowest)}", slowest.p95, "ms"),
    ]


def _tables(timings: Timings) -> list[Table]:
    filters = list(dict.fromkeys(name for _, name in timings))
    rows = []
    for report in dict.fromkeys(report for report, _ in timings):
        cells = [timings.get((report, name)) for name in filters]
        rows.append([report, *("" if cell is None else _cell(cell) for cell in cells)])
    caption = "Milliseconds by report and filter: warm p50 / p95, cold."
    return [Table(caption, ("report", *filters), rows)]


def _cell(timing: Timing) -> str:
    return f"{number(timing.p50)} / {number(timing.p95)}, {number(median(timing.cold))}"


_METHOD: Final = (
    "The last seven days of 100 requests a second over 200 series (50 endpoints), as typed answers of the library. "
    "Warm: a second passes in which 20 batches of 5 requests are committed, and every tenth second they are folded; "
    "then the question is asked (the others: one report with each of its filters, in turn). The first answer to each "
    "question does not count. Cold: the database is opened anew with empty "
    "caches of its own (those of the operating system are warm); the five main questions each in a new process, "
    "without the start of Python. Every question is asked without a filter (–) and with one of each kind."
)
_LONG_METHOD: Final = (
    "The same questions to a database that holds a year at the same rate, so that all tiers are full: 7 days of "
    "minutes, 30 of hours and clients, 90 of quarters of an hour, 365 of days."
)
_MANY_METHOD: Final = (
    "The same questions over 10,000 endpoints, one series each. The rate is 10 requests a second, so that a run can "
    "make the history: the coarse tiers hold nearly every endpoint in every bucket all the same (the minute tier holds "
    "a tenth of what it would at 100 a second)."
)
