"""Where a database lies: its folder, and the room that must stay free on its disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Room", "make_folder", "room_of"]

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


def make_folder(database: Path) -> None:
    """Make the folder of `database` where there is none.

    Raises:
        StoreError: it cannot be made.
    """
    if not database.parent.is_dir():
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder {database.parent} of the database cannot be made: {error.strerror}"
            raise StoreError(message) from error
