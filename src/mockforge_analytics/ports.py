"""What the stages ask of each other; adapters implement these, tests may fake them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    import polars as pl

    from mockforge_analytics.model.batch import Batch, WriteResult
    from mockforge_analytics.model.commit import Committed
    from mockforge_analytics.model.dimensions import Dimension
    from mockforge_analytics.model.events import EventBody, EventReceipt
    from mockforge_analytics.model.plan import ClientsFound, Coverage, ReadPlan, ReadResult, StatusRange
    from mockforge_analytics.model.principal import Token
    from mockforge_analytics.model.vitals import VitalSign
    from mockforge_analytics.model.window import Window

__all__ = ["CommitFeed", "EventIntake", "Reader", "Snapshot", "Tokens", "Writer"]


class Writer(Protocol):
    """The one write verb."""

    def write(self, batch: Batch) -> WriteResult:
        """Commit everything `batch` means, or nothing; return when it is committed.

        Raises:
            StoreBusyError: the queue is full, or another process holds the database.
            StoreFullError: no space; nothing of the batch is stored, it may be sent again.
            StoreError: anything else that kept the batch out of the database.
        """


class EventIntake(Protocol):
    """Where the edge hands in what applications send."""

    def require(self, encoding: str | None) -> None:
        """Check before a body is read that one with the content coding `encoding` can be taken now.

        Raises:
            FormatError: the coding is unknown, or more than one.
            StoreFullError: the disk has too little space left.
        """

    def offer(self, body: EventBody) -> Future[EventReceipt | None] | None:
        """Have `body` read elsewhere and queued, without waiting; None, now or later, where it has to be submitted.

        The future raises what `submit` does.
        """

    def submit(self, body: EventBody) -> EventReceipt:
        """Read `body` and queue what it holds; the receipt tells when that is committed.

        Raises:
            InputTooLargeError: it inflates to more than is accepted, or holds too many events.
            SourceError: its compression is damaged.
            StoreBusyError: the queue is full; nothing of the body is stored, it may be sent again.
            StoreError: the database takes nothing.
        """


class Snapshot(Protocol):
    """One consistent state of the database; answers drawn from one snapshot never contradict each other."""

    @property
    def commit(self) -> int:
        """The number of the newest commit in the snapshot."""

    @property
    def coverage(self) -> Coverage:
        """What the snapshot holds."""

    def read(self, plan: ReadPlan) -> ReadResult:
        """Answer `plan`, folded and pending cells alike.

        Raises:
            QueryTimeoutError: the deadline of the snapshot passed.
        """

    def error_events(
        self,
        window: Window,
        filters: Mapping[Dimension, tuple[str | StatusRange, ...]],
        limit: int,
        before: tuple[int, int] | None = None,
    ) -> pl.DataFrame:
        """Return stored error events, newest first: ``id`` and the columns of `ERROR_EVENT_SCHEMA`.

        `before` is the (timestamp, id) of the last row of the page before.
        """

    def client_endpoints(
        self, window: Window, clients: Sequence[str], filters: Mapping[Dimension, tuple[str | StatusRange, ...]]
    ) -> pl.DataFrame:
        """Return ``client_ip``, ``endpoint``, ``request_count`` of the addresses `clients`, most requests first."""

    def endpoint_clients(
        self,
        windows: Sequence[Window],
        endpoints: Sequence[str],
        filters: Mapping[Dimension, tuple[str | StatusRange, ...]],
        limit: int,
    ) -> ClientsFound:
        """Return who asked any of `endpoints` in `windows` (whole hours, disjoint), at most `limit` addresses.

        `filters` are those that client rows know. The name that stands for endpoints past a cap is not one to ask for.
        """

    def vitals(self, since_us: int) -> Sequence[VitalSign]:
        """Return the newest vital sign of each kind and target, of those seen at `since_us` or later."""


class Reader(Protocol):
    """The one read verb lives in the snapshots a reader opens."""

    def snapshot(self, deadline_seconds: float | None = None) -> AbstractContextManager[Snapshot]:
        """Open a snapshot; every answer must be there within `deadline_seconds` of its opening."""


class Tokens(Protocol):
    """The tokens that open the server; what is revoked elsewhere is gone at the next call."""

    def tokens(self) -> Sequence[Token]:
        """Return the tokens there are, those that have expired included.

        Raises:
            StoreError: they cannot be read.
        """

    def find(self, secret: str) -> Token | None:
        """Return the token that reads `secret`, in a time that does not depend on it; None where none is good.

        Raises:
            StoreError: they cannot be read.
        """

    def get(self, token_id: str) -> Token | None:
        """Return the token with that id while it is good, else None.

        Raises:
            StoreError: they cannot be read.
        """


class CommitFeed(Protocol):
    """What this process commits, told to those who follow."""

    def subscribe(self, callback: Callable[[Committed], None]) -> Callable[[], None]:
        """Call `callback` after every commit from now on, in order; return what ends that.

        It runs on the thread that writes: it must hand over and return. What it raises is logged and counted.
        """
