"""Who may do what: tokens, sessions, scopes and workspaces, as dependencies of the routers.

`connection.state.principal` is who asks, None where no token is required. What a principal may see is narrowed in one
place, `parameters.question`.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from mockforge_analytics.api.attempts import Attempts
from mockforge_analytics.api.origin import origin_allowed
from mockforge_analytics.api.sessions import COOKIE, Sessions
from mockforge_analytics.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import ServerConfig
    from mockforge_analytics.model.principal import Scope
    from mockforge_analytics.ports import Tokens

__all__ = ["ALL_WORKSPACES", "Access", "is_loopback", "principal_of", "requires", "until_revoked"]

ALL_WORKSPACES: Final = "this tells of all workspaces, and the token is good for one only"
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_REVOCATION_SECONDS: Final = 2.0  # between two looks at the token of an open socket


class Access:
    """Decides who asks. With `guarded` whoever calls the server by an address of the network needs a token."""

    def __init__(self, tokens: Tokens, config: ServerConfig, clock: Clock, *, guarded: bool) -> None:
        self._tokens = tokens
        self._config = config
        self._guarded = guarded
        self._attempts = Attempts(clock)
        self.sessions = Sessions(clock)

    def is_required(self, connection: HTTPConnection) -> bool:
        """Return whether a token is required: there is one, the settings say so, or the server can be reached.

        Raises:
            StoreError: the tokens cannot be read.
        """
        if self._config.require_token or self._tokens.tokens():
            return True
        local = connection.scope.get("server")
        address = None if local is None or local[1] is None else local[0]  # None is a socket of this machine
        return self._guarded and not (is_loopback(self._config.host) and (address is None or is_loopback(address)))

    def principal(self, connection: HTTPConnection) -> Principal | None:
        """Return who asks; None where that is nobody's business.

        Raises:
            HTTPException: 401 without a good token or session, 403 for a change that another page asks for, 429 after
                too many wrong tokens.
            StoreError: the tokens cannot be read.
        """
        self.check_origin(connection)
        if not self.is_required(connection):
            return None
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.holder(secret.strip(), connection)
        token_id = self.sessions.token_of(connection.cookies.get(COOKIE, ""))
        token = None if token_id is None else self._tokens.get(token_id)
        if token is None:
            message = "a token is required: send it as `Authorization: Bearer …`, or sign in on the dashboard"
            raise HTTPException(_UNAUTHORIZED, message, {"WWW-Authenticate": "Bearer"})
        return Principal.of(token)

    def holder(self, secret: str, connection: HTTPConnection) -> Principal:
        """Return the holder of the token `secret`.

        Raises:
            HTTPException: 401 where it is no good token, 429 after too many of these.
            StoreError: the tokens cannot be read.
        """
        token = self._tokens.find(secret)
        if token is not None:
            return Principal.of(token)
        wait = self._attempts.fail("" if connection.client is None else connection.client.host)
        if wait:
            message = f"too many wrong tokens from this address: wait {wait} seconds"
            raise HTTPException(_TOO_MANY, message, {"Retry-After": str(wait)})
        message = "the token is unknown, revoked or expired"
        raise HTTPException(_UNAUTHORIZED, message, {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def is_good(self, principal: Principal) -> bool:
        """Return whether the token of `principal` has been neither revoked nor expired since."""
        return self._tokens.get(principal.token_id) is not None

    def check_origin(self, connection: HTTPConnection) -> None:
        """Refuse what another page makes the browser send: it would come with the cookie, or find the door open."""
        if connection.scope["type"] == "websocket" or connection.scope["method"] in _SAFE_METHODS:
            return  # the stream answers for itself
        headers = connection.headers
        if not origin_allowed(headers.get("origin"), headers.get("host"), self._config.allowed_origins):
            message = "pages of this origin may change nothing here: name it in the setting server.allowed_origins"
            raise HTTPException(_FORBIDDEN, message)


def requires(scope: Scope, *, all_workspaces: bool = False) -> Callable[[HTTPConnection], Awaitable[None]]:
    """Return the dependency of routes that need `scope`, and with `all_workspaces` a token that is bound to none."""

    async def check(connection: HTTPConnection) -> None:
        principal = connection.state.analytics.access.principal(connection)
        if principal is not None and not principal.may(scope):
            headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
            raise HTTPException(_FORBIDDEN, f"this token lacks the scope {scope}", headers)
        if all_workspaces and principal is not None and principal.workspace_id is not None:
            raise HTTPException(_FORBIDDEN, ALL_WORKSPACES)
        connection.state.principal = principal

    return check


def principal_of(connection: HTTPConnection) -> Principal | None:
    """Return who asks, None where no token is required."""
    found: Principal | None = getattr(connection.state, "principal", None)
    return found


async def until_revoked(connection: HTTPConnection) -> None:
    """Return when the token that opened `connection` is no longer good, a few seconds later at most; else never."""
    principal = principal_of(connection)
    access: Access = connection.state.analytics.access
    while principal is None or access.is_good(principal):  # noqa: ASYNC110 - nobody sets an event: a file changes
        await asyncio.sleep(_REVOCATION_SECONDS)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`, an address or the name localhost."""
    name = host.strip("[]").lower().rstrip(".")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
