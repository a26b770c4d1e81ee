"""All boards, by the name of their file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.health import health
from dashboards.overview import overview

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grafana_foundation_sdk.models.dashboard import Dashboard

__all__ = ["BOARDS", "FOLDER", "text"]

FOLDER: Final = Path(__file__).resolve().parent
BOARDS: Final[Mapping[str, Callable[[], Dashboard]]] = {
    "mockforge-overview.json": overview,
    "mockforge-analytics-health.json": health,
}


def text(name: str) -> str:
    """Return the file of a board as it should be."""
    return JSONEncoder(sort_keys=True, indent=2).encode(BOARDS[name]()) + "\n"
