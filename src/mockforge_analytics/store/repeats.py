"""The tokens of batches that were written, by which a batch that comes again is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.store.rows import as_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from mockforge_analytics.store.staged import Staged

__all__ = ["Repeats", "keep_tokens"]

_FIND: Final = "SELECT digest FROM dedup_token WHERE token = ?"
_INSERT: Final = "INSERT OR IGNORE INTO dedup_token (token, received_at, digest) VALUES (?, ?, ?)"


class Repeats:
    """Tokens of batches that wait for a fold, in memory, and those in the table; for one thread, but for `waits`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, bytes | None] = {}

    def load(self, parts: Iterable[Staged]) -> None:
        """Take the tokens of `parts`, and no others, for those that wait."""
        self._waiting = {token: digest for part in parts for token, digest in part.tokens.items()}

    def add(self, part: Staged) -> None:
        """Add the tokens of a batch that waits now."""
        self._waiting.update(part.tokens)

    def clear(self) -> None:
        """Forget those that wait: a fold has committed them to the table."""
        self._waiting.clear()

    def waits(self, token: str) -> bool:
        """Return whether `token` is among those of pending batches, for any thread."""
        return token in self._waiting

    def is_known(self, token: str) -> bool:
        """Return whether a batch with `token` was written."""
        return self._found(token) is not None

    def contradicts(self, token: str, digest: bytes | None) -> bool:
        """Return whether the known `token` belongs to other contents; not where either side does not tell."""
        found = self._found(token)
        return found is not None and digest is not None and found[0] not in (None, digest)

    def _found(self, token: str) -> tuple[bytes | None] | None:
        """Return the digest that is kept of a known token, None for a new one."""
        if token in self._waiting:
            return (self._waiting[token],)
        row = self._connection.execute(_FIND, (token,)).fetchone()
        return None if row is None else (None if row[0] is None else as_bytes(row[0]),)


def keep_tokens(connection: apsw.Connection, parts: Iterable[Staged]) -> None:
    """Add the tokens of `parts` to the table, inside the caller's transaction."""
    rows = [(token, part.received_at, digest) for part in parts for token, digest in part.tokens.items()]
    if rows:
        connection.executemany(_INSERT, rows)
