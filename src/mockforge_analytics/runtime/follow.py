"""Following access logs while they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.runtime.imports import ImportOptions, log_batch, stored_positions
from mockforge_analytics.runtime.upkeep import Upkeep
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import detect
from mockforge_analytics.sources.accesslog.follow import Follower, follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.accesslog.follow import Followed
    from mockforge_analytics.sources.accesslog.format import LogFormat

__all__ = ["FollowProgress", "follow_logs"]

_BULK_LINES: Final = 10_000  # catching up with a long file folds at once, new lines wait in pending


@dataclass(frozen=True, slots=True)
class FollowProgress:
    """What one piece of a followed log came to; the counts are of this piece."""

    name: str
    format: str
    lines: int
    stored: int
    rejected: dict[str, int]


def follow_logs(
    database: AnalyticsDatabase,
    paths: Iterable[Path | str],
    options: ImportOptions | None = None,
    *,
    stopped: Callable[[], bool],
    progress: Callable[[FollowProgress], None] = lambda _: None,
    with_upkeep: bool = True,
) -> None:
    """Store the lines of `paths` as they appear, until `stopped` is true; each line once, through any rotation.

    Goes on where an earlier import or following of the same log ended. `stopped` is asked after every round over the
    files and does the waiting between rounds. Retention and snapshots have their turn between rounds, too, unless
    somebody else sees to them (`with_upkeep`).

    Raises:
        SourceError: a path cannot be followed.
        FormatError: the format of a log is unknown; everything stored before stays.
        StoreError: the database refused lines; they are read again the next time.
    """
    options = options or ImportOptions()
    upkeep = Upkeep(database)

    def is_over() -> bool:
        if with_upkeep:
            upkeep.run_due()
        return stopped()

    formats: dict[Path, LogFormat] = {}
    with Follower(paths, stored_positions(database)) as follower:
        for piece in follow(follower, is_over):
            if piece.path not in formats:
                formats[piece.path] = options.log_format or detect(piece.chunk.data).log_format
            progress(_store(database, piece, formats[piece.path], options))


def _store(
    database: AnalyticsDatabase, piece: Followed, log_format: LogFormat, options: ImportOptions
) -> FollowProgress:
    name = str(piece.path)
    decoded = decode(piece.chunk.data, log_format, options.labels)
    batch = log_batch(database, name, piece.chunk, decoded, piece.position, bulk=decoded.lines >= _BULK_LINES)
    result = database.store.write(batch)
    rejected = dict(batch.intake.rejected)
    if result.too_old:
        rejected["too_old"] = rejected.get("too_old", 0) + result.too_old
    return FollowProgress(name, log_format.name, decoded.lines, result.stored, rejected)
