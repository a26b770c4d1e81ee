"""What a check of the database has to say: one line each, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Level"]


class Level(StrEnum):
    """How bad a finding is."""

    INFO = "info"  # worth knowing, nothing to do
    WARNING = "warning"  # works, and should be looked after
    ERROR = "error"  # figures are wrong or missing, or will be


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was found, and what to do: `advice`, empty where nothing needs doing."""

    level: Level
    what: str
    advice: str = ""
