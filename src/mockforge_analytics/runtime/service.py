"""The application over a database: the one place where the HTTP edge meets its adapters."""

from __future__ import annotations

from contextlib import contextmanager
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
from mockforge_analytics.live.hub import Hub
from mockforge_analytics.runtime.background import Background
from mockforge_analytics.runtime.condition import problems_of
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.events import EventIntake
from mockforge_analytics.runtime.status import StatusBoard
from mockforge_analytics.store.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import APIRouter, FastAPI

    from mockforge_analytics.config import AnalyticsConfig

__all__ = ["analytics_router", "create_app", "database_app", "services"]


def services(database: AnalyticsDatabase, background: Background | None = None, *, guarded: bool) -> Services:
    """Return what the routes need, from `database`; problems of `background` keep the server from taking events, too.

    With `guarded` callers from the network need a token in any case.
    """
    config, clock = database.config, database.clock
    return Services(
        reader=database.store,
        clock=clock,
        config=config,
        version=version("mockforge-analytics"),
        reading=CapacityLimiter(database.config.store.readers),
        problems=lambda: [*problems_of(database), *(background.problems() if background else ())],
        exporting=CapacityLimiter(database.config.query.exports),
        events=EventIntake(database),
        bodies=Bodies(database.config.ingest),
        taking=CapacityLimiter(database.config.ingest.workers),
        status=StatusBoard(database, background.collectors if background else tuple).status,
        access=Access(TokenFile(database.path, clock), config.server, clock, guarded=guarded),
        dashboard=built_dashboard(),
        stream=Hub(database.store, database.clock, database.config.stream, database.store.feed),
    )


def analytics_router(database: AnalyticsDatabase) -> APIRouter:
    """Return the routes for a FastAPI application of your own; `database` stays yours to close.

    Who may reach them is the application's to decide, until there is a token, or the settings require one.
    """
    return build_router(services(database, guarded=False))


def database_app(database: AnalyticsDatabase, background: Background | None = None) -> FastAPI:
    """Return the application over `database`, which stays the caller's to close, as `background` does."""
    return build_app(services(database, background, guarded=True))


def create_app(config: AnalyticsConfig | None = None) -> Deferred:
    """Return the whole server as an ASGI application, for a server program of your own.

    The database of `config` (default: the settings of the environment) is opened when the server program starts the
    application and closed when it stops it, with everything stored. One process only: a database has one writer. For
    uvicorn: ``uvicorn --factory mockforge_analytics:create_app``.
    """
    settings = load_config() if config is None else config

    @contextmanager
    def made() -> Iterator[FastAPI]:
        with AnalyticsDatabase.open(config=settings) as database, Background(database, ()) as background:
            yield database_app(database, background)

    return Deferred(made)
