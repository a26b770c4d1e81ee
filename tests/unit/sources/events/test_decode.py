"""Events to columns: a round trip with rows worked out here, the same in every form, and each fault by its place."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import InputTooLargeError
from mockforge_analytics.model.batch import GAUGE_SCHEMA
from mockforge_analytics.model.request import CANONICAL_PROTOCOLS, REQUEST_SCHEMA
from mockforge_analytics.sources.events.columns import Terms
from mockforge_analytics.sources.events.decode import Decoded, decode_events
from mockforge_analytics.sources.events.event import NO_EVENT, UNREADABLE

NOW = 1_700_000_000_000_000
DAY = 86_400
TERMS = Terms(NOW)
MOST = 1_000
PLAIN_TEXTS = (
    "client_ip", "user_agent", "workspace_id", "environment", "error_type", "error_message", "request_id", "trace_id",
    "span_id", "endpoint",
)  # fmt: skip

texts = st.text(max_size=20) | st.sampled_from(["", " ", "null", '"', "\\", "\u0000", "é", "😀", "\ud7ff", "a\nb"])
objects = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts, max_size=3
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Return a sound event as a sender might write it."""
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "timestamp": st.integers(DAY, NOW // 10**6) | st.integers(DAY * 10**6, NOW).map(lambda micros: micros / 10**6),
        "protocol": st.sampled_from([*CANONICAL_PROTOCOLS, *map(str.lower, CANONICAL_PROTOCOLS), "COAP", ""]),
        "method": st.sampled_from(["GET", "post", "M-SEARCH", ""]),
        "path": st.sampled_from(["/", "/a/b", "/ü", "sensors/#", "*", "", "/a?secret=1", "http://h:1/p#f", "http://h"]),
        "status_code": st.integers(0, 999),
        "latency_ms": st.integers(0, 10**6) | st.floats(0, 10**6),
        "bytes_sent": st.integers(0, 2**44),
        "bytes_received": st.integers(0, 2**44),
        "metadata": objects,
        "unknown": st.recursive(objects, lambda inner: st.lists(inner, max_size=2), max_leaves=3),
        **dict.fromkeys(PLAIN_TEXTS, texts),
    }
    names = draw(st.sets(st.sampled_from(sorted(strategies))))
    event = {name: draw(st.none() | strategies[name]) for name in sorted(names)}
    return {**event, "path": event.get("path") or "/x"}


PATHS = {"/a?secret=1": "/a", "http://h:1/p#f": "/p", "http://h": "/"}


def expected(event: dict[str, Any]) -> dict[str, Any]:
    """Return the row that `event` is to become."""
    when, latency, protocol = event.get("timestamp"), event.get("latency_ms"), event.get("protocol") or "HTTP"
    canonical = {name.lower(): name for name in CANONICAL_PROTOCOLS}
    return {
        **{name: event.get(name) for name in PLAIN_TEXTS},
        "timestamp": NOW if when is None else round(when * 10**6),
        "protocol": canonical.get(protocol.lower(), protocol),
        "method": (event.get("method") or "").upper() or None,
        "path": PATHS.get(event["path"], event["path"]),
        "status_code": event.get("status_code") or None,
        "latency": None if latency is None else latency / 1_000,
        "bytes_sent": event.get("bytes_sent"),
        "bytes_received": event.get("bytes_received"),
        "metadata": event.get("metadata") or None,
    }


def rows(decoded: Decoded) -> list[dict[str, Any]]:
    """Return the requests as plain rows, metadata parsed."""
    found = decoded.requests.to_dicts()
    return [{**row, "metadata": row["metadata"] and json.loads(row["metadata"])} for row in found]


def decode(data: str | bytes, terms: Terms = TERMS, *, is_lines: bool = False) -> Decoded:
    return decode_events(data.encode() if isinstance(data, str) else data, terms, most=MOST, is_lines=is_lines)


def forms(made: list[str]) -> dict[str, str]:
    """Return the same events as lines and as an array."""
    return {"lines": "\n".join(made), "array": f"[{','.join(made)}]"}


@given(st.lists(events(), min_size=1, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_what_is_sent_is_what_is_read(sent: list[dict[str, Any]], ascii_only: bool, indent: int | None) -> None:
    lines = "\r\n\n".join(json.dumps(event, ensure_ascii=ascii_only) for event in sent)
    array = json.dumps(sent, ensure_ascii=ascii_only, indent=indent)
    for body in (lines, array, f"\ufeff {array}\n"):
        decoded = decode(body)
        assert decoded.requests.schema == pl.Schema(REQUEST_SCHEMA)
        assert (decoded.received, decoded.faults) == (len(sent), ())
        assert rows(decoded) == [expected(event) for event in sent]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2017-01-01 05:29:60.25+05:30", "2017-01-01T00:00:00.250000+00:00"),
    ],
)
def test_a_second_of_60_is_the_next_second(given: str, read: str) -> None:
    event = f'{{"timestamp" : "{given}","path":"/a","request_id":"23:59:60"}}'
    for body in (event, f"[{event}]", f'{event}\n{{"path":"/b"}}'):
        decoded = decode(body)
        assert decoded.faults == ()
        assert decoded.requests["timestamp"][0] == round(datetime.fromisoformat(read).timestamp() * 10**6)
        assert decoded.requests["request_id"][0] == "23:59:60"


BAD = [
    '{"status_code":"200","path":"/"}',
    '{"path":NaN}',
    '{"latency_ms":Infinity,"path":"/"}',
    "5",
    "[1]",
    "null",
    '"x"',
    "{}",
    '{"path":"\\ud800"}',
    '{"other":"\\udc00"}',
    '{"bytes_sent":' + "9" * 5_000 + ',"path":"/"}',
    '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
]


@given(
    st.lists(events().map(json.dumps) | st.sampled_from(BAD), min_size=1, max_size=6),
    st.sampled_from(BAD),
)
def test_a_bad_event_changes_nothing_of_its_neighbours(made: list[str], bad: str) -> None:
    """One fault sends the whole body down the slow way: it must read the others as the fast way does."""
    good = [(place, json.loads(text)) for place, text in enumerate(made) if text not in BAD]
    wrong = [place for place, text in enumerate(made) if text in BAD]
    for form, body in forms([*made, bad]).items():
        decoded = decode(body, is_lines=form == "lines")
        if decoded.received == 1:  # an array that is nested so deeply that its end cannot be found
            assert body.startswith("[")
            assert any("[[[" in text for text in (*made, bad))
            continue
        assert decoded.received == len(made) + 1
        assert [fault.index for fault in decoded.faults] == [*wrong, len(made)]
        assert rows(decoded) == [expected(event) for _, event in good]


@given(st.lists(st.sampled_from(["{", "}", "[", "]", ",", '"', ":", "1", "\n", " ", '{"path":"/"}', "\x00", "\xff"])))
def test_garbage_is_refused_not_raised(parts: list[str]) -> None:
    data = "".join(parts).encode("latin-1")
    for is_lines in (False, True):
        decoded = decode(data, is_lines=is_lines)
        assert decoded.received == decoded.accepted + len(decoded.faults)
        assert len({fault.index for fault in decoded.faults}) == len(decoded.faults)
        assert sum(decoded.rejected().values()) == len(decoded.faults)
        decoded.samples()


HUGE = "9" * 5_000
FAULTS = [
    ('{"path":"/","status_code":"404"}', "status_code", "not str"),
    ('{"path":"/","status_code":404.5}', "status_code", "not float"),
    ('{"path":"/","status_code":true}', "status_code", "not bool"),
    ('{"path":"/","status_code":1000}', "status_code", "0 to 999"),
    ('{"path":"/","status_code":-1}', "status_code", "0 to 999"),
    (f'{{"path":"/","status_code":{HUGE}}}', "status_code", "0 to 999"),
    ('{"path":"/","latency_ms":-0.1}', "latency_ms", "milliseconds"),
    ('{"path":"/","latency_ms":1e999}', "latency_ms", "milliseconds"),
    ('{"path":"/","latency_ms":"5"}', "latency_ms", "not str"),
    (f'{{"path":"/","latency_ms":{HUGE}}}', "latency_ms", "milliseconds"),
    ('{"path":"/","latency":2678401}', "latency", "seconds"),
    ('{"path":"/","latency":1,"latency_ms":1000}', "latency", "one of them"),
    ('{"path":"/","bytes_sent":-1}', "bytes_sent", "whole number of bytes"),
    ('{"path":"/","bytes_received":17592186044417}', "bytes_received", "whole number of bytes"),
    ('{"path":"/","bytes_sent":1.0}', "bytes_sent", "not float"),
    ('{"path":5}', "path", "not int"),
    ('{"path":"/","user_agent":["a"]}', "user_agent", "not array"),
    ('{"path":"/","error_message":{"a":1}}', "error_message", "not object"),
    ('{"path":"/","request_id":"' + "x" * 65_537 + '"}', "request_id", "65,536"),
    ('{"path":"/","method":"GET /"}', "method", "token"),
    ('{"path":"/","method":"' + "M" * 33 + '"}', "method", "32"),
    ('{"path":"/","method":"GÉT"}', "method", "token"),
    ('{"path":"/","timestamp":true}', "timestamp", "not bool"),
    ('{"path":"/","timestamp":"yesterday"}', "timestamp", "RFC 3339"),
    ('{"path":"/","timestamp":"2023-11-14T12:00:00"}', "timestamp", "offset"),
    ('{"path":"/","timestamp":-5}', "timestamp", "1970-01-02"),
    ('{"path":"/","timestamp":0}', "timestamp", "1970-01-02"),
    ('{"path":"/","timestamp":86399}', "timestamp", "1970-01-02"),
    (f'{{"path":"/","timestamp":{NOW // 10**6 + 2 * DAY + 1}}}', "timestamp", "two days in the future"),
    (f'{{"path":"/","timestamp":{NOW // 10**3}}}', "timestamp", "looks like milliseconds"),
    (f'{{"path":"/","timestamp":{NOW}}}', "timestamp", "looks like microseconds"),
    (f'{{"path":"/","timestamp":{NOW * 10**3}}}', "timestamp", "looks like nanoseconds"),
    ('{"path":"/","timestamp":1e308}', "timestamp", "seconds"),
    (f'{{"path":"/","timestamp":{HUGE}}}', "timestamp", "Unix seconds"),
    ('{"path":"/","timestamp":"9999-12-31T23:59:59Z"}', "timestamp", "two days in the future"),
    ('{"path":"/","timestamp":"9999-12-31T23:59:60Z"}', "timestamp", "two days in the future"),
    ('{"path":"/","timestamp":"2016-12-31T23:59:61Z"}', "timestamp", "RFC 3339"),
    ('{"path":"/","timestamp":"2016-12-31T23:60:60Z"}', "timestamp", "RFC 3339"),
    ('{"path":"/","timestamp":"0001-01-01T00:00:00+14:00"}', "timestamp", "1970-01-02"),
    ('{"path":"/","metadata":[1]}', "metadata", "object"),
    ('{"path":"/","metadata":"x"}', "metadata", "object"),
    ('{"path":"/","metadata":' + '{"a":' * 9 + "1" + "}" * 9 + "}", "metadata", "8 levels"),
    ('{"path":"/","metadata":{"a":"' + "x" * 16_384 + '"}}', "metadata", "16,384 bytes"),
    (f'{{"path":"/","metadata":{{"a":{HUGE}}}}}', "metadata", "cannot be read"),
    ('{"type":"unheard-of","path":"/"}', "type", "connections"),
    ('{"type":"connections"}', "value", "number of connections"),
    ('{"type":"connections","value":-1}', "value", "whole number"),
    ('{"type":"connections","value":1.5}', "value", "not float"),
    ('{"type":"connections","value":1,"timestamp":1}', "timestamp", "1970-01-02"),
]


@pytest.mark.parametrize(("text", "field", "reason"), FAULTS, ids=[f"{text[:45]}" for text, _, _ in FAULTS])
def test_a_fault_names_place_field_and_reason(text: str, field: str, reason: str) -> None:
    made = ['{"path":"/before"}', text, '{"path":"/after"}']
    for body in forms(made).values():
        decoded = decode(body)
        (fault,) = decoded.faults
        assert (fault.index, fault.field, fault.code) == (1, field, field)
        assert reason in fault.reason
        assert decoded.requests["path"].to_list() == ["/before", "/after"]
        assert decoded.rejected() == {field: 1}
        (sample,) = decoded.samples()
        assert (sample.reason, len(sample.sample) <= 200) == (field, True)
        assert sample.place == "event 1 of its request"


UNREAD = [
    ('{"path":"/"', UNREADABLE),
    ('{"path":"/",}', UNREADABLE),
    ('{"path":NaN}', UNREADABLE),
    ('{"ignored":-Infinity,"path":"/"}', UNREADABLE),
    ('{"path":"a\tb"}', UNREADABLE),
    ('{"path":"\\ud800"}', UNREADABLE),
    ('{"path":"\\ud800\\u0041"}', UNREADABLE),
    ('{"path":"/","ignored":"\\udfff"}', UNREADABLE),
    ('{"path":"/"} {"path":"/"}', UNREADABLE),
    ('{"path":"/","a":' + '{"b":' * 100_000 + "1" + "}" * 100_001, UNREADABLE),
    ("[]", NO_EVENT),
    ("true", NO_EVENT),
    ("{}", NO_EVENT),
    ('{"events":[{"path":"/"}]}', NO_EVENT),
]


@pytest.mark.parametrize(("text", "code"), UNREAD, ids=[text[:30] for text, _ in UNREAD])
def test_a_line_that_is_no_event(text: str, code: str) -> None:
    decoded = decode(f'{{"path":"/before"}}\n{text}\n{{"path":"/after"}}')
    (fault,) = decoded.faults
    assert (fault.index, fault.code, fault.field) == (1, code, None)
    assert decoded.requests["path"].to_list() == ["/before", "/after"]


@pytest.mark.parametrize(
    "data", [b"\xff", b'{"path":"\xed\xa0\x80"}', b'{"path":"/","x":"\xc3("}', b'{"\xff":1,"path":"/"}']
)
def test_bytes_that_are_not_utf8_are_refused_also_in_unknown_fields(data: bytes) -> None:
    for body in (b'{"path":"/"}\n' + data, b'[{"path":"/"},' + data + b"]"):
        decoded = decode(body)
        assert decoded.requests.height == (0 if decoded.received == 1 else 1)
        assert decoded.faults[-1].code == UNREADABLE


BROKEN = ["[", "[1", '[{"path":"/"}', '[{"path":"/"},', '[{"path":"/"},]', '[{"path":"/"}]x', "[,]", '[{"a":1}{"b":2}]']


@pytest.mark.parametrize("body", [*BROKEN, "[" * 100_000, "", " \n ", "\ufeff"])
def test_of_a_body_that_is_no_json_nothing_is_taken(body: str) -> None:
    decoded = decode(body)
    assert (decoded.received, decoded.accepted, decoded.is_unreadable) == (1, 0, True)
    assert decoded.rejected() == {UNREADABLE: 1}
    assert len(decoded.samples()) == 1


def test_lines_are_told_apart_by_line_feeds_alone() -> None:
    """What the quick way would read as three events is none: values that go over lines, and two in a line."""
    body = '{"path":"/a","metadata":{}\n,"x":[{}\n{}]}\n{"path":"/b"}{"path":"/c"}'
    for text in (body, '{"path":"/b"}{"path":"/c"}\n{"path":"/a","x":{}\n{}}'):
        decoded = decode(text, is_lines=True)
        assert (decoded.received, decoded.accepted) == (text.count("\n") + 1, 0)


def test_more_lines_than_are_read_at_once() -> None:
    made = "\n".join(f'{{"path":"/{number}"}}' for number in range(12_001))
    decoded = decode_events(made.encode(), TERMS, most=20_000)
    assert decoded.requests["path"].to_list() == [f"/{number}" for number in range(12_001)]


def test_of_equal_names_the_last_one_counts_in_every_form() -> None:
    text = '{"path":"/a","status_code":200,"path":"/b","status_code":null,"metadata":{"x":1,"x":2}}'
    for body in (text, f"{text}\n{{}}", f"[{text}]", f"[{text},5]"):
        (row,) = rows(decode(body))
        assert (row["path"], row["status_code"], row["metadata"]) == ("/b", None, {"x": 2})


def test_an_indented_object_is_one_event_unless_lines_are_announced() -> None:
    body = json.dumps({"path": "/", "metadata": {"a": [1, 2]}}, indent=2)
    assert decode(body).requests.height == 1
    assert decode(body, is_lines=True).requests.height == 0


@pytest.mark.parametrize(
    ("given", "second"),
    [
        ("2023-11-14T12:00:00Z", 1_699_963_200.0),
        ("2023-11-14T13:30:00.25+01:30", 1_699_963_200.25),
        ("2023-11-14 12:00:00.000001Z", 1_699_963_200.000001),
    ],
)
def test_times_as_text(given: str, second: float) -> None:
    decoded = decode(json.dumps([{"path": "/", "timestamp": given}, {"path": "/", "timestamp": 1_699_963_200}]))
    assert decoded.requests["timestamp"].to_list() == [round(second * 10**6), 1_699_963_200 * 10**6]


@given(st.integers(DAY * 10**6, NOW), st.integers(-14 * 60, 14 * 60))
def test_text_times_are_exact_to_the_microsecond(micros: int, offset: int) -> None:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    zoned = when.astimezone(timezone(timedelta(minutes=offset)))
    assert decode(json.dumps({"path": "/", "timestamp": zoned.isoformat()})).requests["timestamp"][0] == micros


def test_seconds_instead_of_milliseconds() -> None:
    decoded = decode('{"path":"/","latency":0.25}\n{"path":"/","latency_ms":250}\n{"path":"/"}')
    assert decoded.requests["latency"].to_list() == [0.25, 0.25, None]


def test_a_failed_call_without_a_status() -> None:
    (row,) = rows(decode('{"protocol":"grpc","path":"/pkg.Service/Call","error_type":"UNAVAILABLE"}'))
    assert (row["protocol"], row["status_code"], row["error_type"]) == ("gRPC", None, "UNAVAILABLE")


def test_samples_of_connections() -> None:
    made = [
        '{"type":"connections","protocol":"websocket","value":3,"source":"app-1","timestamp":1699963200}',
        '{"path":"/"}',
        '{"type":"connections","value":0,"workspace_id":"shop"}',
    ]
    decoded = decode("\n".join(made))
    assert decoded.gauges.schema == pl.Schema(GAUGE_SCHEMA)
    assert decoded.gauges.rows() == [
        (1_699_963_200 * 10**6, "WebSocket", "", "", "app-1", 3),
        (NOW, "HTTP", "shop", "", "events", 0),
    ]
    assert (decoded.received, decoded.accepted, decoded.requests.height) == (3, 3, 1)


def test_a_bound_workspace_is_filled_in_and_others_are_refused() -> None:
    made = ['{"path":"/1"}', '{"path":"/2","workspace_id":"a"}', '{"path":"/3","workspace_id":"b"}']
    made += ['{"type":"connections","value":1,"workspace_id":"b"}', '{"type":"connections","value":1}']
    decoded = decode("\n".join(made), Terms(NOW, workspace="a"))
    assert [(fault.index, fault.field) for fault in decoded.faults] == [(2, "workspace_id"), (3, "workspace_id")]
    assert decoded.requests["workspace_id"].to_list() == ["a", "a"]
    assert decoded.gauges["workspace_id"].to_list() == ["a"]


def test_what_the_retention_no_longer_keeps_is_named() -> None:
    terms = Terms(NOW, keeps=lambda seconds: seconds >= np.int64(1_690_000_000))
    decoded = decode('{"path":"/","timestamp":1690000000}\n{"path":"/","timestamp":1689999999.9}', terms)
    (fault,) = decoded.faults
    assert (fault.index, fault.field) == (1, "timestamp")
    assert "retention" in fault.reason


@pytest.mark.parametrize("count", [MOST, MOST + 1])
def test_the_number_of_events_is_bounded(count: int) -> None:
    event = '{"path":"/","metadata":{"a":{}}}'  # has more braces than events
    for body in (*forms([event] * count).values(), f"[{'1,' * (count - 1)}1]", "1\n" * count):
        if count > MOST:
            with pytest.raises(InputTooLargeError, match="1,000 events"):
                decode(body)
        else:
            assert decode(body).received == count


def test_a_body_of_nothing_but_line_feeds_is_refused_without_a_list_of_them() -> None:
    with pytest.raises(InputTooLargeError):
        decode("{}" + "\n" * 1_000_000 + "{}")


def test_an_object_of_a_hundred_thousand_names() -> None:
    body = json.dumps({str(number): number for number in range(100_000)} | {"path": "/"})
    assert decode(body).requests.height == 1


def test_digits_are_not_converted_by_the_interpreter() -> None:
    limit = sys.get_int_max_str_digits()
    assert decode('{"path":"/","a":' + "9" * (limit + 1) + "}").requests.height == 1
