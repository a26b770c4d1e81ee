"""Which pages may use the server."""

from __future__ import annotations

import pytest

from mockforge_analytics.api.origin import origin_allowed, same_origin


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:9180", "127.0.0.1:9180"),
        ("http://localhost", "localhost"),
        ("http://localhost", "localhost:80"),
        ("https://dash.example", "dash.example"),
        ("https://dash.example:443", "DASH.example."),
        ("http://[::1]:9180", "[::1]:9180"),
    ],
)
def test_its_own_pages_may(origin: str, host: str) -> None:
    assert same_origin(origin, host)
    assert origin_allowed(origin, host, ())


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:9181", "127.0.0.1:9180"),
        ("http://localhost:9180", "127.0.0.1:9180"),
        ("https://dash.example", "dash.example:80"),
        ("https://dash.example.evil.example", "dash.example"),
        ("https://evil.example/dash.example", "dash.example"),
        ("https://dash.example@evil.example", "dash.example"),
        ("https://x@dash.example", "dash.example"),
        ("null", "null"),
        ("", "127.0.0.1"),
        ("file://", ""),
        ("http://localhost:99999", "localhost:99999"),
        ("http://[", "["),
        ("http://localhost", None),
    ],
)
def test_others_may_not(origin: str, host: str | None) -> None:
    assert not origin_allowed(origin, host, ())
    assert not origin_allowed(origin, host, ("https://listed.example",))


def test_who_sends_no_origin_is_no_page() -> None:
    assert origin_allowed(None, "127.0.0.1:9180", ())


def test_those_that_are_listed_may() -> None:
    listed = ("https://listed.example", "http://other.example:8080/")
    assert origin_allowed("https://LISTED.example:443", "127.0.0.1", listed)
    assert origin_allowed("http://other.example:8080", "127.0.0.1", listed)
    assert not origin_allowed("http://listed.example", "127.0.0.1", listed)
