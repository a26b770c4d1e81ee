"""What became of the requests that were seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Drop", "Ledger", "ReporterStats"]


class Drop(StrEnum):
    """Why a request is not reported."""

    OVERFLOW = "overflow"  # the queue was full: the oldest went
    EXPIRED = "expired"  # the server could not be reached for too long
    REFUSED = "refused"  # the server or the database will not have it, now or later
    UNENCODABLE = "unencodable"  # it could not be made an event
    SHUTDOWN = "shutdown"  # the process ended before it could be delivered


@dataclass(frozen=True, slots=True)
class ReporterStats:
    """Counts of this process since its start: ``recorded = delivered + rejected + dropped + waiting``.

    Attributes:
        recorded: requests that were seen and not excluded.
        delivered: taken over by the server or the database (also those it had already got with an earlier attempt).
        rejected: single requests that the receiver found wrong.
        dropped: requests that are lost, by reason.
        waiting: in the queue or on their way.
        batches: batches that were delivered.
        retries: attempts that had to be repeated.
        faults: failures of the recording itself; the application never notices them.
        last_error: why the newest failed attempt failed; None after a success.
    """

    recorded: int = 0
    delivered: int = 0
    rejected: int = 0
    dropped: Mapping[Drop, int] | None = None
    waiting: int = 0
    batches: int = 0
    retries: int = 0
    faults: int = 0
    last_error: str | None = None

    @property
    def dropped_total(self) -> int:
        """Return how many requests are lost."""
        return sum((self.dropped or {}).values())


class Ledger:
    """Counts up; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[Drop] = Counter()
        self._last_error: str | None = None

    def count(self, name: str, by: int = 1) -> None:
        """Add `by` to the count `name` of `ReporterStats`."""
        with self._lock:
            self._counts[name] += by

    def drop(self, reason: Drop, events: int) -> None:
        """Count `events` as lost."""
        with self._lock:
            self._dropped[reason] += events

    def delivered(self, events: int, rejected: int) -> None:
        """Count a batch of `events` of which the receiver `rejected` some."""
        with self._lock:
            self._counts["delivered"] += events - rejected
            self._counts["rejected"] += rejected
            self._counts["batches"] += 1
            self._last_error = None

    def failed(self, reason: str) -> bool:
        """Note a failed attempt; return whether the one before was fine."""
        with self._lock:
            was_fine = self._last_error is None
            self._last_error = reason
        return was_fine

    def stats(self, recorded: int) -> ReporterStats:
        """Return the counts; what was `recorded` and is not accounted for is waiting."""
        with self._lock:
            counts, dropped, last_error = dict(self._counts), dict(self._dropped), self._last_error
        settled = counts.get("delivered", 0) + counts.get("rejected", 0) + sum(dropped.values())
        return ReporterStats(
            recorded=recorded, dropped=dropped, waiting=recorded - settled, last_error=last_error, **counts
        )
