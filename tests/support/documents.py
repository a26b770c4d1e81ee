"""The OpenAPI document of the application, read for tests."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import database_app
from tests.support.stores import FixedClock, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Operation", "document", "operations"]


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path."""

    path: str
    method: str
    details: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.details["operationId"])

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return list(self.details.get("parameters", []))

    def __str__(self) -> str:
        return self.name


@cache
def document() -> dict[str, Any]:
    """Return the document of the application that the server runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with AnalyticsDatabase.open(path, config=settings(), clock=FixedClock()) as database:
            return database_app(database).openapi()


def operations() -> Iterator[Operation]:
    """Yield every documented operation."""
    for path, methods in document()["paths"].items():
        for method, details in methods.items():
            yield Operation(path, method, details)
