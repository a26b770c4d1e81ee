"""An open file that is being written, and how far it has been read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Final

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.accesslog.cutter import Chunk, LineCutter
from mockforge_analytics.sources.accesslog.fingerprint import HEAD_BYTES, TAIL_BYTES, Position, position_at
from mockforge_analytics.sources.accesslog.streams import MAGIC_BYTES, compression_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FileKey", "Tail", "file_key"]

FileKey = tuple[int, int]

_LF: Final = b"\n"


def file_key(status: os.stat_result) -> FileKey:
    """Return what tells one file of this machine from another while either is open: device and inode."""
    return status.st_dev, status.st_ino


class Tail:
    """Reads what is appended to one open file. The name of the file plays no part."""

    def __init__(self, path: Path) -> None:
        """Open `path`, to be read from its beginning.

        Raises:
            OSError: it cannot be opened.
            SourceError: it is compressed.
        """
        self.path = path
        self._file: BinaryIO = path.open("rb", buffering=0)
        self.key = file_key(os.fstat(self._file.fileno()))
        if compression_of(self.read_at(0, MAGIC_BYTES), str(path)) is not None:
            self.close()
            raise SourceError(f"{path} is compressed and cannot be followed; import it instead.")
        self.idle_polls = 0
        self.start_at(0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def offset(self) -> int:
        """How far the file has been read, an unfinished line included."""
        return self._cutter.offset

    @property
    def size(self) -> int:
        """How long the file is now."""
        return os.fstat(self._file.fileno()).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes from `offset` on, fewer than `length` where the file ends before."""
        return os.pread(self._file.fileno(), length, offset)

    def start_at(self, offset: int) -> None:
        """Go on reading at `offset`; where that lies within a line, after that line."""
        in_line = offset > 0 and self.read_at(offset - 1, 1) != _LF
        self._cutter = LineCutter(offset, in_line=in_line)
        self._seen = self.read_at(max(0, offset - TAIL_BYTES), min(TAIL_BYTES, offset))
        self._head = self.read_at(0, min(HEAD_BYTES, offset))

    def was_truncated(self) -> bool:
        """Whether the file does not hold any more what was read of it: cut short, and maybe grown again since."""
        return self.read_at(self.offset - len(self._seen), len(self._seen)) != self._seen

    def read(self, block_bytes: int) -> Iterator[Chunk]:
        """Yield the whole lines appended since the last call."""
        self.idle_polls += 1
        while block := self.read_at(self.offset, block_bytes):
            self.idle_polls = 0
            if self.offset == len(self._head):
                self._head += block[: HEAD_BYTES - len(self._head)]
            self._seen = (self._seen + block[-TAIL_BYTES:])[-TAIL_BYTES:]
            chunk = self._cutter.feed(block)
            if chunk is not None:
                yield chunk

    def finish(self) -> Chunk | None:
        """Return the last line if it never got its line ending."""
        return self._cutter.finish()

    def position(self, chunk: Chunk) -> Position:
        """Return the position that says: everything up to the end of `chunk` has been read."""
        return position_at(self._head, chunk.offset_end, chunk.tail)
