"""Takes what the middleware saw, and reports it from a thread of its own."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from weakref import WeakMethod

from mockforge_analytics.clock import SystemClock
from mockforge_analytics.errors import ConfigError
from mockforge_analytics.sources.asgi.buffer import Buffer
from mockforge_analytics.sources.asgi.connections import OpenConnections
from mockforge_analytics.sources.asgi.courier import Courier, Load
from mockforge_analytics.sources.asgi.event import Describer
from mockforge_analytics.sources.asgi.http_sink import HttpSink, events_address
from mockforge_analytics.sources.asgi.settings import CaptureSettings, Compression, DeliverySettings
from mockforge_analytics.sources.asgi.stats import Ledger
from mockforge_analytics.sources.asgi.worker import Worker

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.sources.asgi.database_sink import RequestWriter
    from mockforge_analytics.sources.asgi.observation import Observation
    from mockforge_analytics.sources.asgi.sink import Sink
    from mockforge_analytics.sources.asgi.stats import ReporterStats

__all__ = ["Recorder", "Reporter"]


class Recorder(Protocol):
    """What the middleware tells of what it sees. Whatever these raise, the application goes on."""

    @property
    def capture(self) -> CaptureSettings:
        """Which requests are reported, and what of them."""

    @property
    def clock(self) -> Clock:
        """The clock by which requests are timed."""

    def enter(self, protocol: str) -> None:
        """Take note that a request or session began."""

    def leave(self, protocol: str) -> None:
        """Take note that it is over."""

    def record(self, seen: Observation) -> None:
        """Take a request to report."""

    def fault(self) -> None:
        """Take note that something could not be recorded."""

    def close(self) -> None:
        """Report what waits; what is recorded later is reported as well."""


@dataclass(frozen=True, slots=True)
class _Process:
    """What belongs to one process; a forked one gets its own."""

    buffer: Buffer
    connections: OpenConnections
    ledger: Ledger
    worker: Worker
    instance: str


class Reporter:
    """Reports to the server at `url` (with `token`, where it wants one) or into `database`.

    The thread starts with the first request, so in a forked worker it is the worker's own. Everything but `close`
    returns at once. `close` takes at most `DeliverySettings.flush_timeout`; the middleware calls it when the server
    ends the application (lifespan), and it is called at the end of the process.

    Raises:
        ConfigError: neither or both of `url` and `database` are given, or `url` is not an address of HTTP.
    """

    def __init__(
        self,
        *,
        url: str | None = None,
        database: RequestWriter | None = None,
        token: str | None = None,
        capture: CaptureSettings | None = None,
        delivery: DeliverySettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        if (url is None) == (database is None):
            message = "the middleware needs either the address of a server (url) or a database"
            raise ConfigError(message)
        if url is not None:
            events_address(url)
        self.capture = CaptureSettings() if capture is None else capture
        self.delivery = DeliverySettings() if delivery is None else delivery
        self.clock: Clock = SystemClock() if clock is None else clock
        self._url = url
        self._token = token
        self._database = database
        self._lock = Lock()
        self._process: _Process | None = None
        forget = WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: None if (method := forget()) is None else method())

    @property
    def stats(self) -> ReporterStats:
        """What became of the requests of this process."""
        process = self._current()
        return process.ledger.stats(process.buffer.recorded)

    @property
    def instance(self) -> str:
        """The name of this process in what it sends; keys of batches begin with it."""
        return self._current().instance

    @property
    def open_connections(self) -> dict[str, int]:
        """How many requests and WebSocket sessions are open in this process."""
        return self._current().connections.now()

    def enter(self, protocol: str) -> None:
        """Count one more open connection."""
        self._current().connections.enter(protocol)

    def leave(self, protocol: str) -> None:
        """Count one less."""
        self._current().connections.leave(protocol)

    def record(self, seen: Observation) -> None:
        """Queue `seen`."""
        process = self._current()
        process.buffer.append(seen)
        if not process.worker.runs:
            process.worker.start()

    def fault(self) -> None:
        """Count a failure of the recording."""
        self._current().ledger.count("faults")

    def close(self) -> None:
        """Report what waits, within the flush timeout; what cannot be is dropped and counted."""
        if self._process is not None:
            self._process.worker.stop()

    def _current(self) -> _Process:
        process = self._process
        if process is not None:
            return process
        with self._lock:
            if self._process is None:
                self._process = self._new_process()
            return self._process

    def _forget(self) -> None:
        """Begin anew in a forked process: what waits is the parent's to report, its thread is not here, and locks may
        have been held at that moment.
        """
        self._lock = Lock()
        self._process = None

    def _new_process(self) -> _Process:
        instance, ledger, connections = uuid.uuid4().hex, Ledger(), OpenConnections()
        buffer = Buffer(self.delivery.queue_size, self.delivery.batch_size, ledger)
        workspace, environment = self.capture.workspace_id, self.capture.environment
        load = Load(
            buffer,
            connections,
            ledger,
            Describer(self.capture),
            instance,
            workspace if isinstance(workspace, str) else None,
            environment if isinstance(environment, str) else None,
        )
        courier = Courier(load, self._sink(instance), self.delivery, self.clock)
        worker = Worker(courier, buffer.full_batch, self.clock, self.delivery.flush_timeout)
        return _Process(buffer, connections, ledger, worker, instance)

    def _sink(self, instance: str) -> Sink:
        if self._database is None:
            assert self._url is not None
            return HttpSink(self._url, self._token, Compression(self.delivery.compression), instance, self.clock)
        # Loads Polars, which an application that reports to a server can do without.
        from mockforge_analytics.sources.asgi.database_sink import DatabaseSink

        return DatabaseSink(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
