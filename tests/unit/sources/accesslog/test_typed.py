"""Values read from bytes: what is unusual among many usual lines comes out as it does alone."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.presets import parse_format

TIMED: Final = parse_format("combined_time_s")
USUAL: Final = '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /usual HTTP/1.1" 200 12 "-" "curl/8" 0.250'
AT: Final = 1_431_857_103_000_000
CROWD: Final = 5_000  # more lines than a block has; one among them is rare
SECOND: Final = 1_000_000


def line(
    time: str = "17/May/2015:10:05:03 +0000",
    request: str = "GET /a HTTP/1.1",
    status: str = "200",
    size: str = "12",
    took: str = "0.250",
) -> str:
    return f'192.0.2.7 - - [{time}] "{request}" {status} {size} "-" "curl/8" {took}'


def rows(text: list[str]) -> list[dict[str, Any]]:
    return decode("".join(one + "\n" for one in text).encode(), TIMED).frame.to_dicts()


def in_crowd(text: str, place: int = CROWD // 2) -> dict[str, Any]:
    """Return the row of `text` among lines that are all alike, and which must come out untouched."""
    found = rows([USUAL] * place + [text] + [USUAL] * (CROWD - place))
    assert len(found) == CROWD + 1
    own = found.pop(place)
    assert all(row == found[0] for row in found)
    assert (found[0]["timestamp"], found[0]["path"], found[0]["bytes_sent"]) == (AT, "/usual", 12)
    return own


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (line(size="-"), {"bytes_sent": 0}),
        (line(size="0"), {"bytes_sent": 0}),
        (line(size="99999999"), {"bytes_sent": 99_999_999}),
        (line(size="123456789012"), {"bytes_sent": 123_456_789_012}),
        (line(status="-"), {"status_code": None}),
        (line(status="000"), {"status_code": None}),
        (line(took="12.345"), {"latency": 12.345}),
        (line(took="3"), {"latency": 3.0}),
        (line(took="0.1"), {"latency": 0.1}),
        (line(took="-"), {"latency": None}),
        (line(time="18/May/2015:23:59:59 +0000"), {"timestamp": AT + 136_496 * SECOND}),
        (line(time="17/May/2015:10:05:03 -0130"), {"timestamp": AT + 5_400 * SECOND}),
        (line(time="17/May/2015:10:05:60 +0000"), {"timestamp": AT + 57 * SECOND}),
        (line(request="GET /a?b=c HTTP/2.0"), {"method": "GET", "path": "/a"}),
        (line(request="OPTIONS /a HTTP/1.0"), {"method": "OPTIONS", "path": "/a"}),
        (line(request="PROPFIND /a HTTP/1.1"), {"method": "PROPFIND", "path": "/a"}),
        (line(request="OPTIONS * HTTP/1.1"), {"method": "OPTIONS", "path": "*"}),
        (line(request="GET http://example.org/a?b HTTP/1.1"), {"method": "GET", "path": "/a"}),
        (line(request="CONNECT example.org:443 HTTP/1.1"), {"method": "CONNECT", "path": "example.org:443"}),
        (line(request="GET /a b HTTP/1.1"), {"method": None, "path": None}),
        (line(request="GET  HTTP/1.1"), {"method": None, "path": None}),
        (line(request="GET /a"), {"method": None, "path": None}),
        (line(request="get /a HTTP/1.1"), {"method": "get", "path": "/a"}),
        (line(request="GET /#x HTTP/1.1"), {"method": "GET", "path": "/"}),
    ],
)
@pytest.mark.parametrize("place", [0, CROWD // 2, CROWD])
def test_an_unusual_value_is_read_among_usual_ones(text: str, expected: dict[str, Any], place: int) -> None:
    found = in_crowd(text, place)
    assert {name: found[name] for name in expected} == expected
    assert found == rows([text])[0]


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(100, 599)), min_size=1))
def test_numbers_are_what_they_say(values: list[tuple[int, int, int]]) -> None:
    found = rows([line(size=str(n), took=f"{ms / 1_000:.3f}", status=str(status)) for n, ms, status in values])
    read = [(row["bytes_sent"], row["latency"], row["status_code"]) for row in found]
    assert read == [(n, float(f"{ms / 1_000:.3f}"), status) for n, ms, status in values]


@given(st.lists(st.text("0123456789.-+: ", max_size=12), min_size=1, max_size=5))
def test_what_is_no_number_is_no_number_in_a_crowd(values: list[str]) -> None:
    for value in values:
        text = line(size=value or "x")
        alone = decode((text + "\n").encode(), TIMED)
        crowd = decode("".join(one + "\n" for one in [USUAL] * 100 + [text]).encode(), TIMED)
        assert crowd.rejected.counts == alone.rejected.counts
        assert crowd.frame[100:].equals(alone.frame)
