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

_BAD_REQUEST: Final = 400
_MISDIRECTED: Final = 421
_OPEN: Final = ("/health", "/ready")  # a load balancer calls by whatever it knows, and learns nothing here
_ANY_BELOW: Final = "*."
_WILDCARDS: Final = ("0.0.0.0", "::")


class HostCheck:
    """Answers 421 to requests and streams for a name that is neither the server's address nor in the settings.

    Several names are 400, as RFC 9112 section 3.2 has it: who is in between may have gone by another one.
    """

    def __init__(self, app: ASGIApp, config: ServerConfig, clock: Clock) -> None:
        self._app = app
        self._open = {f"{root}{path}" for path in _OPEN for root in ("", config.root_path)}
        self._names = (*(() if config.host in _WILDCARDS else (config.host,)), *config.allowed_hosts)
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await failure(*refusal, self._clock.now_us(), field="Host")(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        given = Headers(scope=scope).getlist("host")
        if len(given) > 1:
            return _BAD_REQUEST, f"the request has {len(given)} Host headers: send one"
        if not given or scope["path"] in self._open:
            return None  # browsers always send one
        local = scope.get("server")
        if host_allowed(given[0], self._names if local is None else (local[0], *self._names)):
            return None
        return _MISDIRECTED, "this server does not answer to that name: add it to the setting server.allowed_hosts"


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
