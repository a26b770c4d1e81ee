"""What counts as a failure and how it is named."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mockforge_analytics.model.codes import encode
from mockforge_analytics.rollup.failures import CATEGORIES, find_failures
from mockforge_analytics.rollup.protocols import canonical_protocols


def failure(protocol: str, status: int, error_type: str | None) -> tuple[str, str] | None:
    found = find_failures(
        np.array([status]), encode(pl.Series([protocol])), encode(pl.Series([error_type], dtype=pl.String))
    )
    if not len(found):
        return None
    return found.type.rows(np.array([0]))[0], str(CATEGORIES[found.category[0]])


@pytest.mark.parametrize(
    ("protocol", "status", "error_type", "expected"),
    [
        ("HTTP", 200, None, None),
        ("HTTP", 399, None, None),
        ("HTTP", 0, None, None),
        ("HTTP", 404, None, ("not_found", "client_error")),
        ("HTTP", 429, None, ("too_many_requests", "client_error")),
        ("HTTP", 499, None, ("client_closed_request", "client_error")),
        ("HTTP", 500, None, ("internal_error", "server_error")),
        ("HTTP", 502, None, ("bad_gateway", "server_error")),
        ("HTTP", 504, None, ("gateway_timeout", "server_error")),
        ("HTTP", 451, None, ("status_451", "client_error")),
        ("HTTP", 599, None, ("status_599", "server_error")),
        ("HTTP", 600, None, ("status_600", "other")),
        ("HTTP", 200, "timeout", None),
        ("HTTP", 0, "timeout", ("timeout", "timeout_error")),
        ("HTTP", 504, "upstream_timeout", ("upstream_timeout", "timeout_error")),
        ("HTTP", 404, "no_such_mock", ("no_such_mock", "client_error")),
        ("HTTP", 502, "connection_refused", ("connection_refused", "network_error")),
        ("gRPC", 0, None, None),
        ("gRPC", 0, "DEADLINE_EXCEEDED", ("DEADLINE_EXCEEDED", "timeout_error")),
        ("gRPC", 13, "INTERNAL", ("INTERNAL", "other")),
        ("gRPC", 200, "INTERNAL", ("INTERNAL", "other")),
        ("GraphQL", 200, "graphql_error", ("graphql_error", "other")),
        ("WebSocket", 101, "ConnectionResetError", ("ConnectionResetError", "network_error")),
        ("SMTP", 550, None, ("status_550", "server_error")),
        ("Kafka", -1, "UNKNOWN_SERVER_ERROR", ("UNKNOWN_SERVER_ERROR", "other")),
    ],
)
def test_failures(protocol: str, status: int, error_type: str | None, expected: tuple[str, str] | None) -> None:
    assert failure(protocol, status, error_type) == expected


@pytest.mark.parametrize(
    "kind",
    ["timeout", "Timeout", "ReadTimeout", "timed_out", "TimedOut", "request timed out", "time-out", "ETIMEDOUT",
     "connect_timeout", "TLSHandshakeTimeout", "deadline_exceeded", "DeadlineExceeded", "gateway-timeouts"],
)  # fmt: skip
def test_types_that_speak_of_timeouts(kind: str) -> None:
    assert failure("TCP", 0, kind) == (kind, "timeout_error")


@pytest.mark.parametrize(
    "kind",
    ["connection_refused", "ConnectionResetError", "connection reset by peer", "ECONNREFUSED", "EPIPE", "broken_pipe",
     "BrokenPipeError", "dns", "DNSLookupFailed", "name_resolution", "ENOTFOUND", "tls", "TLSHandshakeError",
     "ssl_error", "network", "host_unreachable", "EHOSTUNREACH", "NetworkError", "ConnectError", "socket_closed",
     "disconnected", "bad_certificate"],
)  # fmt: skip
def test_types_that_speak_of_the_network(kind: str) -> None:
    assert failure("TCP", 0, kind) == (kind, "network_error")


@pytest.mark.parametrize(
    "kind",
    ["internal_error", "titles_missing", "out_of_time", "overtime", "runtime_error", "reset_password_failed",
     "settlement", "odnsx", "unauthenticated", "InternalServerError", "timeouted_out_of_stock_x2", "connectionless"],
)  # fmt: skip
def test_types_that_only_contain_such_letters(kind: str) -> None:
    assert failure("TCP", 0, kind) == (kind, "other")


def test_a_source_and_a_status_that_say_the_same_are_one_type() -> None:
    statuses = np.array([404, 404, 500])
    found = find_failures(statuses, encode(pl.Series(["HTTP"] * 3)), encode(pl.Series(["not_found", None, None])))
    assert list(found.type.rows(np.arange(3))) == ["not_found", "not_found", "internal_error"]
    assert found.type.values.n_unique() == len(found.type)


def test_many_types_at_once() -> None:
    """Distinct types share one pass of the regexes."""
    kinds = [f"odd_{i}" if i % 3 else f"timeout in step {i}" for i in range(3_000)]
    found = find_failures(np.zeros(3_000, np.int64), encode(pl.Series(["TCP"] * 3_000)), encode(pl.Series(kinds)))
    assert list(found.type.rows(np.arange(3_000))) == kinds
    names = [str(CATEGORIES[number]) for number in found.category.tolist()]
    assert names == ["other" if i % 3 else "timeout_error" for i in range(3_000)]


def test_protocols_are_canonical() -> None:
    names = {
        "HTTP": ["http", "HTTP", "HTTP/1.1", "https", "h2", " http "],
        "gRPC": ["GRPC", "grpc"],
        "WebSocket": ["ws", "WSS", "websocket"],
        "GraphQL": ["graphql"],
        "MQTT": ["mqtt"],
        "Kafka": ["KAFKA"],
        "AMQP": ["amqp"],
        "SMTP": ["smtp"],
        "FTP": ["ftp"],
        "TCP": ["tcp"],
        "STOMP": ["STOMP"],
        "": [""],
    }
    for canonical, given in names.items():
        assert set(canonical_protocols(pl.Series(given))) == {canonical}
