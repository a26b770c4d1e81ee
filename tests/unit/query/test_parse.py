"""Strings and mappings as people and clients write them."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.parse import PARAMETERS, parse_granularity, parse_spec, parse_status
from mockforge_analytics.query.spec import (
    MAX_DURATION_SECONDS,
    MAX_FILTER_VALUES,
    MAX_LIMIT,
    MAX_TEXT,
    Order,
    QuerySpec,
    describe_filters,
)
from mockforge_analytics.query.times import parse_duration, parse_instant
from tests.traffic import NOW, NOW_US

MIDNIGHT = 1_750_204_800  # 2025-06-18 00:00:00 UTC
DAY = 86_400
HOUR = 3_600
SHOWN = 100  # characters of a wrong value, at most
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3600", 3600),
        ("90s", 90),
        ("15m", 900),
        ("24h", 86_400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1h30m", 5_400),
        (" 1H ", 3_600),
        ("1", 1),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-5",
        "1.5h",
        "h",
        "5 m",
        "1y",
        "24h ago",
        "٣",
        "9" * 30,
        "9" * 12 + "w",
        str(MAX_DURATION_SECONDS + 1),
        "0s",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(
        QueryError, match=r"last .* is not a length of time; accepted are seconds such as 3600"
    ) as caught:
        parse_duration(text, "last")
    assert caught.value.field == "last"


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("0", 0),
        ("1432155915", 1_432_155_915),
        ("1432155915.9", 1_432_155_915),
        ("2025-06-18T00:00:00Z", MIDNIGHT),
        ("2025-06-18t00:00:00z", MIDNIGHT),
        ("2025-06-18 02:00:00+02:00", MIDNIGHT),
        ("2025-06-18", MIDNIGHT),
        ("2025-06-18T00:00:00.999", MIDNIGHT),
        ("now", NOW),
        ("now-1h", NOW - HOUR),
        ("NOW-1h30m", NOW - HOUR - HOUR // 2),
        ("now+5m", NOW + 300),
        ("24h", NOW - DAY),
        ("7d", NOW - 7 * DAY),
        ("today", MIDNIGHT),
        ("yesterday", MIDNIGHT - DAY),
    ],
)
def test_instants(text: str, second: int) -> None:
    assert parse_instant(text, NOW_US, "start_time") == second


def test_parts_of_a_second_round_away_from_the_window() -> None:
    assert parse_instant("now", NOW_US, "end_time", up=True) == NOW + 1
    assert [parse_instant(text, NOW_US, "end_time", up=True) for text in ("12", "12.5")] == [12, 13]


def test_times_without_an_offset_are_local() -> None:
    assert parse_instant("2025-06-18", NOW_US, "start_time", zone=BERLIN) == MIDNIGHT - 2 * HOUR
    assert parse_instant("today", NOW_US, "start_time", zone=BERLIN) == MIDNIGHT - 2 * HOUR
    assert parse_instant("2025-06-18T00:00Z", NOW_US, "start_time", zone=BERLIN) == MIDNIGHT
    # The night the clocks go forward: yesterday begins in winter time.
    spring = int(datetime(2025, 3, 30, 12, tzinfo=UTC).timestamp()) * 1_000_000
    yesterday = parse_instant("yesterday", spring, "start_time", zone=BERLIN)
    assert yesterday == datetime(2025, 3, 29, tzinfo=timezone(timedelta(hours=1))).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2025-13-01",
        "now-",
        "now-1y",
        "tomorrow",
        "-5",
        "1e9",
        "2025-06-18T25:00",
        "1,5",
        "\ud800",
        "x" * 500,
    ],
)
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(QueryError, match="accepted are") as caught:
        parse_instant(text, NOW_US, "start_time")
    assert caught.value.field == "start_time"
    assert "x" * SHOWN not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"), [("1750250607000", "milliseconds"), ("1960-01-01", "1970 to 9999"), ("80000d", "1970")]
)
def test_instants_outside_the_calendar(text: str, hint: str) -> None:
    with pytest.raises(QueryError, match=hint):
        parse_instant(text, NOW_US, "end_time")


def test_everything_at_once() -> None:
    spec = parse_spec(
        {
            "start_time": 1_750_000_000,
            "end_time": "2025-06-18T00:00:00Z",
            "protocol": ["HTTP,grpc", "MQTT", "HTTP"],
            "endpoint": ["/a,b", "/c"],
            "method": "GET, POST",
            "status_code": ["404,5xx", "200-204"],
            "workspace_id": "(none),one",
            "environment": ("prod",),
            "error_type": "timeout, read",
            "error_category": "timeout_error,other",
            "client_ip": "::1,10.0.0.1",
            "user_agent": "Mozilla/5.0 (X11, like Gecko)",
            "user_agent_family": "curl",
            "limit": "25",
            "granularity": "5m",
            "order": "error_rate:asc",
        },
        NOW_US,
    )
    assert spec == QuerySpec(
        start=1_750_000_000,
        end=MIDNIGHT,
        protocol=("HTTP", "grpc", "MQTT"),
        endpoint=("/a,b", "/c"),
        method=("GET", "POST"),
        status_code=(StatusRange(404, 404), StatusRange(500, 599), StatusRange(200, 204)),
        workspace_id=("", "one"),
        environment=("prod",),
        error_type=("timeout, read",),
        error_category=("timeout_error", "other"),
        client_ip=("::1", "10.0.0.1"),
        user_agent=("Mozilla/5.0 (X11, like Gecko)",),
        user_agent_family=("curl",),
        limit=25,
        granularity=Granularity.FIVE_MINUTES,
        order=Order("error_rate", ascending=True),
    )


def test_nothing_given_is_everything() -> None:
    assert (
        parse_spec({"protocol": None, "endpoint": "", "method": [], "limit": None, "end_time": " "}, NOW_US)
        == QuerySpec()
    )


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, QuerySpec(duration=HOUR)),
        ({"duration": 60}, QuerySpec(duration=60)),
        ({"last": "24h"}, QuerySpec(duration=DAY)),
        ({"start_time": 5}, QuerySpec(start=5, duration=HOUR)),
        ({"end_time": 5}, QuerySpec(end=5, duration=HOUR)),
        ({"start_time": 5, "end_time": 9}, QuerySpec(start=5, end=9)),
    ],
)
def test_the_default_duration_fills_what_is_open(parameters: dict[str, object], expected: QuerySpec) -> None:
    assert parse_spec(parameters, NOW_US, default_duration=HOUR) == expected


@pytest.mark.parametrize(
    ("parameters", "field", "message"),
    [
        ({"colour": "red"}, "colour", "colour is not a parameter of reports; accepted are start_time"),
        ({"last": "1h", "start_time": "5"}, "last", "cannot be combined"),
        ({"limit": "0"}, "limit", "accepted is 1 to 10000"),
        ({"limit": "-1"}, "limit", "accepted is 1 to 10000"),
        ({"limit": "10001"}, "limit", "from 1 to 10000"),
        ({"limit": "9" * 40}, "limit", "accepted is 1 to 10000"),
        ({"limit": ["1", "2"]}, "limit", "is given 2 times"),
        ({"limit": True}, "limit", "cannot be True"),
        ({"protocol": [{}]}, "protocol", "accepted are text and numbers"),
        ({"granularity": "fortnight"}, "granularity", "accepted are 10s, 30s, minute, 5m, 15m, hour, 6h, day and auto"),
        ({"status_code": "teapot"}, "status_code", "accepted are codes from 0 to 999 such as 404"),
        ({"status_code": "500-400"}, "status_code", "accepted are codes"),
        ({"status_code": "0xx"}, "status_code", "accepted are codes"),
        ({"order": "errors:up"}, "order", "COLUMN:desc"),
        ({"endpoint": "/\0"}, "endpoint", "NUL"),
        ({"endpoint": "/\udc80"}, "endpoint", "surrogate"),
        ({"endpoint": "/" * (MAX_TEXT + 1)}, "endpoint", f"at most {MAX_TEXT}"),
        ({"client_ip": ",".join(map(str, range(MAX_FILTER_VALUES + 1)))}, "client_ip", f"at most {MAX_FILTER_VALUES}"),
        ({"duration": "nan"}, "duration", "not a length of time"),
        ({"duration": float("inf")}, "duration", "not a length of time"),
    ],
)
def test_wrong_parameters_name_the_field(parameters: dict[str, object], field: str, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        parse_spec(parameters, NOW_US)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"limit": MAX_LIMIT + 1}, "limit"),
        ({"start": -1}, "start_time"),
        ({"end": 10**13}, "end_time"),
        ({"duration": 0}, "duration"),
        ({"max_points": 0}, "max_points"),
        ({"status_code": ("404",)}, "status_code"),
        ({"status_code": (StatusRange(5, 4),)}, "status_code"),
        ({"endpoint": (StatusRange(4, 5),)}, "endpoint"),
    ],
)
def test_a_question_is_checked_however_it_is_made(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(QueryError) as caught:
        QuerySpec(**arguments)
    assert caught.value.field == field


def test_status_codes() -> None:
    assert parse_status(["4XX", "(none)", "none", "0", " 7 ,"]) == (
        StatusRange(400, 499),
        StatusRange(0, 0),
        StatusRange(7, 7),
    )


def test_every_granularity_is_found_by_its_label() -> None:
    assert [parse_granularity(granularity.label.upper()) for granularity in Granularity] == list(Granularity)
    assert parse_granularity("auto") is parse_granularity(None) is None


def test_every_dimension_of_a_question_is_a_parameter() -> None:
    names = {field.name for field in fields(QuerySpec)}
    assert {name for name in Dimension if name in names} == {name for name in Dimension if name in PARAMETERS}


TEXTS = (
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20).map(str.strip).filter(bool)
)
PLAIN = TEXTS.filter(lambda text: "," not in text)
CODES = st.tuples(st.integers(0, 999), st.integers(0, 999)).map(lambda pair: StatusRange(min(pair), max(pair)))


@given(
    st.builds(
        QuerySpec,
        protocol=st.lists(PLAIN, max_size=3, unique=True).map(tuple),
        endpoint=st.lists(st.one_of(TEXTS, st.just("")), max_size=3, unique=True).map(tuple),
        status_code=st.lists(CODES, max_size=3, unique=True).map(tuple),
        client_ip=st.lists(PLAIN, max_size=3, unique=True).map(tuple),
    )
)
def test_filters_are_described_as_they_are_read(spec: QuerySpec) -> None:
    described = describe_filters(spec.filters)
    if any(
        "(none)" in values and "" not in spec.filters[Dimension(name)]
        for name, values in described.items()
        if name != "status_code"
    ):
        return  # a value that is spelled like the absent one
    assert parse_spec(described, NOW_US) == spec
