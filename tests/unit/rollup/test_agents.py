"""Families and versions of user agents."""

from __future__ import annotations

import pytest

from mockforge_analytics.rollup.agents import UserAgents

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.71 "
    "Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("agent", "family", "version"),
    [
        (CHROME, "Chrome", "120.0.6099"),
        (IPHONE, "Mobile Safari", "17.2"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", "2.1"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot", "2.0"),
        ("curl/8.5.0", "curl", "8.5.0"),
        ("python-requests/2.31.0", "Python Requests", "2.31"),
        ("something nobody knows", "", ""),
        ("-", "", ""),
        ("", "", ""),
    ],
)
def test_agents(agent: str, family: str, version: str) -> None:
    assert UserAgents().parse([agent]) == [(family, version)]


def test_more_agents_than_are_remembered_are_answered_all_the_same() -> None:
    names = [f"curl/{i}.{i % 3}" for i in range(50)]
    agents = UserAgents(capacity=4)
    for _ in range(2):
        assert agents.parse(names) == [("curl", name.removeprefix("curl/")) for name in names]


def test_no_agents() -> None:
    assert UserAgents().parse([]) == []
