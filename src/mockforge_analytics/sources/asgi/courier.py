"""Makes batches of what waits, and sees them delivered; knows no thread and reads no clock of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from random import Random
from time import sleep
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.sources.asgi.backoff import Backoff
from mockforge_analytics.sources.asgi.event import ConnectionsSample
from mockforge_analytics.sources.asgi.sink import Outcome, Verdict
from mockforge_analytics.sources.asgi.stats import Drop

if TYPE_CHECKING:
    from mockforge_analytics.clock import Clock
    from mockforge_analytics.sources.asgi.buffer import Buffer
    from mockforge_analytics.sources.asgi.connections import OpenConnections
    from mockforge_analytics.sources.asgi.event import Describer, Event
    from mockforge_analytics.sources.asgi.settings import DeliverySettings
    from mockforge_analytics.sources.asgi.sink import Shipment, Sink
    from mockforge_analytics.sources.asgi.stats import Ledger

__all__ = ["Courier", "Load"]

_log = logging.getLogger(__name__)
# The interpreter lets a thread run for 5 ms before another gets its turn. Making an event takes about 10 µs; a pause
# after some of them gives the event loop its turn ten times as early.
_EVENTS_A_TURN: Final = 50
_PAUSE: Final = 0.0005  # seconds
_SHORTEST_ATTEMPT: Final = 0.05  # seconds; with less left before the end nothing is begun


@dataclass(frozen=True, slots=True)
class Load:
    """Where the courier takes from: requests, open connections, the labels of this instance, and where it counts."""

    buffer: Buffer
    connections: OpenConnections
    ledger: Ledger
    describer: Describer
    instance: str
    workspace_id: str | None = None
    environment: str | None = None


@dataclass(slots=True)
class _Batch:
    """One shipment on its way; times of the monotonic clock."""

    shipment: Shipment
    events: int
    first_attempt: float
    next_attempt: float
    failures: int = 0


class Courier:
    """Delivers one batch after the other. For one thread: `step` it again after the seconds that it returns."""

    def __init__(
        self, load: Load, sink: Sink, settings: DeliverySettings, clock: Clock, random: Random | None = None
    ) -> None:
        self._load = load
        self._sink = sink
        self._settings = settings
        self._clock = clock
        self._random = Random() if random is None else random
        self._backoff = Backoff.of(settings)
        self._batch: _Batch | None = None
        self._sequence = 0
        self._taken_at = self._sampled_at = clock.monotonic()

    def step(self) -> float:
        """Do what is due, at most one attempt; return the seconds until something may be."""
        now = self._clock.monotonic()
        if self._batch is None:
            if (wait := self._wait(now)) > 0:
                return wait
            self._batch = self._packed(now, sample=now - self._sampled_at >= self._settings.gauge_interval)
            if self._batch is None:
                return self._settings.interval
        if now < self._batch.next_attempt:
            return self._batch.next_attempt - now
        self._attempt(self._batch, self._settings.timeout)
        return 0.0

    def drain(self, deadline: float) -> None:
        """Try everything that waits once, until `deadline`; what is left then is dropped and counted."""
        while (left := deadline - self._clock.monotonic()) > _SHORTEST_ATTEMPT:
            self._batch = self._batch or self._packed(self._clock.monotonic(), sample=True)
            if self._batch is None:
                break
            self._attempt(self._batch, min(left, self._settings.timeout))
            if self._batch is not None:
                break
        lost = self._load.buffer.clear() + (0 if self._batch is None else self._batch.events)
        self._batch = None
        if lost:
            self._load.ledger.drop(Drop.SHUTDOWN, lost)
            _log.warning("%d requests could not be reported before the end", lost)
        self._sink.close()

    def _wait(self, now: float) -> float:
        """Return the seconds until a batch is due."""
        waiting = len(self._load.buffer)
        if waiting >= self._settings.batch_size:
            return 0.0
        # Also with nothing waiting: what comes next finds its interval begun.
        since_sample = now - self._sampled_at
        if not waiting and since_sample < self._settings.gauge_interval:
            return min(self._settings.interval, self._settings.gauge_interval - since_sample)
        return self._taken_at + self._settings.interval - now

    def _packed(self, now: float, *, sample: bool) -> _Batch | None:
        """Return the next batch, None where there is nothing to tell."""
        self._taken_at = now
        samples: list[ConnectionsSample] = []
        if sample:
            self._sampled_at = now
            samples = self._samples()
        events = self._events()
        if not events and not samples:
            return None
        self._sequence += 1
        shipment = self._sink.pack(events, samples, f"{self._load.instance}-{self._sequence}")
        return _Batch(shipment, len(events), now, now)

    def _events(self) -> list[Event]:
        events: list[Event] = []
        for number, seen in enumerate(self._load.buffer.take(), 1):
            if number % _EVENTS_A_TURN == 0:
                sleep(_PAUSE)
            try:
                events.append(self._load.describer.event(seen))
            except Exception:  # noqa: BLE001 one strange request must not cost its neighbours
                self._load.ledger.drop(Drop.UNENCODABLE, 1)
        return events

    def _samples(self) -> list[ConnectionsSample]:
        at = self._clock.now_us() / MICROSECONDS
        load = self._load
        return [
            ConnectionsSample(
                at, protocol, value, load.instance, workspace_id=load.workspace_id, environment=load.environment
            )
            for protocol, value in load.connections.news().items()
        ]

    def _attempt(self, batch: _Batch, timeout: float) -> None:
        outcome = self._sent(batch.shipment, timeout)
        ledger = self._load.ledger
        if outcome.verdict is Verdict.DELIVERED:
            ledger.delivered(batch.events, outcome.rejected)
            self._batch = None
            return
        if ledger.failed(outcome.reason):
            _log.warning("requests cannot be reported (%s)", outcome.reason)
        if outcome.verdict is Verdict.REFUSED:
            self._give_up(batch, Drop.REFUSED)
            return
        now = self._clock.monotonic()
        batch.failures += 1
        batch.next_attempt = now + self._backoff.wait(batch.failures, outcome.wait, self._random)
        if batch.next_attempt - batch.first_attempt > self._backoff.total:
            self._give_up(batch, Drop.EXPIRED)
        else:
            ledger.count("retries")

    def _sent(self, shipment: Shipment, timeout: float) -> Outcome:
        try:
            return shipment.send(timeout)
        except Exception as error:  # noqa: BLE001 a receiver that breaks its word must not end the reporting
            return Outcome(Verdict.REFUSED, reason=f"{type(error).__name__}: {error}")

    def _give_up(self, batch: _Batch, reason: Drop) -> None:
        self._load.ledger.drop(reason, batch.events)
        self._batch = None
