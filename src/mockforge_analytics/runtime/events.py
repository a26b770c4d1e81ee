"""Events that applications send: from a body to the writer's queue."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import StoreFullError
from mockforge_analytics.model.batch import Intake
from mockforge_analytics.model.events import EventError, EventReceipt
from mockforge_analytics.rollup.gauges import clean_gauges
from mockforge_analytics.runtime.sendings import Sending, Sendings
from mockforge_analytics.sources.events.columns import Terms
from mockforge_analytics.sources.events.decode import decode_events
from mockforge_analytics.sources.events.inflate import inflate, require_encoding
from mockforge_analytics.store.disk import room_of

if TYPE_CHECKING:
    from mockforge_analytics.model.events import EventBody
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.events.decode import Decoded

__all__ = ["SOURCE", "EventIntake"]

SOURCE: Final = "events"
_DIGEST_BYTES: Final = 16


class EventIntake:
    """Implements `ports.EventIntake` over a database. Safe to share between threads.

    Bodies that were read at the same time are rolled up and stored together: the rollup takes some milliseconds
    whatever the size. Nobody waits for company: a thread that has read a body stores all that wait by then, and then
    leaves what came meanwhile to the threads that still read.
    """

    def __init__(self, database: AnalyticsDatabase) -> None:
        self._database = database
        self._config = database.config.ingest
        self._sendings = Sendings(database)
        self._lock = threading.Lock()
        self._reading = 0
        self._is_storing = False

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
        with self._lock:
            self._reading += 1
        try:
            return self._read(body)
        finally:
            with self._lock:
                self._reading -= 1
            self._store_waiting()

    def _read(self, body: EventBody) -> EventReceipt:
        database = self._database
        now_us = database.clock.now_us()
        data = inflate(body.data, body.encoding, self._config.max_inflated_bytes)
        terms = Terms(now_us, body.workspace, database.store.keeps)
        decoded = decode_events(data, terms, most=self._config.max_events, is_lines=body.is_lines)
        if not decoded.received:
            return self._receipt(decoded, None)
        source = SOURCE if body.sender is None else f"{SOURCE}/{body.sender}"
        # A body of nothing but faults is told so each time it is sent.
        has_token = body.key is not None and decoded.accepted > 0
        sending = Sending(
            received_at=now_us,
            # The ledger is about requests: samples of connections are no part of it.
            intake=Intake(source, decoded.received - len(decoded.gauges), decoded.rejected(), decoded.samples()),
            requests=decoded.requests,
            gauges=clean_gauges(decoded.gauges),
            token=f"{source}/{body.workspace or ''}/{body.key}" if has_token else None,
            digest=sha256(data).digest()[:_DIGEST_BYTES] if has_token else None,  # 0.5 µs a KB, half of BLAKE2
        )
        self._sendings.add(sending)
        return self._receipt(decoded, sending)

    def _receipt(self, decoded: Decoded, sending: Sending | None) -> EventReceipt:
        shown = decoded.faults[: self._config.max_errors]
        return EventReceipt(
            received=decoded.received,
            gauges=len(decoded.gauges),
            rejected=len(decoded.faults),
            errors=tuple(EventError(fault.index, fault.field, fault.reason) for fault in shown),
            is_unreadable=decoded.is_unreadable,
            written=None if sending is None else sending.written,
        )

    def _store_waiting(self) -> None:
        """Store what waits, unless another thread does; go on while there is more and nobody else who would."""
        with self._lock:
            if self._is_storing:
                return
            self._is_storing = True
        while True:
            self._sendings.store_next()
            with self._lock:
                if self._reading or not self._sendings:
                    self._is_storing = False
                    return
