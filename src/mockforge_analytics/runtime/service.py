"""The application over a database: the one place where the HTTP edge meets its adapters."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from anyio import CapacityLimiter

from mockforge_analytics.api.app import build_app, build_router
from mockforge_analytics.api.bodies import Bodies
from mockforge_analytics.api.services import Services
from mockforge_analytics.live.hub import Hub
from mockforge_analytics.runtime.condition import problems_of
from mockforge_analytics.runtime.events import EventIntake
from mockforge_analytics.runtime.status import StatusBoard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import APIRouter, FastAPI

    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["analytics_router", "database_app", "services"]


def services(database: AnalyticsDatabase, more_problems: Callable[[], Sequence[str]] = tuple) -> Services:
    """Return what the routes need, from `database`; `more_problems` keep the server from taking events, too."""
    return Services(
        reader=database.store,
        clock=database.clock,
        config=database.config,
        version=version("mockforge-analytics"),
        reading=CapacityLimiter(database.config.store.readers),
        problems=lambda: [*problems_of(database), *more_problems()],
        exporting=CapacityLimiter(database.config.query.exports),
        events=EventIntake(database),
        bodies=Bodies(database.config.ingest),
        taking=CapacityLimiter(database.config.ingest.workers),
        status=StatusBoard(database).status,
        stream=Hub(database.store, database.clock, database.config.stream, database.store.feed),
    )


def analytics_router(database: AnalyticsDatabase) -> APIRouter:
    """Return the routes for a FastAPI application of your own; `database` stays yours to close."""
    return build_router(services(database))


def database_app(database: AnalyticsDatabase, more_problems: Callable[[], Sequence[str]] = tuple) -> FastAPI:
    """Return the application over `database`, which stays the caller's to close."""
    return build_app(services(database, more_problems))
