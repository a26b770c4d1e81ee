"""The application over a database: the one place where the HTTP edge meets its adapters."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from anyio import CapacityLimiter

from mockforge_analytics.api.app import build_app, build_router
from mockforge_analytics.api.bodies import Bodies
from mockforge_analytics.api.deferred import Deferred
from mockforge_analytics.api.security import Access
from mockforge_analytics.api.services import Services
from mockforge_analytics.api.static import built_dashboard
from mockforge_analytics.config import load_config
from mockforge_analytics.export.metrics.exposition import Exposition
from mockforge_analytics.export.metrics.traffic import TrafficCounters
from mockforge_analytics.live.hub import Hub
from mockforge_analytics.runtime.background import Background
from mockforge_analytics.runtime.condition import problems_of
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.events import EventIntake
from mockforge_analytics.runtime.health import HealthBoard
from mockforge_analytics.runtime.own import own_traffic
from mockforge_analytics.runtime.process import ProcessMeter
from mockforge_analytics.runtime.status import StatusBoard
from mockforge_analytics.sources.asgi.middleware import AnalyticsMiddleware
from mockforge_analytics.store.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import APIRouter, FastAPI

    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.runtime.own import OwnTraffic

__all__ = ["analytics_router", "create_app", "database_app", "services"]


def services(database: AnalyticsDatabase, background: Background | None = None, *, guarded: bool) -> Services:
    """Return what the routes need, from `database` and what goes on beside, where the caller sees to that.

    With `guarded` callers from the network need a token in any case.
    """
    config, clock = database.config, database.clock
    return Services(
        reader=database.store,
        clock=clock,
        config=config,
        version=version("mockforge-analytics"),
        reading=CapacityLimiter(database.config.store.readers),
        problems=lambda: [*problems_of(database), *(() if background is None else background.problems())],
        exporting=CapacityLimiter(database.config.query.exports),
        events=EventIntake(database),
        bodies=Bodies(database.config.ingest),
        taking=CapacityLimiter(database.config.ingest.workers),
        status=StatusBoard(database, background).status,
        access=Access(TokenFile(database.path, clock), config.server, clock, guarded=guarded),
        dashboard=built_dashboard(),
        usage=ProcessMeter(clock).usage,
        stream=Hub(database.store, database.clock, database.config.stream, database.store.feed),
    )


def analytics_router(database: AnalyticsDatabase) -> APIRouter:
    """Return the routes for a FastAPI application of your own; `database` stays yours to close.

    Who may reach them is the application's to decide, until there is a token, or the settings require one.
    """
    return build_router(services(database, guarded=False))


def database_app(
    database: AnalyticsDatabase, background: Background | None = None, own: OwnTraffic | None = None
) -> FastAPI:
    """Return the application over `database`, which stays the caller's to close, as `own` does."""
    provided = services(database, background, guarded=True)
    board = HealthBoard(database, provided.problems)
    exposition = _exposition(database, board, provided)
    reader = None if own is None else own.database.store
    app = build_app(replace(provided, exposition=exposition, queries=board.queries, own=reader))
    if own is not None:
        app.add_middleware(AnalyticsMiddleware, reporter=own.reporter)
    return app


def _exposition(database: AnalyticsDatabase, board: HealthBoard, provided: Services) -> Exposition:
    """Return what Prometheus gets; from now on it counts what is committed."""
    settings = database.config.metrics
    traffic = TrafficCounters(database.clock, endpoints=settings.endpoints, series=settings.series)
    if database.store.feed is not None:
        database.store.feed.subscribe(traffic.hear)
    return Exposition(
        traffic,
        provided.reader,
        provided.clock,
        health=board.health,
        usage=provided.usage,
        version=provided.version,
    )


def create_app(config: AnalyticsConfig | None = None) -> Deferred:
    """Return the whole server as an ASGI application, for a server program of your own.

    The database of `config` (default: the settings of the environment) is opened when the server program starts the
    application and closed when it stops it, with everything stored. One process only: a database has one writer. For
    uvicorn: ``uvicorn --factory mockforge_analytics:create_app``.
    """
    settings = load_config() if config is None else config

    @contextmanager
    def made() -> Iterator[FastAPI]:
        with (
            AnalyticsDatabase.open(config=settings) as database,
            Background(database, ()) as background,
            own_traffic(database) as own,
        ):
            yield database_app(database, background, own)

    return Deferred(made)
