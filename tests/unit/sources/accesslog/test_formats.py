"""Format strings of nginx and Apache, and finding out a format by reading ahead."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockforge_analytics.errors import FormatError
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import SAMPLE_BYTES, detect
from mockforge_analytics.sources.accesslog.presets import PRESET_NAMES, parse_format

CLEAN = '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 12 "-" "curl/8"'
AT = 1431857103_000_000


def only_row(line: str, text: str) -> dict[str, Any]:
    decoded = decode(line.encode(), parse_format(text))
    assert decoded.rejected.samples == ()
    (row,) = decoded.frame.to_dicts()
    return {name: value for name, value in row.items() if value is not None and name != "protocol"}


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        (
            "log_format main '$remote_addr - $remote_user [$time_local] \"$request\" '\n"
            "                '$status $body_bytes_sent \"$http_referer\" '\n"
            '                \'"$http_user_agent" "$http_x_forwarded_for" \'\n'
            "                'rt=$request_time uct=\"$upstream_connect_time\"';",
            CLEAN + ' "203.0.113.7, 10.0.0.1" rt=0.250 uct="-"',
            {"client_ip": "192.0.2.1", "latency": 0.25, "user_agent": "curl/8", "bytes_sent": 12},
        ),
        (
            '$http_x_forwarded_for [$time_local] "$request" $status',
            '203.0.113.7, 10.0.0.1 [17/May/2015:10:05:03 +0000] "GET /a HTTP/2.0" 200',
            {"client_ip": "203.0.113.7", "path": "/a", "status_code": 200},
        ),
        (
            '"$http_x_forwarded_for" ${msec} $request_method $uri$is_args$args $status $request_length',
            '"-" 1431857103.250 POST /a?x=1 201 77',
            {"timestamp": AT + 250_000, "method": "POST", "path": "/a", "bytes_received": 77},
        ),
        (
            "$time_iso8601|$remote_addr|$request|$status|$request_id",
            "2015-05-17T12:05:03+02:00|192.0.2.1|GET /a HTTP/1.1|200|8f3a",
            {"timestamp": AT, "client_ip": "192.0.2.1", "method": "GET", "path": "/a", "request_id": "8f3a"},
        ),
        (
            "$time_local $remote_addr $status $request",
            "17/May/2015:10:05:03 +0000 192.0.2.1 200 GET /a HTTP/1.1",
            {"timestamp": AT, "status_code": 200, "client_ip": "192.0.2.1"},
        ),
        (
            'LogFormat "%v %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-agent}i\\" %{ms}T" timed',
            "shop.example " + CLEAN + " 250",
            {"client_ip": "192.0.2.1", "path": "/a", "latency": 0.25, "user_agent": "curl/8"},
        ),
        (
            "%{usec}t %a %s %>s %D %T %I %b",
            "1431857103250000 192.0.2.1 301 200 1500 0 9 -",
            {"timestamp": AT + 250_000, "status_code": 200, "latency": 0.0015, "bytes_received": 9, "bytes_sent": 0},
        ),
        (
            "%{%d.%m.%Y %H:%M:%S}t|%m|%U|%>s",
            "17.05.2015 10:05:03|GET|/a|200",
            {"timestamp": AT, "method": "GET", "path": "/a", "status_code": 200},
        ),
        (
            '100%% %t %!200,304{Referer}i %400r "%{X-Forwarded-For}i"',
            '100% [17/May/2015:10:05:03 +0000] - - "203.0.113.7"',
            {"timestamp": AT, "client_ip": "203.0.113.7"},
        ),
        (
            'log_format j escape=json \'{"t":"$msec","req":{"m":"$request_method","u":"$request_uri"},\'\n'
            '\'"s":$status,"rt":${request_time},"who":"$remote_addr:$remote_port"}\';',
            '{"t":"1431857103.250","req":{"m":"GET","u":"/a?b"},"s":200,"rt":0.25,"who":"192.0.2.1:99"}',
            {"timestamp": AT + 250_000, "method": "GET", "path": "/a", "status_code": 200, "latency": 0.25},
        ),
        (
            '{ "time":"%t", "ip":"%a", "status":%>s, "m":"%m", "u":"%U%q", "us":%D }',
            '{"time":"[17/May/2015:10:05:03 +0000]","ip":"192.0.2.1","status":200,"m":"GET","u":"/a?b","us":1500}',
            {"timestamp": AT, "client_ip": "192.0.2.1", "path": "/a", "latency": 0.0015},
        ),
    ],
)
def test_format_strings(text: str, line: str, expected: dict[str, Any]) -> None:
    row = only_row(line, text)
    assert {name: row.get(name) for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$remote_addr $bogus_thing [$time_local] $status", r"\$bogus_thing"),
        ("%h %t %Z", "%Z"),
        ("%h %t %{nonsense}t", "nonsense"),
        ("%t %>s 100%", "100%"),
        ("%h%m %t %>s", "touch"),
        ("$remote_addr$status $time_local", "client and status touch"),
        ("%h %r %>s", "no time"),
        ('{"s":$status}', "no time"),
        ("%t %h", "neither a request nor a status"),
        ("combinde", "combined, vhost_common"),
        ("", "neither the name"),
    ],
)
def test_wrong_format_strings_are_named(text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words) as caught:
        parse_format(text)
    assert "Formats known by name: common, combined" in str(caught.value)


def test_every_preset_has_its_name() -> None:
    assert [parse_format(name.upper()).name for name in PRESET_NAMES] == list(PRESET_NAMES)


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        (["0.250", "1", "0.003"], "combined_time_s"),
        (["250", "3", "17", "900"], "combined_time_ms"),
        (["25000", "312", "900", "77"], "combined_time_us"),
        (["-", "-"], "combined_time_s"),
        ([str(number) for number in [3, *range(100, 400)]], "combined_time_us"),
    ],
)
def test_the_unit_of_the_number_at_the_end(numbers: list[str], name: str) -> None:
    found = detect("\n".join(f"{CLEAN} {number}" for number in numbers).encode())
    assert found.log_format.name == name
    assert found.log_format.has_latency
    assert "read as" in found.note


def test_dirt_in_front_does_no_harm() -> None:
    dirt = b"\n".join(b"starting up \x16\x03 %d" % index for index in range(3_000))
    log = b"\n".join([CLEAN.encode()] * 3_000)
    found = detect(dirt + b"\n" + log)
    assert found.log_format.name == "combined"
    assert found.confidence == pytest.approx(0.5, abs=0.01)


def test_a_sample_may_end_within_a_line() -> None:
    whole = f"{CLEAN}\n".encode() * (SAMPLE_BYTES // len(CLEAN) + 1)
    found = detect(whole[:SAMPLE_BYTES])
    assert found.confidence == 1.0


def test_text_after_the_last_known_field_is_reported() -> None:
    found = detect(f'{CLEAN} up="x" 7 z\n'.encode() * 5)
    assert found.log_format.name == "combined"
    assert "--format" in found.note


@pytest.mark.parametrize("data", [b"", b"\n\n", b"hello\n", b"{}\n", b'{"a":1}\n', b"\x7fELF\x01\x02", b"[" * 60_000])
def test_what_is_no_log(data: bytes) -> None:
    with pytest.raises(FormatError, match="Unknown log format"):
        detect(data)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{bad", "json"),
        ("[1]", "json"),
        ("null", "json"),
        ("{}", "request"),
        ('{"time_iso8601":"2015-05-17T10:05:03Z"}', "request"),
        ('{"status":200}', "time"),
        ('{"status":[200],"msec":1431857103}', "status"),
        ('{"status":"2x","msec":1431857103}', "status"),
        ('{"status":200,"msec":1431857103,"body_bytes_sent":-1}', "size"),
        ('{"status":200,"msec":1431857103,"request_time":-1}', "latency"),
        ('{"status":200,"msec":-5}', "time"),
        ('{"status":200,"msec":1e300}', "time"),
        ('{"status":200,"msec":1431857103,"x":' + "[" * 30_000 + "}", "json"),
        ('{"status":200,"x":' + '{"x":' * 9_000 + "1" + "}" * 9_001, "json"),
    ],
)
def test_json_lines_that_are_no_request(line: str, reason: str) -> None:
    fine = '{"status":200,"msec":1431857103.5,"request":"GET /a HTTP/1.1","body_bytes_sent":"7"}'
    decoded = decode(f"{fine}\n{line}\n{fine}\n".encode(), parse_format("nginx_json"))
    assert decoded.rejected.counts == {reason: 1}
    assert decoded.frame["path"].to_list() == ["/a", "/a"]
    assert decoded.frame["bytes_sent"].to_list() == [7, 7]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ('"\\u00e9\\ud83d\\ude42"', "é🙂"),
        ('"lone \\ud800 one"', "lone \ufffd one"),
        ('"nul \\u0000 and \\u001b[31m"', "nul \ufffd and \ufffd[31m"),
        ('"bytes \\x22 \\x41"', 'bytes " A'),
        ('"back\\\\slash \\\\x41"', "back\\slash \\x41"),
    ],
)
@pytest.mark.parametrize("broken_neighbour", [False, True])
def test_json_escapes(agent: str, expected: str, broken_neighbour: bool) -> None:
    line = f'{{"status":200,"msec":1431857103,"http_user_agent":{agent}}}\n'
    chunk = line + "broken\n" * broken_neighbour
    assert decode(chunk.encode(), parse_format("nginx_json")).frame["user_agent"].to_list() == [expected]


def test_both_json_readers_agree() -> None:
    values: list[Any] = ["x", 1, 1.5, True, None, [], ["a"], [1], {}, {"User-Agent": ["b"]}, "-", ""]
    rows = []
    for value in values:
        headers = {"User-Agent": value} if value != {} else value
        rows.append({"ts": 1431857103.25, "status": 200, "request": {"uri": value, "headers": headers}})
        rows.append({"ts": 1431857103.25, "status": 200, "request": value, "size": 0, "duration": 0.5})
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    at_once = decode(text, parse_format("caddy_json"))
    one_by_one = decode(text + b"broken\n", parse_format("caddy_json"))
    assert one_by_one.rejected.counts == {"json": 1}
    assert at_once.rejected.counts == {}
    assert at_once.frame.equals(one_by_one.frame)
