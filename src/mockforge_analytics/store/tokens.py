"""Tokens in a file of their own beside the database: `<database>-tokens`, readable by its owner only.

Not in the database, because that has one writer: tokens must be made and revoked while a server runs. A change is
written whole to a new file that takes the place of the old one, so that a reader sees the one or the other. Tokens are
256 random bits, so a plain SHA-256 keeps them safe: there is nothing to guess that a slow hash would make slower.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.errors import ConfigError, StoreError
from mockforge_analytics.model.dimensions import OWN_WORKSPACE
from mockforge_analytics.model.principal import Scope, Token
from mockforge_analytics.store.disk import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockforge_analytics.clock import Clock

__all__ = ["TokenFile"]

_OWNER_ONLY: Final = 0o600
_PREFIX: Final = "mfa_"  # tells people, and scanners of leaked secrets, what this is
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class _Entry:
    token: Token
    digest: str


class TokenFile:
    """The tokens of the database `database`; safe to share between threads, and to be changed by several processes."""

    def __init__(self, database: Path, clock: Clock) -> None:
        real = database.resolve()
        self.path = real.with_name(real.name + "-tokens")
        self._clock = clock
        self._guard = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._known: tuple[_Entry, ...] = ()

    def tokens(self) -> list[Token]:
        """Return the tokens there are, the oldest first, those that have expired included.

        Raises:
            StoreError: the file cannot be read.
        """
        return [entry.token for entry in self._entries()]

    def find(self, secret: str) -> Token | None:
        """Return the token that reads `secret`; None where there is none, or it has expired.

        Raises:
            StoreError: the file cannot be read.
        """
        digest = _digest(secret)
        found = None
        for entry in self._entries():
            if hmac.compare_digest(entry.digest, digest):
                found = entry.token
        return self._unless_expired(found)

    def get(self, token_id: str) -> Token | None:
        """Return the token with that id; None where it is revoked or has expired.

        Raises:
            StoreError: the file cannot be read.
        """
        found = next((entry.token for entry in self._entries() if entry.token.id == token_id), None)
        return self._unless_expired(found)

    def create(
        self,
        name: str,
        scopes: Iterable[Scope],
        *,
        workspace_id: str | None = None,
        expires_at: int | None = None,
    ) -> tuple[Token, str]:
        """Store a new token; return it with its text, which nobody can read from the file again.

        Raises:
            ConfigError: `workspace_id` cannot be the name of a workspace.
            StoreError: the file cannot be written.
        """
        if workspace_id is not None and (workspace_id.strip() != workspace_id or not workspace_id):
            message = f"{workspace_id!r} cannot be the name of a workspace: choose one without blanks at its ends"
            raise ConfigError(message)
        if workspace_id == OWN_WORKSPACE:
            message = f"the workspace {OWN_WORKSPACE} has the server's own requests: choose another for the token"
            raise ConfigError(message)
        secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        token = Token(
            secrets.token_hex(_ID_BYTES), name, frozenset(scopes), workspace_id, self._clock.now_us(), expires_at
        )
        make_folder(self.path)
        with self._changing():
            self._write([*self._entries(), _Entry(token, _digest(secret))])
        return token, secret

    def revoke(self, token_id: str) -> Token:
        """Make a token worthless; return what it was.

        Raises:
            StoreError: there is no such token, or the file cannot be written.
        """
        with self._changing():
            entries = self._entries()
            found = next((entry.token for entry in entries if entry.token.id == token_id), None)
            if found is None:
                known = ", ".join(entry.token.id for entry in entries) or "none"
                message = f"there is no token {token_id}: tokens are {known}"
                raise StoreError(message)
            self._write([entry for entry in entries if entry.token.id != token_id])
        return found

    def _unless_expired(self, token: Token | None) -> Token | None:
        if token is None or (token.expires_at is not None and token.expires_at <= self._clock.now_us()):
            return None
        return token

    def _entries(self) -> tuple[_Entry, ...]:
        """Return what the file holds now; it is read again only where it is another than before."""
        with self._guard:
            try:
                state = os.stat(self.path)
            except FileNotFoundError:
                self._seen, self._known = None, ()
                return ()
            except OSError as error:
                raise self._unreadable(error.strerror or str(error)) from error
            seen = (state.st_ino, state.st_mtime_ns, state.st_size)
            if seen != self._seen:
                self._known = self._read()
                self._seen = seen
            return self._known

    def _read(self) -> tuple[_Entry, ...]:
        try:
            document = json.loads(self.path.read_bytes())
            return tuple(_entry(item) for item in document["tokens"])
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unreadable("it is damaged") from error

    def _unreadable(self, reason: str) -> StoreError:
        return StoreError(
            f"the tokens in {self.path} cannot be read ({reason}): repair the file, or delete it and make new tokens"
        )

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep other processes from changing the file meanwhile."""
        try:
            handle = os.open(f"{self.path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            message = f"the tokens in {self.path} cannot be written: {error.strerror or error}"
            raise StoreError(message) from error

    def _write(self, entries: Iterable[_Entry]) -> None:
        new = f"{self.path}-{os.getpid()}"
        text = json.dumps({"tokens": [_document(entry) for entry in entries]}, indent=1)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _OWNER_ONLY)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.path)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _document(entry: _Entry) -> dict[str, Any]:
    token = entry.token
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "workspace_id": token.workspace_id,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "sha256": entry.digest,
    }


def _entry(item: dict[str, Any]) -> _Entry:
    token = Token(
        id=str(item["id"]),
        name=str(item["name"]),
        scopes=frozenset(Scope(scope) for scope in item["scopes"]),
        workspace_id=item["workspace_id"],
        created_at=int(item["created_at"]),
        expires_at=item["expires_at"],
    )
    return _Entry(token, str(item["sha256"]))
