"""Under which names the server may be called.

A page of any site can point a name of its own at 127.0.0.1 (DNS rebinding) and then talks to a server on this machine
as if it were its own. The Host header still has the page's name, so a name that is not ours is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from mockforge_analytics.api.envelope import failure
from mockforge_analytics.api.security import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import ServerConfig

__all__ = ["HostCheck", "host_allowed"]

_MISDIRECTED: Final = 421
_OPEN: Final = ("/health", "/ready")  # a load balancer calls by whatever it knows, and learns nothing here
_ANY_BELOW: Final = "*."
_WILDCARDS: Final = ("0.0.0.0", "::")


class HostCheck:
    """Answers 421 to requests and streams for a name that is neither the server's address nor in the settings."""

    def __init__(self, app: ASGIApp, config: ServerConfig, clock: Clock) -> None:
        self._app = app
        self._open = {f"{root}{path}" for path in _OPEN for root in ("", config.root_path)}
        self._names = (*(() if config.host in _WILDCARDS else (config.host,)), *config.allowed_hosts)
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] in ("http", "websocket") and not self._is_ours(scope):
            message = "this server does not answer to that name: add it to the setting server.allowed_hosts"
            answer = failure(_MISDIRECTED, message, self._clock.now_us(), field="Host")
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        given = Headers(scope=scope).get("host")
        if given is None or scope["path"] in self._open:
            return True  # browsers always send one
        local = scope.get("server")
        return host_allowed(given, self._names if local is None else (local[0], *self._names))


def host_allowed(given: str, names: Iterable[str]) -> bool:
    """Return whether the Host header `given` names this machine alone, or is one of `names`; ports do not matter."""
    name = _name(given)
    return is_loopback(name) or any(_fits(name, _name(known)) for known in names)


def _name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    head, colon, _ = host.rpartition(":")
    is_port = colon and ":" not in head
    return (head if is_port else host).lower().rstrip(".")


def _fits(name: str, known: str) -> bool:
    if known.startswith(_ANY_BELOW):
        return name.endswith(known[1:]) and len(name) > len(known) - 1
    return bool(name) and name == known
