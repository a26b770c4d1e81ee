"""Increments against a counter that is simulated one event at a time."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.sources.prometheus.counters import (
    NEVER,
    Increments,
    Marks,
    Samples,
    increments,
    whole_numbers,
)

Sample = tuple[int, int, int]  # series, time, value


def samples(*given: Sample, created: dict[int, int] | None = None) -> Samples:
    ordered = sorted(given)
    series = np.array([entry[0] for entry in ordered], np.int64)
    return Samples(
        series,
        np.array([entry[1] for entry in ordered], np.int64),
        np.array([(created or {}).get(entry[0], NEVER) for entry in ordered], np.int64),
        np.array([[entry[2]] for entry in ordered], np.int64).reshape(len(ordered), 1),
    )


def watch(*times: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(times or [NEVER], np.int64)


def rows(found: Increments) -> list[tuple[int, int, int, int]]:
    return list(
        zip(
            found.series.tolist(),
            found.start.tolist(),
            found.end.tolist(),
            found.amount[:, 0].tolist(),
            strict=True,
        )
    )


def test_what_lies_between_samples_is_their_difference() -> None:
    found = increments(samples((0, 1_000, 5), (0, 2_000, 7), (0, 3_000, 7)), Marks.none(1), watch())
    assert rows(found) == [(0, 1_000, 2_000, 2), (0, 2_000, 3_000, 0)]
    assert found.marks.time.tolist() == [3_000]
    assert found.marks.value.tolist() == [[7]]


def test_after_a_reset_the_value_counts() -> None:
    # promqltest: resets and increase over 0 1 2 3 2 3 4 and 5 4 3
    found = increments(samples(*((0, 1_000 * i, v) for i, v in enumerate((5, 3, 1)))), Marks.none(1), watch())
    assert [amount for *_, amount in rows(found)] == [3, 1]
    assert found.resets == 2


def test_a_creation_time_tells_of_a_reset_that_values_hide() -> None:
    marks = Marks(np.array([1_000]), np.array([[4]]))
    found = increments(samples((0, 3_000, 9), created={0: 2_000}), marks, watch())
    assert rows(found) == [(0, 2_000, 3_000, 9)]
    assert found.resets == 1


def test_what_a_counter_held_before_anybody_looked_does_not_count() -> None:
    assert rows(increments(samples((0, 1_000, 500)), Marks.none(1), watch())) == []


def test_a_series_that_was_not_there_before_counts_in_full() -> None:
    found = increments(samples((0, 9_000, 3)), Marks.none(1), watch(6_000))
    assert rows(found) == [(0, 6_000, 9_000, 3)]
    assert found.assumed == 1


def test_a_series_older_than_the_watch_only_sets_its_mark() -> None:
    found = increments(samples((0, 9_000, 3), created={0: 2_000}), Marks.none(1), watch(6_000))
    assert rows(found) == []
    assert found.marks.value.tolist() == [[3]]


def test_a_new_series_counts_from_its_creation_on() -> None:
    found = increments(samples((0, 9_000, 3), created={0: 8_000}), Marks.none(1), watch(6_000))
    assert rows(found) == [(0, 8_000, 9_000, 3)]


def test_a_histogram_resets_as_a_whole_and_its_sum_may_fall_alone() -> None:
    marks = Marks(np.array([0]), np.array([[1, 5, 900]]))
    fresh = Samples(np.array([0, 0]), np.array([10, 20]), np.array([NEVER, NEVER]), np.array([[2, 6, 800], [3, 3, 50]]))
    found = increments(fresh, marks, watch(), counting=2)
    assert found.amount.tolist() == [[1, 1, -100], [3, 3, 50]]
    assert found.resets == 1


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_only_finite_values_of_either_side_of_nothing_are_counters(values: list[float]) -> None:
    whole, usable = whole_numbers(np.array(values, np.float64))
    for value, number, fine in zip(values, whole.tolist(), usable.tolist(), strict=True):
        assert fine == (0 <= value <= 2**53)
        if fine:
            assert number == round(value)


@pytest.mark.parametrize("seed", range(30))
def test_any_way_of_reading_the_samples_counts_every_event_once(seed: int) -> None:
    """Counters that count, vanish and restart, read in overlapping pieces."""
    chance = random.Random(seed)
    series = chance.randrange(1, 5)
    value, seen, expected = [0] * series, [False] * series, [0] * series
    history: list[Sample] = []
    pending = [0] * series  # events since the last sample; those before a restart are lost to any reader
    for time in range(1, chance.randrange(5, 60)):
        for number in range(series):
            events = chance.randrange(4)
            value[number] += events
            pending[number] += events
            if chance.random() < 0.1:  # a restart: the counter falls below its last sample or the reader cannot know
                value[number], pending[number] = 0, 0
            if chance.random() < 0.7:
                last = next((v for n, _, v in reversed(history) if n == number), 0)
                if value[number] < last:
                    pending[number] = value[number]
                else:
                    pending[number] = value[number] - last
                if seen[number]:
                    expected[number] += pending[number]
                seen[number] = True
                history.append((number, time * 1_000, value[number]))
                pending[number] = 0
    marks, total, position = Marks.none(series), [0] * series, 0
    while position < len(history):
        step = chance.randrange(1, 12)
        overlap = history[max(0, position - chance.randrange(6)) : position + step]
        found = increments(samples(*overlap), marks, watch(*[NEVER] * series))
        for number, _, _, amount in rows(found):
            total[number] += amount
        marks, position = found.marks, position + step
    assert total == expected
