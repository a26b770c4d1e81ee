"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Principal", "Scope", "Token"]


class Scope(StrEnum):
    """What a token is good for; `ADMIN` includes the others."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: not the token itself. Times in microseconds, `expires_at` None for never.

    With `workspace_id` it is good for the data of that workspace only.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    workspace_id: str | None
    created_at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the holder of a token."""

    name: str
    scopes: frozenset[Scope]
    workspace_id: str | None
    token_id: str

    @classmethod
    def of(cls, token: Token) -> Principal:
        """Return the holder of `token`."""
        return cls(token.name, token.scopes, token.workspace_id, token.id)

    def may(self, scope: Scope) -> bool:
        """Return whether this is allowed to do what needs `scope`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes
