"""What a test may leave open: nothing, but for the folder of a server that several tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["SHARED_FOLDERS", "open_files"]

_FILE_DESCRIPTORS: Final = Path("/proc/self/fd")

# A server opens files as requests come. Whoever serves several tests checks its folder when it ends.
SHARED_FOLDERS: Final[set[Path]] = set()


def open_files(folder: Path) -> set[str]:
    """Return the files below `folder` that this process holds open."""
    names = set()
    for descriptor in _FILE_DESCRIPTORS.iterdir():
        try:
            target = descriptor.readlink()
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
        if target.is_relative_to(folder):
            names.add(f"{descriptor.name}: {target}")
    return names
