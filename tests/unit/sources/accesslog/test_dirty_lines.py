"""Dirt costs the line it is in at most: nothing is lost without being counted, no line touches its neighbours."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.lines import MAX_LINE_BYTES
from mockforge_analytics.sources.accesslog.presets import parse_format
from tests.support.log_writers import WRITERS, Entry, entries
from tests.support.naive_log import NaiveRow, read_combined

COMBINED = parse_format("combined")
TIMED = parse_format("combined_time_s")
START = '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 12'
CLEAN = START + ' "-" "curl/8"'
AT = 1431857103_000_000


def one(line: str | bytes, log_format: str = "combined") -> dict[str, Any]:
    """Return the only row that `line` gives between two clean neighbours, which must come out untouched."""
    data = line.encode() if isinstance(line, str) else line
    neighbour = CLEAN.replace("/a", "/neighbour").encode()
    suffix = b" 0.250" if "_time_s" in log_format else b""
    decoded = decode(b"\n".join([neighbour + suffix, data, neighbour + suffix, b""]), parse_format(log_format))
    assert decoded.rejected.counts == {}
    rows = decoded.frame.to_dicts()
    assert [row["path"] for row in (rows[0], rows[-1])] == ["/neighbour"] * 2
    assert rows[0] == rows[-1]
    (row,) = rows[1:-1]
    return row


def refused(line: str | bytes, log_format: str = "combined") -> str:
    """Return the reason why `line` is no request."""
    data = line.encode() if isinstance(line, str) else line
    decoded = decode(data + b"\n", parse_format(log_format))
    assert (decoded.frame.height, decoded.rejected.total, decoded.lines) == (0, 1, 1)
    (sample,) = decoded.rejected.samples
    assert decoded.rejected.counts == {sample.reason: 1}
    return sample.reason


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (CLEAN, {"timestamp": AT, "client_ip": "192.0.2.1", "method": "GET", "path": "/a", "bytes_sent": 12}),
        (START + ' "-" "Mozilla/5.0 (cut', {"user_agent": "Mozilla/5.0 (cut", "status_code": 200}),
        (START + ' "-" "say \\"hi\\" \\\\ now"', {"user_agent": 'say "hi" \\ now'}),
        (START + ' "-" "\\x22quoted\\x22 \\xc3\\xa9"', {"user_agent": '"quoted" é'}),
        (START + ' "-" "a \\x00 b \\n"', {"user_agent": "a \ufffd b \ufffd"}),
        (START + ' "-" "raw "quotes" inside"', {"user_agent": 'raw "quotes" inside'}),
        (START + ' "http://x/"raw"" "curl/8"', {"user_agent": "curl/8", "path": "/a"}),
        (START, {"user_agent": None, "status_code": 200, "bytes_sent": 12}),
        (START.rsplit(" ", 1)[0], {"status_code": 200, "bytes_sent": None}),
        (CLEAN + ' "203.0.113.9" extra 1', {"user_agent": "curl/8"}),
        (CLEAN.replace("- -", "- john doe"), {"client_ip": "192.0.2.1", "path": "/a"}),
        (CLEAN.replace("- -", '- jo"hn'), {"client_ip": "192.0.2.1", "path": "/a", "user_agent": "curl/8"}),
        (CLEAN.replace("GET /a", 'GET /a"b'), {"path": '/a"b', "status_code": 200}),
        (CLEAN.replace("GET /a HTTP/1.1", "\\x16\\x03\\x01"), {"method": None, "path": None, "status_code": 200}),
        (CLEAN.replace("GET /a HTTP/1.1", "-"), {"method": None, "path": None, "status_code": 200}),
        (CLEAN.replace("GET /a HTTP/1.1", ""), {"method": None, "path": None, "status_code": 200}),
        (CLEAN.replace("GET /a HTTP/1.1", "GET /a"), {"method": None, "path": None}),
        (CLEAN.replace("GET /a HTTP/1.1", "GET /a b HTTP/1.1"), {"method": None, "path": None}),
        (CLEAN.replace("GET", "A" * 33), {"method": None, "path": None}),
        (CLEAN.replace("GET /a", "GET http://h.example:80/b/c?d#e"), {"path": "/b/c"}),
        (CLEAN.replace("GET /a", "GET HTTPS://h.example?d"), {"path": "/"}),
        (CLEAN.replace("GET /a", "CONNECT h.example:443"), {"method": "CONNECT", "path": "h.example:443"}),
        (CLEAN.replace("GET /a", "OPTIONS *"), {"method": "OPTIONS", "path": "*"}),
        (CLEAN.replace("/a", "/a#b?c"), {"path": "/a"}),
        (CLEAN.replace("/a", "/a?b#c?d"), {"path": "/a"}),
        (CLEAN.replace("/a", "//h/x%20y?u=http://z"), {"path": "//h/x%20y"}),
        (CLEAN.replace("192.0.2.1", "2001:db8::1"), {"client_ip": "2001:db8::1"}),
        (CLEAN.replace("192.0.2.1", "[2001:db8::1]"), {"client_ip": "2001:db8::1"}),
        (CLEAN.replace("192.0.2.1", "[2001:db8::1]:443"), {"client_ip": "2001:db8::1"}),
        (CLEAN.replace("192.0.2.1", "192.0.2.1:5123"), {"client_ip": "192.0.2.1"}),
        (CLEAN.replace("192.0.2.1", "-"), {"client_ip": None}),
        (CLEAN.replace(" 200 12", " 499 -"), {"status_code": 499, "bytes_sent": 0}),
        (CLEAN.replace(" 200 12", " 000 0"), {"status_code": None, "bytes_sent": 0}),
        (CLEAN.replace(" 200 12", " - -"), {"status_code": None, "bytes_sent": 0}),
        (CLEAN.replace("10:05:03 +0000", "10:05:60 +0000"), {"timestamp": AT + 57_000_000}),
        (CLEAN.replace("10:05:03 +0000", "15:50:03 +0545"), {"timestamp": AT}),
        (CLEAN.replace("10:05:03 +0000", "10:05:03.250 +0000"), {"timestamp": AT + 250_000}),
        (CLEAN.replace("10:05:03 +0000", "10:05:03"), {"timestamp": AT}),
        ("\0" * 40 + CLEAN, {"client_ip": "192.0.2.1"}),
        ("\0" * (MAX_LINE_BYTES + 9) + CLEAN, {"client_ip": "192.0.2.1"}),
        ("  " + CLEAN, {"client_ip": "192.0.2.1"}),
        (CLEAN + "\r", {"user_agent": "curl/8"}),
        (CLEAN.replace("/a", "/\u202e\u200b"), {"path": "/\u202e\u200b"}),
        (CLEAN.replace("/a", "/x\x1b[31m\x00"), {"path": "/x\ufffd[31m\ufffd"}),
        (CLEAN.encode().replace(b"/a", b"/\xff\xc3"), {"path": "/\ufffd\ufffd"}),
        (CLEAN.encode().replace(b"curl/8", b"\xed\xa0\x80"), {"user_agent": "\ufffd" * 3}),
        (CLEAN.replace("/a", "/" + "x" * 9000), {"path": "/" + "x" * 8191}),
    ],
)
def test_a_dirty_line_is_still_a_request(line: str | bytes, expected: dict[str, Any]) -> None:
    row = one(line)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "latency"),
    [(CLEAN + " 0.250", 0.25), (CLEAN + " -", None), (CLEAN + " 3", 3.0), (CLEAN, None), (START + ' "-" "cut', None)],
)
def test_latencies_that_are_missing_are_unknown(line: str, latency: float | None) -> None:
    assert one(line, "combined_time_s")["latency"] == latency


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello world", "format"),
        (b"\x16\x03\x01\x00\xee\x01", "format"),
        (CLEAN.split('"')[0], "format"),
        (CLEAN.replace("17/May/2015", "17/Mai/2015"), "time"),
        (CLEAN.replace("17/May/2015:10:05:03 +0000", "BAD"), "time"),
        (CLEAN.replace("2015", "9999"), "time"),
        (CLEAN.replace("2015", "1969"), "time"),
        (CLEAN.replace(" 200 ", " 99 "), "status"),
        (CLEAN.replace(" 200 ", " 600 "), "status"),
        (CLEAN.replace(" 200 ", " OK "), "status"),
        (CLEAN.replace(" 12 ", " -5 "), "size"),
        (CLEAN.replace(" 12 ", " 1.5 "), "size"),
        (CLEAN.replace(" 12 ", " 9223372036854775808 "), "size"),
        (CLEAN.replace("/a", "/" + "x" * MAX_LINE_BYTES), "too_long"),
    ],
)
def test_a_line_that_is_no_request_has_a_reason(line: str | bytes, reason: str) -> None:
    assert refused(line) == reason


@pytest.mark.parametrize("latency", ["-0.1", "nan", "inf", "1e999", "fast"])
def test_impossible_latencies(latency: str) -> None:
    assert refused(f"{CLEAN} {latency}", "combined_time_s") == "latency"


def test_blank_lines_are_neither_requests_nor_rejected() -> None:
    decoded = decode(f"\n{CLEAN}\r\n\r\n  \t\n\0\n\n{CLEAN}".encode(), COMBINED)
    assert (decoded.lines, decoded.frame.height, decoded.blank, decoded.rejected.total) == (7, 2, 5, 0)


def test_samples_are_few_short_and_printable() -> None:
    junk = [f"junk {index} \x1b[31m\u202e" + "x" * 500 for index in range(50)]
    decoded = decode("\n".join(["", *junk]).encode(), COMBINED)
    assert decoded.rejected.counts == {"format": 50}
    samples = decoded.rejected.samples
    assert [sample.line for sample in samples] == [1, 2, 3, 4, 5]
    assert {len(sample.text) for sample in samples} == {200}
    assert all(sample.text.isprintable() for sample in samples)
    assert samples[0].text.startswith("junk 0 \\x1b[31m\\u202exxx")


def test_nothing_at_all() -> None:
    for chunk in (b"", b"\n", b"\r\n\n"):
        decoded = decode(chunk, COMBINED)
        assert (decoded.frame.height, decoded.rejected.total, decoded.lines) == (0, 0, decoded.blank)


def naive(row: dict[str, Any]) -> NaiveRow:
    return NaiveRow(
        row["timestamp"],
        row["client_ip"],
        row["method"],
        row["path"],
        row["status_code"],
        row["bytes_sent"],
        row["user_agent"],
        row["latency"],
    )


def mutated(line: bytes, rng: random.Random) -> bytes:
    """Return `line` with up to three bytes changed, put in or taken out, or a part of it cut or doubled."""
    data = bytearray(line)
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(data)) if data else 0
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data[at:at] = rng.choice([b'"', b"\\", b" ", b"\0", b"\xff", b"[", b"]", b"\r", b'\\"', b"\n", b"-"])
            case 2:
                del data[at : at + rng.randint(1, 12)]
            case 3:
                del data[at:]
            case 4:
                data[at:at] = data[rng.randrange(at + 1) : at]
            case _:
                data[at : at + 1] = rng.choice([b'"', b" ", b"/", b"0", b"?"])
    return bytes(data)


@pytest.mark.parametrize("with_latency", [False, True])
@settings(max_examples=25)
@given(drawn=st.lists(entries(), min_size=1, max_size=25), seed=st.integers(0, 2**32))
def test_mutated_lines(with_latency: bool, drawn: list[Entry], seed: int) -> None:
    rng = random.Random(seed)
    name = "combined_time_s" if with_latency else "combined"
    writer = next(writer for writer in WRITERS if writer.name == name)
    entries_kept = [Entry(**{**vars(e), "took": e.took // 1000 * 1000}) for e in drawn]
    chunk = b"\n".join(mutated(writer.write(entry).encode(), rng) for entry in entries_kept)
    log_format = TIMED if with_latency else COMBINED
    whole = decode(chunk, log_format)
    assert whole.lines == whole.frame.height + whole.rejected.total + whole.blank

    alone = [decode(line, log_format) for line in chunk.split(b"\n")]
    if chunk and not chunk.endswith(b"\n"):  # nothing at all is no line
        assert whole.lines == len(alone)
    assert whole.rejected.total == sum(part.rejected.total for part in alone)
    assert whole.frame.equals(pl.concat([part.frame for part in alone]))

    for line, part in zip(chunk.split(b"\n"), alone, strict=True):
        expected = read_combined(line.removesuffix(b"\r"), with_latency=with_latency)
        if expected is not None:
            assert [naive(row) for row in part.frame.to_dicts()] == [expected]


@given(drawn=st.lists(entries(), min_size=2, max_size=20), cut=st.floats(0, 1))
@settings(max_examples=25)
def test_chunks_may_end_after_any_line(drawn: list[Entry], cut: float) -> None:
    writer = next(writer for writer in WRITERS if writer.name == "combined")
    lines = [writer.write(entry) + "\n" for entry in drawn]
    at = int(cut * len(lines))
    parts = [decode("".join(part).encode(), COMBINED).frame for part in (lines[:at], lines[at:])]
    assert decode("".join(lines).encode(), COMBINED).frame.equals(pl.concat(parts))


@given(st.binary(max_size=400) | st.text(alphabet='" \\[]-1/:GETH\n', max_size=400).map(str.encode))
@settings(max_examples=200)
@pytest.mark.parametrize("name", ["combined_time_us", "nginx_json", "caddy_json", "traefik_clf"])
def test_any_bytes_are_accounted_for(name: str, chunk: bytes) -> None:
    decoded = decode(chunk, parse_format(name))
    assert decoded.lines == decoded.frame.height + decoded.rejected.total + decoded.blank


def test_a_chunk_of_very_short_lines_is_decoded_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [CLEAN if index % 3 else f"junk {index}" if index % 2 else "" for index in range(40)]
    chunk = "\n".join(["\0\0", *lines, "\0"]).encode()
    whole = decode(chunk, COMBINED)
    monkeypatch.setattr("mockforge_analytics.sources.accesslog.decode.MAX_LINES_AT_ONCE", 7)
    parts = decode(chunk, COMBINED)
    assert parts.frame.equals(whole.frame)
    assert (parts.lines, parts.blank, parts.rejected) == (whole.lines, whole.blank, whole.rejected)
