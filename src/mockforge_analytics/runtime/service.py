"""The application over a database: the one place where the HTTP edge meets its adapters."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from anyio import CapacityLimiter

from mockforge_analytics.api.app import build_app, build_router
from mockforge_analytics.api.services import Services
from mockforge_analytics.runtime.status import StatusBoard

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["analytics_router", "database_app", "services"]


def services(database: AnalyticsDatabase) -> Services:
    """Return what the routes need, from `database`."""
    return Services(
        reader=database.store,
        clock=database.clock,
        config=database.config,
        version=version("mockforge-analytics"),
        reading=CapacityLimiter(database.config.store.readers),
        status=StatusBoard(database).status,
    )


def analytics_router(database: AnalyticsDatabase) -> APIRouter:
    """Return the routes for a FastAPI application of your own; `database` stays yours to close."""
    return build_router(services(database))


def database_app(database: AnalyticsDatabase) -> FastAPI:
    """Return the application over `database`, which stays the caller's to close."""
    return build_app(services(database))
