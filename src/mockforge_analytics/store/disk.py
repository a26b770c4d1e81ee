"""The room that must stay free on the disk of a database."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Room", "room_of"]

_FREE_BYTES: Final = 1024**3
_FREE_PERCENT: Final = 5.0
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a disk: free ones, all, and how many should stay free."""

    free: int
    total: int
    floor: int

    @property
    def is_low(self) -> bool:
        """Whether less is free than should be."""
        return self.free < self.floor


def room_of(database: Path, free_bytes: int = _FREE_BYTES, free_percent: float = _FREE_PERCENT) -> Room:
    """Return the room on the disk of `database`, whose folder exists; the floor is the larger of the two bounds."""
    usage = shutil.disk_usage(database.resolve().parent)
    return Room(usage.free, usage.total, max(free_bytes, int(usage.total * free_percent / _PERCENT)))
