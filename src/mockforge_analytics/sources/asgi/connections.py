"""How many requests and WebSocket sessions are open."""

from __future__ import annotations

from threading import Lock
from typing import Final

__all__ = ["OpenConnections"]

_PROTOCOLS: Final = ("HTTP", "WebSocket")


class OpenConnections:
    """Counts by protocol, exact also where several event loops share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = dict.fromkeys(_PROTOCOLS, 0)
        self._told = dict.fromkeys(_PROTOCOLS, 0)

    def enter(self, protocol: str) -> None:
        """Count one more."""
        with self._lock:
            self._open[protocol] += 1

    def leave(self, protocol: str) -> None:
        """Count one less."""
        with self._lock:
            self._open[protocol] -= 1

    def now(self) -> dict[str, int]:
        """Return how many are open."""
        with self._lock:
            return dict(self._open)

    def news(self) -> dict[str, int]:
        """Return what is worth a sample: what is open, and what is no longer open since the last call."""
        now = self.now()
        news = {name: value for name, value in now.items() if value or self._told[name]}
        self._told = now
        return news
