"""A body of events on its way in, and what became of it, as values between the edge and the stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mockforge_analytics.model.batch import WriteResult

__all__ = ["EventBody", "EventError", "EventOutcome", "EventReceipt"]


@dataclass(frozen=True, slots=True)
class EventBody:
    """What a sender posted.

    Attributes:
        data: the body as it came, with the content coding `encoding`.
        is_lines: whether it is an object a line, not merely JSON.
        key: the sender's name for this batch; a batch with a name seen before changes nothing, and is refused where
            the batch of that name had another content.
        sender: who sends, where that is known; keys and the figures of the ledger are told apart by it.
        workspace: where set, the only workspace that may be written to.
    """

    data: bytes
    encoding: str | None = None
    is_lines: bool = False
    key: str | None = None
    sender: str | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class EventError:
    """Why the event at `index` (from 0; None where that is not known) was refused."""

    index: int | None
    field: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of a body: ``received = stored + deduplicated + rejected``; `overflowed` is a part of `stored`.

    Attributes:
        errors: the first refused events.
        commit: number of the commit that holds them; None where nothing was written.
        is_unreadable: nothing of the body was JSON.
        is_key_reused: all were refused, because the key of the batch was used for another body.
    """

    received: int
    stored: int = 0
    deduplicated: int = 0
    rejected: int = 0
    overflowed: int = 0
    errors: tuple[EventError, ...] = ()
    commit: int | None = None
    is_unreadable: bool = False
    is_key_reused: bool = False


@dataclass(frozen=True, slots=True)
class EventReceipt:
    """A body that was read and waits for its commit, which `written` tells of; None where there is nothing to write.

    `received` events came, `gauges` of them are samples of connections, and `rejected` were refused.
    """

    received: int
    gauges: int
    rejected: int
    errors: tuple[EventError, ...]
    is_unreadable: bool
    written: Future[WriteResult] | None = field(compare=False)

    def outcome(self, result: WriteResult | None) -> EventOutcome:
        """Return what became of the events, `result` being that of `written`."""
        if result is None:
            return EventOutcome(self.received, rejected=self.rejected, errors=self.errors)
        if result.is_repeated:
            return EventOutcome(self.received, deduplicated=self.received, commit=result.commit)
        if result.is_refused:
            return EventOutcome(self.received, rejected=self.received, commit=result.commit, is_key_reused=True)
        errors = self.errors
        if result.too_old:
            reason = f"{result.too_old:,} events are older than what the retention keeps"
            errors = (*errors, EventError(None, "timestamp", reason))
        return EventOutcome(
            received=self.received,
            stored=result.stored + self.gauges,
            rejected=self.rejected + result.too_old,
            overflowed=result.overflowed,
            errors=errors,
            commit=result.commit,
            is_unreadable=self.is_unreadable,
        )
