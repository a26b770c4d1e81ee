"""What the routes work with, handed in by whoever composes the application."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends
from starlette.requests import HTTPConnection

from mockforge_analytics.model.dimensions import OWN_WORKSPACE, Dimension
from mockforge_analytics.model.durations import NamedDurations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from mockforge_analytics.api.bodies import Bodies
    from mockforge_analytics.api.security import Access
    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.export.metrics.exposition import Exposition
    from mockforge_analytics.live.hub import Hub
    from mockforge_analytics.model.events import EventBody, EventReceipt
    from mockforge_analytics.model.process import ProcessUsage
    from mockforge_analytics.model.status import ServiceStatus
    from mockforge_analytics.ports import EventIntake, Reader, Snapshot

__all__ = ["Provided", "Services", "providing"]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind the routes, and the bounds on what they do at a time.

    `reading` bounds the threads that answer reports, one a reading connection, `exporting` the exports; `taking` the
    threads that decode events, and `bodies` what is held of these. `status` may take as long as a report. `problems`
    says what keeps the server from taking events now, a sentence each. Whoever runs the server awaits `stream.close()`
    on its event loop before connections are cut, so that listeners hear of it. `queries` counts how long reports took,
    `exposition` is what a whole server gives to Prometheus, `usage` what the process takes. `own` has the requests of
    the server itself, for those who ask for the workspace `OWN_WORKSPACE`.
    """

    reader: Reader
    clock: Clock
    config: AnalyticsConfig
    version: str
    reading: CapacityLimiter
    exporting: CapacityLimiter
    events: EventIntake
    bodies: Bodies
    taking: CapacityLimiter
    status: Callable[[], ServiceStatus]
    access: Access
    stream: Hub
    usage: Callable[[], ProcessUsage]
    problems: Callable[[], Sequence[str]] = tuple
    dashboard: Path | None = None
    own: Reader | None = None
    exposition: Exposition | None = None
    queries: NamedDurations = field(default_factory=NamedDurations)

    async def read(
        self, work: Callable[[Snapshot], Answer], deadline_seconds: float | None = None, *, name: str | None = None
    ) -> Answer:
        """Return what `work` makes of one snapshot, on a thread of its own; a report has a `name` to be counted under.

        Raises:
            QueryError: the question cannot be answered as asked, or not within the deadline.
            StoreError: the database cannot be read.
        """

        def run() -> Answer:
            begun = self.clock.monotonic()
            try:
                with self.reader.snapshot(deadline_seconds) as snapshot:
                    return work(snapshot)
            finally:
                if name is not None:
                    self.queries.observe(name, self.clock.monotonic() - begun)

        return await to_thread.run_sync(run, limiter=self.reading)

    async def take(self, body: EventBody) -> EventReceipt:
        """Queue what `body` holds; see `ports.EventIntake.submit`."""
        offered = self.events.offer(body)
        receipt = None if offered is None else await asyncio.wrap_future(offered)
        if receipt is not None:
            return receipt
        return await to_thread.run_sync(self.events.submit, body, limiter=self.taking)


def providing(services: Services) -> Callable[[HTTPConnection], Awaitable[None]]:
    """Return the dependency that gives every route of a router its `Provided` services."""

    own = services if services.own is None else replace(services, reader=services.own)

    async def provide(connection: HTTPConnection) -> None:
        asks_for_own = connection.query_params.get(Dimension.WORKSPACE) == OWN_WORKSPACE
        connection.state.analytics = own if asks_for_own else services

    return provide


async def _provided(connection: HTTPConnection) -> Services:
    services: Services = connection.state.analytics
    return services


Provided = Annotated[Services, Depends(_provided)]
