"""Finding what rotation moved away while nobody was reading."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.accesslog.fingerprint import Position, ResumeKind, resume
from mockforge_analytics.sources.accesslog.reader import LogFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["unread_rotated"]

_MAX_ROTATED: Final = 100


def unread_rotated(path: Path, known: Sequence[Position]) -> list[tuple[Path, int]]:
    """Return rotated files of the log `path` that were not read to their end, and from where, the oldest first.

    They lie beside `path` under names that start with its name (``access.log.1``, ``access.log-20240301.gz``). One that
    was read in part goes on from there; those written after it are read whole; older ones were there before and stay.
    """
    if not known:
        return []
    found: list[tuple[Path, int, bool]] = []
    for candidate in _rotated_files(path):
        try:
            with LogFile(candidate) as log:
                resumed = resume(known, log)
        except SourceError:
            continue
        found.append((candidate, resumed.start, resumed.kind is not ResumeKind.NEW))
    last_known = max((index for index, (_, _, is_known) in enumerate(found) if is_known), default=None)
    if last_known is None:
        return []
    return [(candidate, start) for candidate, start, _ in found[last_known:]]


def _rotated_files(path: Path) -> list[Path]:
    """Return the files beside `path` whose names start with its name, in the order they were last written."""
    beside = [file for file in path.parent.glob(f"{glob.escape(path.name)}?*") if file.is_file()]
    return sorted(beside, key=lambda file: (file.stat().st_mtime_ns, file.name))[-_MAX_ROTATED:]
