"""Sessions of browsers: a cookie in place of a token, which scripts and other sites cannot use."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mockforge_analytics.clock import Clock

__all__ = ["COOKIE", "Sessions"]

COOKIE: Final = "mockforge_analytics_session"
_IDLE_SECONDS: Final = 12 * 3_600.0
_MOST: Final = 1_000  # the one that was not used for longest makes room
_ID_BYTES: Final = 32


@dataclass(slots=True)
class _Session:
    token_id: str
    used_at: float


class Sessions:
    """Which token each session stands for. They live in memory: after a restart of the server people sign in again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: OrderedDict[bytes, _Session] = OrderedDict()

    def begin(self, token_id: str) -> str:
        """Return the id of a new session of the token."""
        session_id = secrets.token_urlsafe(_ID_BYTES)
        self._open[_digest(session_id)] = _Session(token_id, self._clock.monotonic())
        while len(self._open) > _MOST:
            self._open.popitem(last=False)
        return session_id

    def token_of(self, session_id: str) -> str | None:
        """Return the id of the token that the session stands for, None where there is no such session any more."""
        key = _digest(session_id)
        session = self._open.get(key)
        if session is None:
            return None
        now = self._clock.monotonic()
        if now - session.used_at > _IDLE_SECONDS:
            del self._open[key]
            return None
        session.used_at = now
        self._open.move_to_end(key)
        return session.token_id

    def end(self, session_id: str) -> None:
        """End the session, where there is one."""
        self._open.pop(_digest(session_id), None)


def _digest(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).digest()
