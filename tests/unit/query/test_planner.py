"""Each step of the planner, value in, value out.

Now is Wednesday 2025-06-18 12:43:27 UTC. With the default retention these histories end there::

    10 s     10:43:00 today        minute   06-11 12:00 (totals: 06-11 12:30)
    15 min   03-20 00:00           hour     05-19 00:00
    day      2024-06-18 00:00
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import Coverage, StatusRange
from mockforge_analytics.model.tiers import TIERS, Fact
from mockforge_analytics.model.window import MICROSECONDS, Granularity, Window
from mockforge_analytics.query.cover import cover, kept_part, snap
from mockforge_analytics.query.planner import (
    check_filters,
    choose_fact,
    choose_granularity,
    finest_granularity,
    format_instant,
    prepare,
    resolve_window,
)
from mockforge_analytics.query.spec import MAX_POINTS, QuerySpec
from tests.traffic import AGES, DAY, HOUR, KEPT_SECONDS, NOW, NOW_US, coverage_of, row

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE = 60


def at(text: str) -> int:
    """Return a Unix second of 2025 (``06-18 12:43:20``)."""
    return int(datetime.fromisoformat(f"2025-{text}+00:00").timestamp())


def kept(first: int | None = None, last: int | None = None, held: Sequence[Window] = ()) -> Coverage:
    """Return the coverage of a database whose requests lie from `first` to `last` (seconds)."""
    found = coverage_of([], held)
    ends = [None if second is None else second * MICROSECONDS for second in (first, last)]
    first_us, last_us = ends
    return Coverage(found.floors, found.islands, first_us, last_us)


BUSY = kept(at("01-01 00:00"), NOW)  # traffic before and up to now


def slices(
    window: Window, fact: Fact, coverage: Coverage = BUSY, bucket: int | None = None
) -> list[tuple[str, int, int]]:
    """Return the cover as (tier, start, end)."""
    parts = cover(window, fact, coverage, bucket).slices
    return [(part.tier.name, part.window.start, part.window.end) for part in parts]


# --- window -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (QuerySpec(start=NOW - 100, end=NOW - 50), Window(NOW - 100, NOW - 50)),
        (QuerySpec(start=NOW - 100, end=NOW - 50, duration=50), Window(NOW - 100, NOW - 50)),
        (QuerySpec(duration=3600), Window(NOW + 1 - 3600, NOW + 1)),
        (QuerySpec(start=NOW - 100, duration=30), Window(NOW - 100, NOW - 70)),
        (QuerySpec(end=NOW - 100, duration=30), Window(NOW - 130, NOW - 100)),
        (QuerySpec(start=NOW - 100), Window(NOW - 100, NOW + 1)),
        (QuerySpec(end=NOW - 5), Window(NOW - 500, NOW - 5)),
        (QuerySpec(end=NOW - 900), Window(NOW - 901, NOW - 900)),
        (QuerySpec(), Window(NOW - 500, NOW - 9)),
        (QuerySpec(start=NOW - 100, end=NOW + 5000), Window(NOW - 100, NOW + 1)),
        (QuerySpec(start=NOW + 100, end=NOW + 200), Window(NOW + 100, NOW + 200)),
        (QuerySpec(end=50, duration=100), Window(0, 50)),
    ],
)
def test_bounds(spec: QuerySpec, expected: Window) -> None:
    assert resolve_window(spec, kept(NOW - 500, NOW - 10), NOW_US) == (expected, [])


def test_the_newest_request_may_be_newer_than_the_clock() -> None:
    coverage = kept(NOW - 500, NOW + 40)
    assert resolve_window(QuerySpec(), coverage, NOW_US)[0] == Window(NOW - 500, NOW + 41)
    assert resolve_window(QuerySpec(start=NOW), coverage, NOW_US)[0] == Window(NOW, NOW + 41)


def test_all_of_an_empty_database_is_the_last_hour() -> None:
    assert resolve_window(QuerySpec(), kept(), NOW_US)[0] == Window(NOW + 1 - HOUR, NOW + 1)


def test_a_duration_that_contradicts_both_bounds_is_said_to_be_ignored() -> None:
    window, warnings = resolve_window(QuerySpec(start=10, end=20, duration=5), kept(), NOW_US)
    assert (window, warnings) == (
        Window(10, 20),
        ["duration is not used, because start_time and end_time are both given"],
    )


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (QuerySpec(start=20, end=20), "end_time"),
        (QuerySpec(start=20, end=10), "end_time"),
        (QuerySpec(start=NOW + 9), "start_time"),
    ],
)
def test_a_window_must_end_after_it_starts(spec: QuerySpec, field: str) -> None:
    with pytest.raises(QueryError, match="must end later") as caught:
        resolve_window(spec, kept(), NOW_US)
    assert caught.value.field == field


# --- filters and facts --------------------------------------------------------------------------------------------


def test_filters_decide_the_fact() -> None:
    hour = Window(NOW - HOUR, NOW)
    scope = QuerySpec(protocol=("HTTP",), workspace_id=("w",), environment=("prod",))
    assert choose_fact(scope.filters, hour, BUSY) is Fact.SCOPE
    assert choose_fact({}, hour, BUSY) is Fact.SCOPE
    assert choose_fact(QuerySpec(method=("GET",)).filters, hour, BUSY) is Fact.SERIES
    assert choose_fact(QuerySpec(status_code=(StatusRange(404, 404),)).filters, hour, BUSY) is Fact.SERIES


def test_totals_that_are_kept_more_coarsely_than_the_series_are_not_used() -> None:
    short = {**KEPT_SECONDS, "traffic_patterns_days": DAY}
    coverage = coverage_of([row(NOW - 300 * DAY), row(NOW)], kept=short)
    # Ten days ago: totals only by day, series by the hour.
    assert choose_fact({}, Window(NOW - 10 * DAY, NOW), coverage) is Fact.SERIES
    assert choose_fact({}, Window(at("06-08 00:00"), NOW), coverage) is Fact.SERIES
    assert choose_fact({}, Window(NOW - DAY, NOW), coverage) is Fact.SCOPE


@pytest.mark.parametrize(
    ("spec", "fact", "field"),
    [
        (QuerySpec(endpoint=("/",)), Fact.CLIENT, Dimension.ENDPOINT),
        (QuerySpec(status_code=(StatusRange(1, 2),)), Fact.CLIENT, Dimension.STATUS),
        (QuerySpec(error_type=("timeout",)), Fact.SERIES, Dimension.ERROR_TYPE),
        (QuerySpec(client_ip=("::1",)), Fact.ERROR, Dimension.CLIENT),
        (QuerySpec(user_agent_family=("curl",)), Fact.SERIES, Dimension.AGENT_FAMILY),
    ],
)
def test_a_filter_that_cannot_be_answered_is_refused_with_the_reason(
    spec: QuerySpec, fact: Fact, field: Dimension
) -> None:
    with pytest.raises(
        QueryError, match=f"{field} cannot filter this report: .* are only told apart by protocol"
    ) as caught:
        check_filters(spec.filters, (fact,))
    assert caught.value.field == field


# --- snap ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "fact", "snapped"),
    [
        ("06-18 11:43:27", "06-18 12:43:28", Fact.SERIES, ("06-18 11:43:20", "06-18 12:43:30")),
        ("06-18 10:43:00", "06-18 10:43:10", Fact.SERIES, ("06-18 10:43:00", "06-18 10:43:10")),
        ("06-18 10:42:59", "06-18 12:43:28", Fact.SERIES, ("06-18 10:42:00", "06-18 12:43:30")),
        ("06-18 09:00:01", "06-18 10:43:00", Fact.SERIES, ("06-18 09:00:00", "06-18 10:43:00")),
        ("06-11 11:59:59", "06-11 12:00:01", Fact.SERIES, ("06-11 11:00:00", "06-11 12:01:00")),
        ("05-18 23:59:59", "05-19 00:00:01", Fact.SERIES, ("05-18 00:00:00", "05-19 01:00:00")),
        ("06-11 12:29:59", "06-11 12:30:01", Fact.SCOPE, ("06-11 12:15:00", "06-11 12:31:00")),
        ("03-19 12:00:00", "03-20 00:00:01", Fact.SCOPE, ("03-19 00:00:00", "03-20 00:15:00")),
        ("06-18 12:43:27", "06-18 12:43:28", Fact.ERROR, ("06-18 12:43:00", "06-18 12:44:00")),
        ("06-18 12:43:27", "06-18 12:43:28", Fact.CLIENT, ("06-18 12:00:00", "06-18 13:00:00")),
    ],
)
def test_bounds_snap_outward_to_the_finest_tier_kept_there(
    start: str, end: str, fact: Fact, snapped: tuple[str, str]
) -> None:
    assert snap(Window(at(start), at(end)), (fact,), BUSY) == Window(at(snapped[0]), at(snapped[1]))


def test_several_facts_snap_to_the_coarsest_of_them() -> None:
    window = Window(at("05-25 10:10:00"), at("06-18 12:43:28"))
    assert snap(window, (Fact.SCOPE,), BUSY).start == at("05-25 10:00:00")
    assert snap(window, (Fact.SCOPE, Fact.SERIES, Fact.ERROR), BUSY) == Window(
        at("05-25 10:00:00"), at("06-18 12:44:00")
    )


def test_a_bound_that_one_fact_moves_is_snapped_again_for_the_others() -> None:
    """Client hours move the bound to where the series are only kept by the day."""
    floors = {tier.name: 0 for tier in TIERS} | {"series_10s": 7260, "series_minute": 7260, "series_hour": 10_800}
    coverage = Coverage(floors, {}, None, None)
    window = Window(7_300, 50_000)
    assert snap(window, (Fact.SERIES,), coverage) == Window(7_300, 50_000)
    assert snap(window, (Fact.CLIENT,), coverage) == Window(7_200, 50_400)
    assert snap(window, (Fact.SERIES, Fact.CLIENT), coverage) == Window(0, 50_400)


def test_what_is_no_longer_kept_is_cut_off_and_said() -> None:
    spec = QuerySpec(start=at("01-01 00:00:00") - 400 * DAY, end=NOW)
    prepared = prepare(spec, BUSY, NOW_US, (Fact.SERIES,))
    floor = BUSY.floors["series_day"]
    assert prepared.window == Window(floor, at("06-18 12:43:30"))
    assert prepared.warnings == ("no history is kept of 2023-11-28 00:00:00Z to 2024-06-18 00:00:00Z",)


def test_a_window_of_which_nothing_is_kept_has_no_slices() -> None:
    prepared = prepare(QuerySpec(start=1_003, end=2_007), BUSY, NOW_US, (Fact.SERIES,), series=True)
    assert prepared.window == Window(1_000, 2_010)
    assert prepared.plan(Fact.SERIES).slices == ()
    assert prepared.warnings == ("no history is kept of 1970-01-01 00:16:40Z to 1970-01-01 00:33:30Z",)


def test_held_imports_are_kept_at_their_own_age() -> None:
    held = Window(at("01-05 10:05:03") - 3650 * DAY, at("01-08 21:06:00") - 3650 * DAY)
    coverage = kept(held.start, held.end - 1, [held])
    window = snap(held, (Fact.SERIES,), coverage)
    assert window == Window(held.start - 3, held.end)
    midnight = held.start - held.start % DAY  # the day tier holds the whole day
    assert kept_part(Window(held.start - DAY, NOW), (Fact.SERIES,), coverage) == Window(midnight, NOW)
    days = Window(midnight, midnight + 4 * DAY)
    assert kept_part(Window(held.start - DAY, held.end + DAY), (Fact.SERIES,), coverage) == days
    assert snap(days, (Fact.SERIES,), coverage) == days
    assert kept_part(Window(days.end, days.end + DAY), (Fact.SERIES,), coverage) is None
    prepared = prepare(QuerySpec(start=held.start - DAY, end=NOW), coverage, NOW_US, (Fact.SERIES,))
    assert prepared.window.start == midnight
    assert [warning[:25] for warning in prepared.warnings] == ["no history is kept of 201"] * 2
    assert prepared.plan(Fact.SERIES).slices[0].window == Window(midnight, midnight + 4 * DAY)


def test_holds_that_meet_are_one() -> None:
    """Two imports that touch in the middle of a day leave no seam in it."""
    noon = NOW - NOW % DAY - 1000 * DAY + DAY // 2
    day = Window(noon - DAY // 2, noon + DAY // 2)
    islands = {"series_day": (Window(day.start, noon), Window(noon, day.end))}
    coverage = Coverage(BUSY.floors, islands, BUSY.first, BUSY.last)
    assert slices(day, Fact.SERIES, coverage) == [("series_day", day.start, day.end)]


# --- granularity --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (5 * MINUTE, Granularity.TEN_SECONDS),
        (15 * MINUTE, Granularity.TEN_SECONDS),
        (HOUR, Granularity.THIRTY_SECONDS),
        (6 * HOUR, Granularity.FIVE_MINUTES),
        (24 * HOUR, Granularity.FIVE_MINUTES),
        (7 * DAY, Granularity.HOUR),
        (30 * DAY, Granularity.SIX_HOURS),
        (90 * DAY, Granularity.DAY),
        (365 * DAY, Granularity.DAY),
    ],
)
def test_an_automatic_granularity_gives_some_hundred_points(seconds: int, expected: Granularity) -> None:
    window = snap(Window(NOW - seconds, NOW), (Fact.SCOPE,), BUSY)
    assert choose_granularity(None, window, Fact.SCOPE, BUSY, MAX_POINTS) == (expected, [])


def test_a_granularity_that_is_gone_is_refused_and_the_finest_possible_named() -> None:
    window = snap(Window(NOW - 10 * DAY, NOW), (Fact.SERIES,), BUSY)
    assert finest_granularity(window, Fact.SERIES, BUSY) is Granularity.HOUR
    assert finest_granularity(window, Fact.SCOPE, BUSY) is Granularity.FIFTEEN_MINUTES
    with pytest.raises(
        QueryError, match=r"granularity minute is no longer kept .* the finest possible is hour"
    ) as caught:
        choose_granularity(Granularity.MINUTE, window, Fact.SERIES, BUSY, MAX_POINTS)
    assert caught.value.field == "granularity"


def test_seven_days_of_minutes_are_answered_as_asked() -> None:
    prepared = prepare(
        QuerySpec(duration=7 * DAY - HOUR, granularity=Granularity.MINUTE), BUSY, NOW_US, (Fact.SCOPE,), series=True
    )
    assert (prepared.granularity, prepared.warnings) == (Granularity.MINUTE, ())


def test_too_many_points_are_made_fewer_with_a_warning() -> None:
    spec = QuerySpec(duration=DAY, granularity=Granularity.MINUTE, max_points=200)
    prepared = prepare(spec, BUSY, NOW_US, (Fact.SCOPE,), series=True)
    assert prepared.granularity is Granularity.FIFTEEN_MINUTES
    assert prepared.warnings == (
        "granularity minute would give 1441 points, more than 200: the answer has buckets of 15m",
    )
    with pytest.raises(QueryError, match="longer than 3 days") as caught:
        prepare(QuerySpec(duration=10 * DAY, max_points=3), BUSY, NOW_US, (Fact.SCOPE,), series=True)
    assert caught.value.field == "granularity"


def test_a_question_without_a_series_has_no_bucket() -> None:
    prepared = prepare(QuerySpec(duration=60), BUSY, NOW_US, (Fact.SCOPE,))
    with pytest.raises(QueryError, match="not prepared as a time series"):
        _ = prepared.bucket


def test_coarse_inside_fine_at_the_edges() -> None:
    """Two days and some, with traffic before and after.

    ::

        06-15 22:58    23:00  06-16 00:00   06-18 00:00   06:00  10:00    10:02
        | minute       | hour | day         | 6 hours     | hour | minute |
    """
    window = Window(at("06-15 22:58:00"), at("06-18 10:02:00"))
    assert slices(window, Fact.SERIES) == [
        ("series_minute", at("06-15 22:58:00"), at("06-15 23:00:00")),
        ("series_hour", at("06-15 23:00:00"), at("06-16 00:00:00")),
        ("series_day", at("06-16 00:00:00"), at("06-18 00:00:00")),
        ("series_6h", at("06-18 00:00:00"), at("06-18 06:00:00")),
        ("series_hour", at("06-18 06:00:00"), at("06-18 10:00:00")),
        ("series_minute", at("06-18 10:00:00"), at("06-18 10:02:00")),
    ]


def test_buckets_are_never_cut_by_a_wider_tier() -> None:
    window = Window(at("06-17 23:00:00"), at("06-18 02:00:00"))
    assert {name for name, *_ in slices(window, Fact.SERIES, bucket=HOUR)} == {"series_hour"}
    assert {name for name, *_ in slices(window, Fact.SERIES, bucket=5 * MINUTE)} == {"series_minute"}
    assert {name for name, *_ in slices(window, Fact.SCOPE, bucket=HOUR)} == {"scope_15m"}


def test_the_newest_bucket_is_read_whole_where_nothing_is_newer() -> None:
    window = Window(at("06-18 00:00:00"), at("06-18 12:43:30"))
    assert slices(window, Fact.SERIES) == [("series_day", at("06-18 00:00:00"), at("06-19 00:00:00"))]
    newer = kept(at("01-01 00:00"), at("06-18 12:43:30"))
    assert slices(window, Fact.SERIES, newer)[-1][0] == "series_10s"
    assert slices(window, Fact.SERIES, bucket=MINUTE)[-1] == (
        "series_minute",
        at("06-18 00:00:00"),
        at("06-18 12:44:00"),
    )


def test_the_oldest_bucket_is_read_whole_where_nothing_is_older() -> None:
    window = Window(at("06-16 12:30:00"), at("06-17 00:00:00"))
    oldest = kept(at("06-16 12:30:00"), NOW)
    assert slices(window, Fact.SERIES, oldest) == [("series_day", at("06-16 00:00:00"), at("06-17 00:00:00"))]
    assert slices(window, Fact.SERIES)[0] == ("series_minute", at("06-16 12:30:00"), at("06-16 13:00:00"))


def test_gauges_know_nothing_of_the_newest_request() -> None:
    window = Window(at("06-18 12:00:00"), at("06-18 12:43:30"))
    assert slices(window, Fact.GAUGE) == [
        ("gauge_minute", at("06-18 12:00:00"), at("06-18 12:43:00")),
        ("gauge_10s", at("06-18 12:43:00"), at("06-18 12:43:30")),
    ]


HELD = st.lists(
    st.tuples(st.integers(300 * DAY, 900 * DAY), st.integers(1, 40 * DAY)).map(
        lambda pair: Window(NOW - pair[0], NOW - pair[0] + pair[1])
    ),
    max_size=1,
)


@given(
    st.tuples(AGES, AGES, st.integers(0, 800 * DAY)),
    st.sampled_from([Fact.SERIES, Fact.SCOPE, Fact.ERROR]),
    HELD,
    st.tuples(st.integers(0, 900 * DAY), st.integers(0, 20 * HOUR)),
    st.sampled_from([None, *Granularity]),
)
def test_a_cover_has_every_request_of_the_window_exactly_once(
    ages: tuple[int, ...], fact: Fact, held: list[Window], ends: tuple[int, int], bucket: Granularity | None
) -> None:
    first, last = NOW - max(ends), NOW - min(ends)
    coverage = kept(first, last, held)
    window = snap(Window(NOW - max(ages), NOW - min(ages) + 1), (fact,), coverage)
    found = cover(window, fact, coverage, bucket)
    probes = {window.start, window.end - 1, first, last, *(hole.start for hole in found.holes)}
    probes |= {
        edge + step for part in found.slices for edge in (part.window.start, part.window.end) for step in (-1, 0)
    }
    for second in probes:
        if not first <= second <= last:
            continue  # no request has that time
        readers = [part for part in found.slices if part.window.start <= second < part.window.end]
        missing = any(hole.start <= second < hole.end for hole in found.holes)
        assert len(readers) + missing == (window.start <= second < window.end)
        for part in readers:
            start = second - second % part.tier.width
            assert coverage.ranges(part.tier, Window(start, start + part.tier.width))
    fine = [tier for tier in TIERS if tier.fact is fact and (bucket is None or bucket % tier.width == 0)]
    for hole in found.holes:
        assert not any(coverage.ranges(tier, hole) for tier in fine if hole.seconds >= 2 * tier.width)


def test_instants_past_the_calendar_are_shown_as_numbers() -> None:
    assert format_instant(0) == "1970-01-01 00:00:00Z"
    assert format_instant(10**15) == "second 1000000000000000"
