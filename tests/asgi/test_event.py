"""What leaves the process of a request: templates, masks, addresses, trace context."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import ConfigError
from mockforge_analytics.sources.asgi.address import Addresses
from mockforge_analytics.sources.asgi.event import Describer
from mockforge_analytics.sources.asgi.mask import Mask
from mockforge_analytics.sources.asgi.observation import Observation
from mockforge_analytics.sources.asgi.settings import CaptureSettings, ClientAddress, DeliverySettings

PLAIN = Observation(
    "HTTP",
    1_750_000_000_250_000,
    "get",
    b"/a",
    None,
    "",
    None,
    200,
    0.0123456,
    1,
    2,
    None,
    [],
    None,
    None,
    None,
    None,
    None,
)


def event(capture: CaptureSettings | None = None, **changed: Any) -> Any:
    return Describer(capture or CaptureSettings()).event(PLAIN._replace(**changed))


def test_units_and_case() -> None:
    found = event()
    assert (found.timestamp, found.latency_ms, found.method) == (1_750_000_000.25, 12.346, "GET")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"/a%20b/%C3%A9?secret=1", "/a%20b/%C3%A9"),
        ("/a b/é?x", "/a%20b/%C3%A9%3Fx"),
        ("/50%", "/50%25"),
        ("/\ud800", "/%3F"),
        (b"/shop;jsessionid=0123abc/x", "/shop***/x"),
        (b"/" + b"x" * 9_000, "/" + "x" * 4_095),
    ],
)
def test_paths(path: bytes | str, shown: str) -> None:
    assert event(path=path).path == shown


def test_what_is_masked_in_a_path() -> None:
    capture = CaptureSettings(masked_paths=(r"(?<=/reset/)[^/]+", r"\d{6,}"))
    assert event(capture, path=b"/reset/s3cret/for/123456").path == "/reset/***/for/***"


def test_headers_that_are_masked_are_not_there() -> None:
    headers = [
        (b"user-agent", b"spy"),
        (b"x-request-id", b"r"),
        (b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"),
    ]
    shown = event(headers=headers)
    assert (shown.user_agent, shown.request_id, shown.trace_id, shown.span_id) == ("spy", "r", "a" * 32, "b" * 16)
    hidden = event(CaptureSettings(masked_headers=("User-Agent", "x-request-id", "traceparent")), headers=headers)
    assert (hidden.user_agent, hidden.request_id, hidden.trace_id, hidden.span_id) == (None,) * 4


@pytest.mark.parametrize("value", [b"", b"00-xyz", b"00-" + b"a" * 31 + b"-" + b"b" * 16 + b"-01"])
def test_a_trace_context_that_is_none(value: bytes) -> None:
    assert event(headers=[(b"traceparent", value)]).trace_id is None


def test_texts_are_cut_and_never_break_the_encoding() -> None:
    found = event(
        headers=[(b"user-agent", b"\xff\xfe" + b"u" * 600), (b"x-request-id", b"r" * 200)],
        workspace_id="w\ud800" + "w" * 200,
        error_type="E" * 300,
    )
    assert found.user_agent == "\ufffd\ufffd" + "u" * 510
    assert len(found.request_id) == len(found.error_type) == 128
    assert found.workspace_id == "w?" + "w" * 126


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", b"192.0.2.1", "203.0.113.7"),  # whoever is not trusted may write what it likes
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", b"192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", b"6.6.6.6, 192.0.2.1, 10.0.0.9", "192.0.2.1"),
        ("10.0.0.1", b"10.0.0.2,10.0.0.3", "10.0.0.2"),
        ("10.0.0.1", b"192.0.2.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", b"192.0.2.1:4711", "192.0.2.1"),
        ("10.0.0.1", b'"[2001:db8::1]:4711"', "2001:db8::1"),
        ("::ffff:10.0.0.1", b"192.0.2.1", "192.0.2.1"),
        ("fd00::1", b"2001:DB8:0::2", "2001:db8::2"),
        (None, b"192.0.2.1", "192.0.2.1"),
        ("", b"192.0.2.1", "192.0.2.1"),
        (None, None, None),
        ("testclient", b"192.0.2.1", "testclient"),
    ],
)
def test_the_client_behind_trusted_proxies(peer: str | None, forwarded: bytes | None, client: str | None) -> None:
    assert Addresses(("10.0.0.0/8", "fd00::1", "unix"), ClientAddress.FULL).client(peer, forwarded) == client


def test_a_socket_without_address_is_trusted_only_where_it_is_said() -> None:
    assert Addresses((), ClientAddress.FULL).client(None, b"192.0.2.1") is None


@given(
    hops=st.lists(st.ip_addresses(v=4), min_size=1, max_size=5),
    trusted=st.sampled_from([ipaddress.ip_network("0.0.0.0/1"), ipaddress.ip_network("128.0.0.0/2")]),
    peer=st.ip_addresses(v=4),
)
def test_the_client_is_the_last_hop_that_is_not_trusted(hops: list[Any], trusted: Any, peer: Any) -> None:
    chain = [*hops, peer]
    untrusted = [hop for hop in chain if hop not in trusted]
    header = ", ".join(map(str, hops)).encode()
    found = Addresses((str(trusted),), ClientAddress.FULL).client(str(peer), header)
    assert found == str(untrusted[-1] if untrusted else chain[0])


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("testclient", None),
    ],
)
def test_truncated_addresses(address: str, shown: str | None) -> None:
    assert Addresses((), ClientAddress.TRUNCATED).client(address, None) == shown


def test_no_address_where_none_is_wanted() -> None:
    capture = CaptureSettings(client_address="none", trusted_proxies=("203.0.113.7",))
    assert event(capture, client="203.0.113.7", headers=[(b"x-forwarded-for", b"192.0.2.1")]).client_ip is None


def test_lines_of_a_forwarded_header_are_one_list() -> None:
    headers = [(b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-for", b"10.0.0.5")]
    capture = CaptureSettings(trusted_proxies=("10.0.0.0/8",))
    assert event(capture, client="10.0.0.1", headers=headers).client_ip == "192.0.2.1"


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("password=hunter2 failed", "password=*** failed"),
        ("{'api_key': 'abc def', 'n': 1}", "{'api_key': ***, 'n': 1}"),
        ('{"client_secret": "abc"}', '{"client_secret": ***}'),
        ("Authorization: Bearer abc.def", "Authorization: *** ***"),
        ("Bearer abc.def expired", "Bearer *** expired"),
        ("GET https://u:p@h/x?token=1 failed", "GET https://***@h/x?*** failed"),
        ("eve+x@example.co.uk unknown", "*** unknown"),
        ("division by zero", "division by zero"),
    ],
)
def test_secrets_in_messages(message: str, masked: str) -> None:
    assert "hunter2" not in masked
    found = Mask(()).message(message)
    assert "abc" not in found
    assert found == masked or message.startswith("Authorization")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: CaptureSettings(masked_paths=("(",)),
        lambda: CaptureSettings(trusted_proxies=("proxy.example",)),
        lambda: CaptureSettings(client_address="hidden"),
        lambda: CaptureSettings(exclude="/health"),  # type: ignore[arg-type]  # what a program without types says
        lambda: DeliverySettings(compression="brotli"),
        lambda: DeliverySettings(batch_size=0),
        lambda: DeliverySettings(interval=-1),
        lambda: DeliverySettings(batch_size=10, queue_size=9),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        wrong()
