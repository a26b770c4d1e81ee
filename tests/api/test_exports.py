"""Exports over HTTP: whole, filtered, guarded, compressed, bounded in number and time, and never quietly cut."""

from __future__ import annotations

import csv
import gzip
import io
import json
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import zstandard

from mockforge_analytics.api.app import BASE_PATH
from tests.api.traffic import ROWS
from tests.support.server import Served, serving
from tests.support.stores import HOUR, MICROS, NOW
from tests.support.waiting import until
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "'quoted", 'a,"b"', "line\nbreak"]
MANY = 30_000


def in_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def key_of(entry: Row) -> tuple[Any, ...]:
    second = entry["timestamp"] // MICROS
    names = ("protocol", "method", "endpoint", "status_code", "workspace_id", "environment")
    return second - second % 60, *(entry[name] or None for name in names)


def test_json_has_every_cell_of_the_window(served: Served) -> None:
    items = served.get("export/json", duration=HOUR).json()
    expected: dict[tuple[Any, ...], list[Row]] = {}
    for entry in ROWS:
        if entry["timestamp"] >= (NOW - HOUR) * MICROS:
            expected.setdefault(key_of(entry), []).append(entry)
    names = ("timestamp", "protocol", "method", "endpoint", "status_code", "workspace_id", "environment")
    assert {tuple(item[name] for name in names): item["request_count"] for item in items} == {
        key: len(rows) for key, rows in expected.items()
    }
    assert [item["id"] for item in items] == list(range(1, len(items) + 1))
    for item in items:
        rows = expected[tuple(item[name] for name in names)]
        known = [entry["latency_us"] / 1_000 for entry in rows if entry["latency_us"] is not None]
        assert item["latency_sum"] == pytest.approx(sum(known))
        assert (item["latency_min"], item["latency_max"]) == (min(known, default=None), max(known, default=None))
        assert item["error_count"] == sum(bool(entry["error_type"]) for entry in rows)
        assert item["bytes_received"] == sum(entry["bytes_received"] for entry in rows)


def test_all_rows_come_unless_a_limit_is_given(served: Served) -> None:
    every = in_csv(served.get("export/csv", duration=HOUR).text)
    assert len(every) > 100
    assert in_csv(served.get("export/csv", duration=HOUR, limit=5).text) == every[:5]


def test_the_file_says_what_it_is(served: Served) -> None:
    day = datetime.fromtimestamp(NOW, UTC).date().isoformat()
    for kind, media_type in (("csv", "text/csv; charset=utf-8"), ("json", "application/json")):
        for answer in (served.get(f"export/{kind}"), served.client.head(f"{BASE_PATH}/export/{kind}")):
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == media_type
            assert answer.headers["Content-Disposition"] == (f'attachment; filename="mockforge-analytics-{day}.{kind}"')
            assert int(answer.headers["X-Analytics-End"]) - int(answer.headers["X-Analytics-Start"]) == HOUR
        assert served.client.head(f"{BASE_PATH}/export/{kind}").content == b""
    assert served.client.head(f"{BASE_PATH}/export/csv?duration=x").status_code == 422


def test_without_a_granularity_minutes_are_asked_and_auto_takes_what_is_kept(served: Served) -> None:
    refused = served.get("export/csv", duration="60d")
    assert (refused.status_code, refused.json()["field"]) == (422, "granularity")
    assert "the finest possible is day" in refused.json()["error"]
    found = served.get("export/csv", duration="60d", granularity="auto")
    assert found.headers["X-Analytics-Bucket-Seconds"] == "86400"
    assert sum(int(item["request_count"]) for item in in_csv(found.text)) == len(ROWS)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("zstd;q=0.5, gzip;q=0.5, identity", None),
        ("gzip, identity", "gzip"),
        ("gzip;q=0.1, *;q=0", "gzip"),
        ("*;q=0, identity", None),
        ("identity;q=0, *", "zstd"),
        ("", None),
        ("br", None),
        ("identity", None),
        ("gzip;q=x", None),
    ],
)
@pytest.mark.parametrize("route", ["export/csv", "export/json", "endpoints", "openapi.json", "status"])
def test_answers_are_compressed_as_the_caller_likes(served: Served, route: str, asked: str, given: str | None) -> None:
    plain = served.client.get(f"{BASE_PATH}/{route}", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == "Accept-Encoding"
    with served.client.stream("GET", f"{BASE_PATH}/{route}", headers={"Accept-Encoding": asked}) as answer:
        assert answer.headers.get("Content-Encoding") == given
        raw = b"".join(answer.iter_raw())
    body = unpacked(raw, given)
    if route == "status":
        assert json.loads(body)["success"] is True
    else:
        assert body[:1_000] == plain.content[:1_000]
    assert given is None or len(raw) < len(plain.content) / 2


def unpacked(data: bytes, encoding: str | None) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(data)
    return data if encoding is None else zstandard.ZstdDecompressor().decompressobj().decompress(data)


def test_small_answers_stay_as_they_are_unless_the_caller_takes_no_plain_ones(served: Served) -> None:
    assert "Content-Encoding" not in served.get("peaks").headers
    given = served.client.get(f"{BASE_PATH}/peaks", headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert given.headers["Content-Encoding"] == "gzip"
    assert given.json()["data"] == served.data("peaks")


@pytest.mark.parametrize("route", ["export/csv", "export/json", "endpoints", "openapi.json", "status"])
@pytest.mark.parametrize("taken", ["identity;q=0", "*;q=0", "br, identity;q=0", "gzip;q=0, zstd;q=0.000, *;q=0"])
def test_who_takes_nothing_that_there_is_is_told_so(served: Served, route: str, taken: str) -> None:
    answer = served.client.get(f"{BASE_PATH}/{route}", headers={"Accept-Encoding": taken})
    assert answer.status_code == 406
    assert answer.json()["success"] is False
    assert "zstd, gzip or identity" in answer.json()["error"]


def test_formulas_are_guarded_and_numbers_are_not(tmp_path: Path) -> None:
    rows = [row(NOW - 60, endpoint=text, latency_us=1_234_567) for text in FORMULAS]
    with serving(tmp_path, rows) as served:
        items = in_csv(served.get("export/csv").text)
        bare = served.get("export/json").json()
    stored = {item["endpoint"] for item in bare}
    assert sum(item["request_count"] for item in bare) == len(FORMULAS)
    for item in items:
        text = item["endpoint"]
        assert text.removeprefix("'") in stored or text in stored
        assert text.lstrip("\t\n\r ")[:1] not in "=+-@\uff1d"
        assert (item["avg_latency_ms"], item["timestamp"]) == ("1234.57", str(NOW - NOW % 60 - 60))


def crowd() -> Iterator[Row]:
    for number in range(MANY):
        yield row(NOW - 3_500 + number % 3_400, endpoint=f"/items/{number % 5_000:04}x", status_code=200 + number % 3)


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, crowd()) as running:
        yield running


def test_a_few_exports_run_at_a_time_and_reports_go_on(many: Served) -> None:
    address, plain = f"{BASE_PATH}/export/json", {"Accept-Encoding": "identity"}
    with (
        many.client.stream("GET", address, headers=plain) as first,
        many.client.stream("GET", address, headers=plain) as second,
    ):
        refused = many.client.get(address)
        assert refused.status_code == 503
        assert 1 <= int(refused.headers["Retry-After"]) <= 30
        assert refused.json()["success"] is False
        assert many.data("overview")["total_requests"] == MANY
        for answer in (first, second):
            assert sum(item["request_count"] for item in json.loads(answer.read())) == MANY
    for _ in range(5):
        assert many.get("export/csv", limit=1).status_code == 200


def test_a_caller_that_reads_too_slowly_is_cut_off_and_can_tell(tmp_path: Path) -> None:
    with serving(tmp_path, crowd(), query={"exports": 1, "export_seconds": 1.0}) as served:
        host = httpx.URL(served.url)
        with socket.create_connection((host.host, host.port or 0)) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            slow.sendall(f"GET {BASE_PATH}/export/json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert slow.recv(15) == b"HTTP/1.1 200 OK"
            # The only place is free again while the socket is open and unread: the snapshot was let go.
            until(lambda: served.get("export/csv", limit=1).status_code == 200, "a place for an export")
            received = b""
            while part := slow.recv(1 << 20):
                received += part
    assert len(received) > 100_000
    assert not received.endswith(b"0\r\n\r\n")


def test_a_caller_that_goes_away_frees_its_place(many: Served) -> None:
    def begun() -> bool:
        with many.client.stream("GET", f"{BASE_PATH}/export/json") as answer:
            next(answer.iter_raw(1_000))
            return answer.status_code == 200

    for _ in range(6):
        until(begun, "a place for an export")
