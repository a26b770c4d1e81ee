"""Delivery to a real server: what it is sent, and what every kind of answer comes to."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.errors import ConfigError
from mockforge_analytics.sources.asgi.event import ConnectionsSample, Describer
from mockforge_analytics.sources.asgi.http_sink import HttpSink, events_address
from mockforge_analytics.sources.asgi.settings import CaptureSettings, Compression
from mockforge_analytics.sources.asgi.sink import Outcome, Verdict
from tests.asgi.support import WAIT, FakeClock, answering, closed_port, receiving, silence, taken
from tests.asgi.test_event import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockforge_analytics.sources.asgi.sink import Shipment
    from tests.asgi.support import Receiver, Responder

EVENT = Describer(CaptureSettings()).event(PLAIN)
OVER = 5.0  # seconds that a real exchange may take


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@contextmanager
def packed(url: str, *, compression: Compression = Compression.ZSTD, token: str | None = None) -> Iterator[Shipment]:
    """Give a shipment of two events and one sample to `url`."""
    sink = HttpSink(url, token, compression, "instance-1", FakeClock())
    sample = ConnectionsSample(1_750_000_000.0, "HTTP", 3, "instance-1")
    try:
        yield sink.pack([EVENT, EVENT], [sample], "instance-1-1")
    finally:
        sink.close()


@pytest.mark.parametrize("compression", list(Compression))
def test_what_is_sent(receiver: Receiver, compression: Compression) -> None:
    with packed(f"{receiver.url}/behind/proxy/", compression=compression, token="secret-token") as shipment:
        assert shipment.send(OVER) == Outcome(Verdict.DELIVERED)
    sent = receiver.next()
    assert sent.path == "/behind/proxy/api/v2/analytics/events"
    assert sent.headers["content-type"] == "application/x-ndjson"
    assert sent.headers["idempotency-key"] == "instance-1-1"
    assert sent.headers["x-instance-id"] == "instance-1"
    assert sent.headers["authorization"] == "Bearer secret-token"
    assert sent.headers.get("content-encoding", "none") == compression.value
    request = {
        "timestamp": 1_750_000_000.25,
        "protocol": "HTTP",
        "method": "GET",
        "path": "/a",
        "latency_ms": 12.346,
        "bytes_sent": 1,
        "bytes_received": 2,
        "status_code": 200,
    }
    sample = {
        "type": "connections",
        "timestamp": 1_750_000_000.0,
        "protocol": "HTTP",
        "value": 3,
        "source": "instance-1",
    }
    assert sent.lines == [request, request, sample]


def test_no_token_no_header(receiver: Receiver) -> None:
    with packed(receiver.url) as shipment:
        shipment.send(OVER)
    assert "authorization" not in receiver.next().headers


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_every_attempt_carries_the_same_bytes_and_key(receiver: Receiver, status: int) -> None:
    receiver.script.extend([answering(status), answering(status)])
    with packed(receiver.url) as shipment:
        verdicts = [shipment.send(OVER).verdict for _ in range(3)]
    assert verdicts == [Verdict.RETRY, Verdict.RETRY, Verdict.DELIVERED]
    first, *others = receiver.all()
    assert len(others) == 2
    assert all((other.body, other.headers) == (first.body, first.headers) for other in others)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (b"17", 17.0),
        (b"0", 0.0),
        (b"999999", 3_600.0),
        # The fake clock stands at 2025-06-15 15:06:40 UTC.
        (b"Sun, 15 Jun 2025 15:07:10 GMT", 30.0),
        (b"Sun, 15 Jun 2025 15:00:00 GMT", 0.0),
        (b"soon", None),
        (b"-5", None),
        (b"", None),
    ],
)
def test_what_a_server_asks_to_wait(receiver: Receiver, value: bytes, wait: float | None) -> None:
    receiver.script.append(answering(503, headers=[(b"retry-after", value)]))
    with packed(receiver.url) as shipment:
        assert shipment.send(OVER) == Outcome(Verdict.RETRY, wait=wait, reason="HTTP 503")


@pytest.mark.parametrize(
    "answer",
    [
        *(answering(status) for status in (301, 400, 401, 403, 404, 413, 422, 500)),
        answering(200, b"<html>welcome to the hotel</html>"),
        answering(200, b""),
        answering(200, b"\xff\xfe{"),
        answering(200, b'{"success": false, "data": null, "error": "no", "timestamp": 0}'),
        answering(200, b'{"success": true'),
        # A sound answer that does not end: nobody would wait for it.
        answering(200, b'{"success": true, "data": {}, "error": null, "timestamp": 0}' + b" " * 1_000_000),
        answering(204, b""),
    ],
)
def test_what_no_repetition_would_help(receiver: Receiver, answer: Responder) -> None:
    receiver.script.append(answer)
    with packed(receiver.url) as shipment:
        outcome = shipment.send(OVER)
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.reason.startswith("HTTP ")


@pytest.mark.parametrize(("rejected", "counted"), [(0, 0), (1, 1), (99, 2)])
def test_a_part_that_is_rejected(receiver: Receiver, rejected: int, counted: int) -> None:
    receiver.script.append(taken(rejected))
    with packed(receiver.url) as shipment:
        assert shipment.send(OVER) == Outcome(Verdict.DELIVERED, rejected=counted)


def test_a_server_that_is_not_there() -> None:
    with packed(f"http://127.0.0.1:{closed_port()}") as shipment:
        outcome = shipment.send(OVER)
    assert (outcome.verdict, outcome.reason.partition(":")[0]) == (Verdict.RETRY, "ConnectError")


def test_a_server_that_says_nothing(receiver: Receiver) -> None:
    receiver.script.append(silence)
    with packed(receiver.url) as shipment:
        outcome = shipment.send(0.1)
        assert (outcome.verdict, outcome.reason.partition(":")[0]) == (Verdict.RETRY, "ReadTimeout")
        assert shipment.send(OVER).verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    "says", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 4_096, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
def test_something_that_speaks_no_http(says: bytes) -> None:
    def speak() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(says)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak)
        thread.start()
        with packed(f"http://127.0.0.1:{listener.getsockname()[1]}") as shipment:
            assert shipment.send(OVER).verdict is Verdict.RETRY
        thread.join(WAIT)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:9180", "http://localhost:9180/api/v2/analytics/events"),
        ("https://a.example/traffic/", "https://a.example/traffic/api/v2/analytics/events"),
        ("http://h/api/v2/analytics/events?x=1#y", "http://h/api/v2/analytics/events"),
    ],
)
def test_the_address_of_the_route(url: str, address: str) -> None:
    assert events_address(url) == address


@pytest.mark.parametrize("url", ["localhost:9180", "ftp://a.example", "http://", "/path", "http://a:port"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match="the server address"):
        events_address(url)
