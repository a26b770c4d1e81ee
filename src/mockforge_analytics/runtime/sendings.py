"""What several senders sent at the same time, joined to one batch."""

from __future__ import annotations

import threading
from collections import Counter, deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.errors import AnalyticsError, StoreBusyError
from mockforge_analytics.model.batch import Batch, Intake, WriteResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["Sending", "Sendings"]

_MOST_TOGETHER: Final = 20_000  # requests; larger frames cost the same a request, and hold everybody up


@dataclass(frozen=True, slots=True, eq=False)
class Sending:
    """One body that was read: sound requests and samples of connections, and what the ledger is told of it."""

    received_at: int
    intake: Intake
    requests: pl.DataFrame
    gauges: pl.DataFrame
    token: str | None
    digest: bytes | None = None  # of the body, where there is a token
    written: Future[WriteResult] = field(default_factory=Future)


class Sendings:
    """Sendings that wait for the rollup. Safe to share between threads, but for `store_next`: one at a time."""

    def __init__(self, database: AnalyticsDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: deque[Sending] = deque()
        self._waiting_requests = 0
        self._uncommitted: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, sending: Sending) -> None:
        """Let `sending` wait; its future is done when it is committed.

        Raises:
            StoreBusyError: too much waits already.
        """
        with self._lock:
            most = self._database.config.store.queue_events
            if self._waiting and self._waiting_requests + len(sending.requests) > most:
                message = "too many events wait to be stored: send the batch again in a few seconds"
                raise StoreBusyError(message)
            sending.written.set_running_or_notify_cancel()
            self._waiting.append(sending)
            self._waiting_requests += len(sending.requests)

    def store_next(self) -> None:
        """Roll up the next sendings that can be stored together, and hand them to the writer."""
        with self._lock:
            group = self._take()
        if not group:
            return
        try:
            written = self._database.store.writer.submit(self._joined(group))
        except Exception as error:  # noqa: BLE001 - those who wait must get an answer, whatever it is
            self._fail(group, error)
            return
        written.add_done_callback(partial(self._settle, group))

    def _take(self) -> list[Sending]:
        """Return the first sending and those that go with it, their tokens noted as uncommitted.

        A sending that was sent before goes alone: to be refused as a repetition it must not hold anything else.
        """
        if not self._waiting:
            return []
        first = self._waiting.popleft()
        group, requests = [first], len(first.requests)
        tokens = {first.token}
        if not self._may_be_repeated(first):
            left: deque[Sending] = deque()
            for sending in self._waiting:
                if (
                    sending.intake.source != first.intake.source
                    or requests + len(sending.requests) > _MOST_TOGETHER
                    or (sending.token is not None and (sending.token in tokens or self._may_be_repeated(sending)))
                ):
                    left.append(sending)
                    continue
                group.append(sending)
                requests += len(sending.requests)
                tokens.add(sending.token)
            self._waiting = left
        self._waiting_requests -= requests
        self._uncommitted.update(token for token in tokens if token is not None)
        return group

    def _may_be_repeated(self, sending: Sending) -> bool:
        if sending.token is None:
            return False
        if self._uncommitted[sending.token]:
            return True
        try:
            return self._database.store.has_token(sending.token)
        except AnalyticsError:
            return True  # the writer finds out

    def _joined(self, group: Sequence[Sending]) -> Batch:
        database = self._database
        requests = group[0].requests if len(group) == 1 else pl.concat([one.requests for one in group], rechunk=True)
        now_us = max(one.received_at for one in group)
        deltas, refused = database.rollup.deltas(requests, now_us=now_us, fine_from=database.store.fine_from)
        rejected = Counter(refused)
        for one in group:
            rejected.update(one.intake.rejected)
        intake = Intake(
            source=group[0].intake.source,
            received=sum(one.intake.received for one in group),
            rejected=dict(rejected),
            samples=tuple(sample for one in group for sample in one.intake.samples),
        )
        gauges = pl.concat([one.gauges for one in group])
        tokens = tuple(one.token for one in group if one.token is not None)
        return Batch(
            received_at=now_us,
            intake=intake,
            deltas=deltas,
            gauges=None if gauges.is_empty() else gauges,
            token=tokens[0] if len(group) == 1 and tokens else None,
            joined=tokens if len(group) > 1 else (),
            digests={one.token: one.digest for one in group if one.token is not None and one.digest is not None},
        )

    def _settle(self, group: Sequence[Sending], written: Future[WriteResult]) -> None:
        """Tell those who wait, on the writer's thread."""
        error = written.exception()
        if error is not None:
            self._fail(group, error)
            return
        result = written.result()
        if result.is_repeated and len(group) > 1:
            self._fail(group, StoreBusyError("a part of the batch was stored before: send it again"))
            return
        self._forget(group)
        for one, part in zip(group, _parts(group, result), strict=True):
            one.written.set_result(part)

    def _fail(self, group: Sequence[Sending], error: BaseException) -> None:
        self._forget(group)
        for one in group:
            one.written.set_exception(error)

    def _forget(self, group: Sequence[Sending]) -> None:
        with self._lock:
            self._uncommitted.subtract(one.token for one in group if one.token is not None)
            self._uncommitted = +self._uncommitted


def _parts(group: Sequence[Sending], result: WriteResult) -> list[WriteResult]:
    """Return what of `result` falls to each sending; what cannot be told apart, the first ones have."""
    if result.is_repeated or result.is_refused:
        return [result]
    stored, overflowed = result.stored, result.overflowed
    parts = []
    for one in group:
        kept = min(stored, len(one.requests))
        over = min(overflowed, kept)
        parts.append(WriteResult(result.commit, stored=kept, too_old=len(one.requests) - kept, overflowed=over))
        stored, overflowed = stored - kept, overflowed - over
    return parts
