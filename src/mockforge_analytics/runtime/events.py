"""Events that applications send: from a body to the writer's queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import AnalyticsError, StoreFullError
from mockforge_analytics.model.batch import Intake
from mockforge_analytics.model.events import EventReceipt
from mockforge_analytics.runtime.event_processes import EventProcesses
from mockforge_analytics.runtime.event_reading import ReadRequest, read_events
from mockforge_analytics.runtime.sendings import Sending, Sendings
from mockforge_analytics.sources.events.inflate import require_encoding
from mockforge_analytics.store.disk import room_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from mockforge_analytics.model.events import EventBody
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.runtime.event_reading import BodyRead, EventsRead

__all__ = ["SOURCE", "EventIntake"]

SOURCE: Final = "events"


class EventIntake:
    """Implements `ports.EventIntake` over a database. Safe to share between threads."""

    def __init__(self, database: AnalyticsDatabase) -> None:
        self._database = database
        self._config = database.config.ingest
        self._sendings = Sendings(database)
        self.beside = EventProcesses(database.config, database.clock, self._request, self._receipts)
        database.at_close(self.close)

    def require(self, encoding: str | None) -> None:
        """Check what can be checked before a body is read; see `ports.EventIntake`."""
        require_encoding(encoding)
        room = room_of(self._database.path, self._config.min_free_bytes, self._config.min_free_percent)
        if room.is_low:
            raise StoreFullError(
                f"only {room.free:,} bytes are free on the disk of the database, {room.floor:,} must stay free: "
                "free some space and send the events again"
            )

    def offer(self, body: EventBody) -> Future[EventReceipt | None] | None:
        """Have a large `body` read in another process; see `ports.EventIntake`."""
        return self.beside.offer(body)

    def submit(self, body: EventBody) -> EventReceipt:
        """Read `body` here and queue it; see `ports.EventIntake`."""
        request = self._request((body,))
        (receipt,) = self._receipts(request, read_events(request))
        if isinstance(receipt, Exception):
            raise receipt
        return receipt

    def close(self) -> None:
        """Read nothing more in another process; what was submitted is stored all the same."""
        self.beside.close()

    def _request(self, bodies: tuple[EventBody, ...]) -> ReadRequest:
        return ReadRequest(bodies, self._database.clock.now_us(), self._database.store.reach, self._config)

    def _receipts(self, request: ReadRequest, read: EventsRead) -> Sequence[EventReceipt | Exception]:
        """Queue what bodies of `request` held, as far as they were read; return what their senders get, or why not."""
        receipts: list[EventReceipt | Exception] = []
        end = 0
        for body, held in zip(request.bodies, read.bodies, strict=False):
            if isinstance(held, AnalyticsError):
                receipts.append(held)
                continue
            begin, end = end, end + held.count
            sending = _sending(request.now_us, body, held, read, (begin, end))
            try:
                receipts.append(self._receipt(held, sending))
            except Exception as error:  # noqa: BLE001 - it is told to this sender; what others sent is queued
                receipts.append(error)
        return receipts

    def _receipt(self, held: BodyRead, sending: Sending) -> EventReceipt:
        return EventReceipt(
            received=held.received,
            gauges=0 if held.gauges is None else len(held.gauges),
            rejected=held.faults,
            errors=held.errors,
            is_unreadable=held.is_unreadable,
            written=self._sendings.add(sending) if held.received else None,
        )


def _sending(now_us: int, body: EventBody, held: BodyRead, read: EventsRead, rows: tuple[int, int]) -> Sending:
    source = SOURCE if body.sender is None else f"{SOURCE}/{body.sender}"
    gauges = 0 if held.gauges is None else len(held.gauges)
    # A body of nothing but faults is told so each time it is sent.
    has_token = body.key is not None and held.count + gauges > 0
    return Sending(
        received_at=now_us,
        # The ledger is about requests: samples of connections are no part of it.
        intake=Intake(source, held.received - gauges, held.rejected, held.samples),
        count=held.count,
        requests=read.requests,
        encoded=read.encoded,
        rows=rows,
        gauges=held.gauges,
        token=f"{source}/{body.workspace or ''}/{body.key}" if has_token else None,
        digest=held.digest if has_token else None,
    )
