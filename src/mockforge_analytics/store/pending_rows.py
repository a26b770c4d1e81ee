"""The table of what is committed and not folded yet, with the same in memory."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.store.fold_parts import Division, Part, is_small
from mockforge_analytics.store.fold_progress import (
    Progress,
    error_owners,
    load_progress,
    save_progress,
    small_alone,
    waiting_rows,
)
from mockforge_analytics.store.staged import Staged, encode_staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from mockforge_analytics.store.fold_parts import PartSizes

__all__ = ["PendingRows"]

Rows = list[tuple[int, tuple[Staged, ...]]]

_INSERT: Final = "INSERT INTO pending (id, requests, first_seen, last_seen, payload) VALUES (?, ?, ?, ?, ?)"


class PendingRows:
    """For the thread that writes, inside its transactions; after a rollback the caller must call `load`.

    Other threads may call `rows` and `left`. A fold in parts takes up all rows there are when it begins; these stay in
    the table until its end.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: Rows = []
        self._requests = 0
        self._progress: Progress | None = None
        self._division: Division | None = None

    def load(self) -> None:
        """Read what the table holds."""
        self._progress = progress = load_progress(self._connection)
        begun = 0 if progress is None else progress.last
        rows = waiting_rows(self._connection)
        self._set([(number, tuple(parts)) for number, parts in rows if number > begun])
        taken = [part for number, parts in rows if number <= begun for part in parts]
        self._division = None if progress is None else self._divided(taken, progress)

    def _set(self, rows: Rows) -> None:
        self._rows = rows
        self._requests = sum(part.requests for _, parts in rows for part in parts)

    def _divided(self, parts: Sequence[Staged], progress: Progress) -> Division:
        return Division(parts, progress, partial(error_owners, self._connection))

    def __len__(self) -> int:
        return len(self._rows) + self.is_folding

    @property
    def is_folding(self) -> bool:
        """Whether a fold is in the midst of its parts."""
        return self._progress is not None

    @property
    def requests(self) -> int:
        """How many requests wait."""
        return self._requests + (0 if self._progress is None else self._progress.requests)

    @property
    def newest(self) -> int:
        """The number of the newest row, 0 where there is none."""
        begun = 0 if self._progress is None else self._progress.last
        return max((number for number, _ in self._rows), default=begun)

    def rows(self) -> Rows:
        """Return the number and the parts of every row that no fold has taken up, for any thread.

        A row that a reader sees committed is here as it is there, unless a fold has taken it meanwhile: no number is
        ever used for two contents.
        """
        return list(self._rows)

    def left(self, progress: Progress) -> list[Staged] | None:
        """Return what a fold that has come so far has left, for any thread; None where that must be read."""
        division = self._division
        return None if division is None else division.left(progress)

    def staged(self) -> list[Staged]:
        """Return everything that waits, oldest first."""
        left = [] if self._progress is None else self.left(self._progress)
        assert left is not None, "the division is that of the fold under way"
        return [*left, *(part for _, parts in self._rows for part in parts)]

    def append(self, number: int, parts: Sequence[Staged]) -> None:
        """Add `parts` as one row: it touches fewer pages than a row each."""
        seen = np.concatenate([part.seen for part in parts], axis=1)
        first, last = (int(seen[1].min()), int(seen[2].max())) if seen.shape[1] else (None, None)
        requests = sum(part.requests for part in parts)
        self._connection.execute(_INSERT, (number, requests, first, last, encode_staged(parts)))
        self._rows.append((number, tuple(parts)))
        self._requests += requests

    def next_part(self, sizes: PartSizes) -> Part | None:
        """Return what to fold next, of at least one row; None where time went into making ready for it."""
        if self._progress is None:
            parts = self.staged()
            if is_small(parts, sizes):
                return Part(parts, None)
            return Part([small_alone(part) for part in parts], Progress(self.newest, 0, 0, self._requests))
        assert self._division is not None
        return self._division.next(self._progress, sizes)

    def advance(self, progress: Progress | None) -> None:
        """Note that a fold has come to `progress`; None says that it is at its end."""
        ends = self.newest if self._progress is None else self._progress.last
        save_progress(self._connection, progress)
        if progress is None:
            self._connection.execute("DELETE FROM pending WHERE id <= ?", (ends,))
            self._division = None
        elif self._progress is None:
            self._division = self._divided(self.staged(), progress)
        self._progress = progress
        self._set([row for row in self._rows if row[0] > ends])

    def clear(self) -> None:
        """Delete all rows: they are folded."""
        self._connection.execute("DELETE FROM pending")
        save_progress(self._connection, None)
        self._progress = self._division = None
        self._set([])
