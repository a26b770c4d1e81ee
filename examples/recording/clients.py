"""Who visits: addresses from the documentation ranges and real-world user agents."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from examples.recording.steps import Client

if TYPE_CHECKING:
    import random

__all__ = ["AGENTS", "Pool"]

# RFC 5737 and RFC 3849: addresses that belong to nobody.
_VISITOR_NETWORKS = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/25")
_VISITOR_PREFIX_V6 = "2001:db8"
_V6_SHARE = 0.35
_AGENT_SKEW = 1.6

_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
AGENTS: dict[str, tuple[str, ...]] = {
    "browser": (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/26.1 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Safari/537.36 Edg/142.0.0.0",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) {_WEBKIT} Version/26.0 Mobile/15E148 Safari/604.1",
        f"Mozilla/5.0 (Linux; Android 10; K) {_BLINK} Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
        f"Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) {_WEBKIT} Version/17.6 Mobile/15E148 Safari/604.1",
        "Opera/9.80 (Windows NT 6.1; U; en) Presto/2.10.229 Version/11.62",
    ),
    "mobile": ("ShopApp/4.12.0 (iOS 18.7; iPhone15,4)", "ShopApp/4.11.2 (Android 15; Pixel 8) okhttp/4.12.0"),
    "bot": (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ),
    "partner": ("python-requests/2.32.5", "Go-http-client/1.1", "axios/1.13.2"),
    "curl": ("curl/8.14.1", "Wget/1.25.0"),
    "monitor": ("Prometheus-Blackbox/0.27.0", "kube-probe/1.34"),
}


class Pool:
    """A fixed set of clients of one kind, a few of which come far more often than the rest."""

    def __init__(
        self, rng: random.Random, kind: str, size: int, *, skew: float = 2.0, network: str | None = None
    ) -> None:
        agents = AGENTS[kind]
        hosts = [str(host) for host in ipaddress.ip_network(network).hosts()] if network else []
        self._skew = skew
        self._clients = [
            Client(
                hosts[number % len(hosts)] if hosts else self._visitor_address(rng),
                agents[int(len(agents) * rng.random() ** _AGENT_SKEW)],
            )
            for number in range(size)
        ]

    @staticmethod
    def _visitor_address(rng: random.Random) -> str:
        if rng.random() < _V6_SHARE:
            return f"{_VISITOR_PREFIX_V6}:{rng.randrange(1, 40):x}::{rng.randrange(1, 0xFFFF):x}"
        network = ipaddress.ip_network(rng.choice(_VISITOR_NETWORKS))
        return str(network[rng.randrange(1, network.num_addresses - 1)])

    def pick(self, rng: random.Random) -> tuple[int, Client]:
        """Return (number, client); client number 0 is the most frequent."""
        number = int(len(self._clients) * rng.random() ** self._skew)
        return number, self._clients[number]
