"""The table of what is committed and not folded yet, with the same in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.store.rows import as_bytes, as_int
from mockforge_analytics.store.staged import Staged, decode_staged, encode_staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

__all__ = ["PendingRows"]

_INSERT: Final = "INSERT INTO pending (id, requests, first_seen, last_seen, payload) VALUES (?, ?, ?, ?, ?)"


class PendingRows:
    """For the thread that writes, inside its transactions; after a rollback the caller must call `load`.

    Other threads may call `rows`.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[int, tuple[Staged, ...]]] = []
        self._requests = 0

    def load(self) -> None:
        """Read what the table holds."""
        rows = self._connection.execute("SELECT id, payload FROM pending ORDER BY id").fetchall()
        self._set([(as_int(number), decode_staged(as_bytes(payload))) for number, payload in rows])

    def _set(self, rows: list[tuple[int, tuple[Staged, ...]]]) -> None:
        self._rows = rows
        self._requests = sum(part.requests for _, parts in rows for part in parts)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def requests(self) -> int:
        """How many requests wait."""
        return self._requests

    @property
    def newest(self) -> int:
        """The number of the newest row, 0 where there is none."""
        return max((number for number, _ in self._rows), default=0)

    def rows(self) -> list[tuple[int, tuple[Staged, ...]]]:
        """Return the number and the parts of every row, for any thread.

        A row that a reader sees committed is here as it is there, unless a fold has taken it meanwhile: no number is
        ever used for two contents.
        """
        return list(self._rows)

    def staged(self, number: int | None = None) -> list[Staged]:
        """Return the parts of all rows, oldest first, or those of row `number` alone."""
        return [part for row, parts in self._rows if number in (None, row) for part in parts]

    def append(self, number: int, parts: Sequence[Staged]) -> None:
        """Add `parts` as one row: it touches fewer pages than a row each."""
        seen = np.concatenate([part.seen for part in parts], axis=1)
        first, last = (int(seen[1].min()), int(seen[2].max())) if seen.shape[1] else (None, None)
        requests = sum(part.requests for part in parts)
        self._connection.execute(_INSERT, (number, requests, first, last, encode_staged(parts)))
        self._rows.append((number, tuple(parts)))
        self._requests += requests

    def remove(self, number: int | None = None) -> None:
        """Delete all rows, or row `number` alone."""
        if number is None:
            self._connection.execute("DELETE FROM pending")
        else:
            self._connection.execute("DELETE FROM pending WHERE id = ?", (number,))
        self._set([] if number is None else [row for row in self._rows if row[0] != number])
