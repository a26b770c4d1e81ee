"""Events that applications send: from a body to the writer's queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import StoreFullError
from mockforge_analytics.model.batch import Intake
from mockforge_analytics.model.events import EventReceipt
from mockforge_analytics.runtime.event_process import EventProcess
from mockforge_analytics.runtime.event_reading import ReadRequest, read_events
from mockforge_analytics.runtime.sendings import Sending, Sendings
from mockforge_analytics.sources.events.inflate import require_encoding
from mockforge_analytics.store.disk import room_of

if TYPE_CHECKING:
    from mockforge_analytics.model.events import EventBody
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.runtime.event_reading import EventsRead

__all__ = ["SOURCE", "EventIntake"]

SOURCE: Final = "events"


class EventIntake:
    """Implements `ports.EventIntake` over a database. Safe to share between threads."""

    def __init__(self, database: AnalyticsDatabase) -> None:
        self._database = database
        self._config = database.config.ingest
        self._sendings = Sendings(database)
        self.beside = EventProcess(database.config, database.clock)
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

    def submit(self, body: EventBody) -> EventReceipt:
        """Read `body` and queue it; see `ports.EventIntake`."""
        store = self._database.store
        request = ReadRequest(body, self._database.clock.now_us(), store.reach, self._config)
        read = self.beside.read(request) or read_events(request)
        written = self._sendings.add(_sending(request, read)) if read.received else None
        return EventReceipt(
            received=read.received,
            gauges=len(read.gauges),
            rejected=read.faults,
            errors=read.errors,
            is_unreadable=read.is_unreadable,
            written=written,
        )

    def close(self) -> None:
        """Read nothing more in another process; what was submitted is stored all the same."""
        self.beside.close()


def _sending(request: ReadRequest, read: EventsRead) -> Sending:
    body = request.body
    source = SOURCE if body.sender is None else f"{SOURCE}/{body.sender}"
    # A body of nothing but faults is told so each time it is sent.
    has_token = body.key is not None and read.count + len(read.gauges) > 0
    return Sending(
        received_at=request.now_us,
        # The ledger is about requests: samples of connections are no part of it.
        intake=Intake(source, read.received - len(read.gauges), read.rejected, read.samples),
        count=read.count,
        requests=read.requests,
        encoded=read.encoded,
        gauges=read.gauges,
        token=f"{source}/{body.workspace or ''}/{body.key}" if has_token else None,
        digest=read.digest if has_token else None,
    )
