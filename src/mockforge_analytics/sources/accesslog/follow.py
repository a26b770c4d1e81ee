"""Following logs while they are written, through every usual way of rotating them.

    access.log   ──lines──▶ renamed to access.log.1, read to its end ──▶ new access.log from byte 0
    access.log   ──lines──▶ copied away and truncated (copytruncate)  ──▶ same file from byte 0

Works by polling: `Follower.poll` does one round and never waits, `follow` waits between rounds.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.accesslog.fingerprint import Position, ResumeKind, resume
from mockforge_analytics.sources.accesslog.reader import CHUNK_BYTES, LogFile
from mockforge_analytics.sources.accesslog.rotated import unread_rotated
from mockforge_analytics.sources.accesslog.tail import FileKey, Tail, file_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockforge_analytics.sources.accesslog.cutter import Chunk

__all__ = ["IDLE_POLLS_BEFORE_CLOSE", "Followed", "Follower", "follow"]

# A writer that was told to reopen its log goes on writing to the renamed one until it does; nginx takes well under a
# second, so ten rounds without a new line are enough.
IDLE_POLLS_BEFORE_CLOSE: Final = 10
_COPY_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Followed:
    """Lines that appeared in the log `path`, and the position to be stored with them."""

    path: Path
    chunk: Chunk
    position: Position


class Follower:
    """Follows logs by name; use it in a ``with`` statement.

    Each line is given once, as long as the position given with it is stored with it and handed in at the next start.
    """

    def __init__(
        self, paths: Iterable[Path | str], stored: Sequence[Position] = (), *, block_bytes: int = CHUNK_BYTES
    ) -> None:
        """Follow `paths`, going on from the positions `stored`; a path may appear later.

        Raises:
            SourceError: a path is a directory, unreadable or compressed.
        """
        self._logs = [_Log(Path(path), list(stored), block_bytes) for path in paths]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all files; lines not finished yet are left for the next time."""
        for log in self._logs:
            log.close()

    def poll(self) -> Iterator[Followed]:
        """Yield what was appended since the last round; a rotated file is read to its end before its successor."""
        for log in self._logs:
            yield from log.poll()


def follow(follower: Follower, stopped: Callable[[], bool]) -> Iterator[Followed]:
    """Yield lines as they appear, until `stopped` is true; it is asked after each round and does the waiting.

    For example ``follow(follower, lambda: stop.wait(0.25))`` with a `threading.Event`.
    """
    while True:
        yield from follower.poll()
        if stopped():
            return


class _Log:
    """One path: the file it names now, and files it named before that may still get lines."""

    def __init__(self, path: Path, known: list[Position], block_bytes: int) -> None:
        self._path = path
        self._known = known
        self._block_bytes = block_bytes
        self._current: Tail | None = None
        self._rotated: list[Tail] = []
        self._given: dict[FileKey, Position] = {}
        self._is_first_round = True
        if path.exists():
            self._current = self._open_first()

    def close(self) -> None:
        for tail in self._tails():
            tail.close()

    def poll(self) -> Iterator[Followed]:
        if self._is_first_round:
            self._is_first_round = False
            yield from self._catch_up()
        for tail in list(self._rotated):
            yield from self._read(tail)
            if tail.idle_polls >= IDLE_POLLS_BEFORE_CLOSE:
                yield from self._retire(tail)
        if self._current is not None:
            yield from self._read_current(self._current)
        successor = self._successor()
        if successor is not None:
            if self._current is not None:
                # What was written between the last read and the rename comes first.
                yield from self._read(self._current)
                self._rotated.append(self._current)
            self._current = successor
            yield from self._read(successor)

    def _tails(self) -> list[Tail]:
        return [*self._rotated, *([self._current] if self._current is not None else [])]

    def _open_first(self) -> Tail | None:
        tail = _open(self._path, is_first=True)
        if tail is None:
            return None
        found = resume(self._known, tail)
        if found.kind is not ResumeKind.NEW:
            tail.start_at(min(found.start, tail.size))
            self._is_first_round = False
        return tail

    def _catch_up(self) -> Iterator[Followed]:
        """Yield what was written before a rotation that happened while nobody followed."""
        for path, start in unread_rotated(self._path, self._known):
            with LogFile(path) as log:
                if not log.can_grow:
                    for chunk in log.chunks(start):
                        yield Followed(self._path, chunk, log.position(chunk))
                    continue
            tail = Tail(path)
            tail.start_at(start)
            self._rotated.append(tail)

    def _read_current(self, tail: Tail) -> Iterator[Followed]:
        if tail.was_truncated():
            yield from self._finish(tail)
            tail.start_at(0)
        yield from self._read(tail)

    def _read(self, tail: Tail) -> Iterator[Followed]:
        for chunk in tail.read(self._block_bytes):
            yield self._followed(tail, chunk)

    def _finish(self, tail: Tail) -> Iterator[Followed]:
        chunk = tail.finish()
        if chunk is not None:
            yield self._followed(tail, chunk)

    def _retire(self, tail: Tail) -> Iterator[Followed]:
        self._rotated.remove(tail)
        yield from self._finish(tail)
        tail.close()

    def _followed(self, tail: Tail, chunk: Chunk) -> Followed:
        position = tail.position(chunk)
        self._given[tail.key] = position
        return Followed(self._path, chunk, position)

    def _successor(self) -> Tail | None:
        """Return the file that took the path over, if one did."""
        try:
            key = file_key(os.stat(self._path))
        except OSError:
            return None
        if self._current is not None and key == self._current.key:
            return None
        renamed_back = next((tail for tail in self._rotated if tail.key == key), None)
        if renamed_back is not None:
            self._rotated.remove(renamed_back)
            return renamed_back
        tail = _open(self._path, is_first=False)
        if tail is not None:
            # Another file may repeat a line of an old one; that it repeats a whole kilobyte means it is a copy.
            known = [
                position for position in (*self._known, *self._given.values()) if position.head_length >= _COPY_BYTES
            ]
            found = resume(known, tail)
            tail.start_at(min(found.start, tail.size))
        return tail


def _open(path: Path, *, is_first: bool) -> Tail | None:
    """Return the open file, or None where there is none to be read yet; at the start what is wrong is said."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{path} is not a regular file and cannot be followed; name a log file.")
        return Tail(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        if is_first:
            raise SourceError(f"{path} cannot be opened: {error.strerror or error}; check its permissions.") from error
        return None
