"""Opening a log and reading it in chunks of whole lines."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self

import numpy as np

from mockforge_analytics.errors import InputChangedError, SourceError
from mockforge_analytics.sources.accesslog.cutter import Chunk, LineCutter
from mockforge_analytics.sources.accesslog.detect import SAMPLE_BYTES
from mockforge_analytics.sources.accesslog.fingerprint import HEAD_BYTES, Position, position_at
from mockforge_analytics.sources.accesslog.streams import (
    MAGIC_BYTES,
    ByteStream,
    HeadStream,
    compression_of,
    decompress,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHUNK_BYTES", "STDIN", "LogFile", "read_full"]

STDIN: Final = "-"
CHUNK_BYTES: Final = 16 * 1024 * 1024

_SKIP_BYTES: Final = 1024 * 1024
_BINARY_CHECK_BYTES: Final = 8192
_BINARY_SHARE: Final = 0.1
_FIRST_PRINTABLE: Final = 0x20
_TEXT_CONTROLS: Final = np.frombuffer(b"\t\n\r\x1b", np.uint8)
_LF: Final = b"\n"


class LogFile:
    """An open log; use it in a ``with`` statement.

    Attributes:
        name: the path as given, or ``standard input``.
        compression: ``"gzip"``, ``"zstd"`` or None.
        sample: the first (decompressed) bytes, at most `SAMPLE_BYTES`.
        total_bytes: size of the file on disk, None where it is not known.
    """

    def __init__(self, path: Path | str, stdin: ByteStream | None = None) -> None:
        """Open `path`, where ``-`` is standard input.

        Raises:
            SourceError: it is missing, a directory, unreadable, empty, binary, or of a compression we cannot read.
        """
        self._file: BinaryIO | None = None
        self.name = str(path)
        self.total_bytes: int | None = None
        if str(path) == STDIN:
            self.name = "standard input"
            raw = stdin or sys.stdin.buffer
        else:
            self._file = raw = _open(Path(path))
            status = os.fstat(self._file.fileno())
            self.total_bytes = status.st_size if stat.S_ISREG(status.st_mode) else None
        self._raw = _Counted(raw, self.name)
        try:
            magic = read_full(self._raw, MAGIC_BYTES)
            self.compression = compression_of(magic, self.name)
            self._stream = decompress(HeadStream(magic, self._raw), self.compression, self.name)
            self.sample = read_full(self._stream, SAMPLE_BYTES)
            _check_text(self.sample, self.name)
        except SourceError:
            self.close()
            raise
        self._stream = HeadStream(self.sample, self._stream)

    @property
    def can_seek(self) -> bool:
        """Whether the log can be read more than once: a regular file, no pipe."""
        return self.total_bytes is not None

    @property
    def can_grow(self) -> bool:
        """Whether lines may be appended: a plain regular file."""
        return self.can_seek and self.compression is None

    @property
    def bytes_read(self) -> int:
        """How far the file on disk has been read, to be compared with `total_bytes`."""
        return self._raw.count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file (standard input stays open)."""
        if self._file is not None:
            self._file.close()

    def position(self, chunk: Chunk) -> Position:
        """Return the position that says: everything up to the end of `chunk` has been read."""
        return position_at(self.sample[:HEAD_BYTES], chunk.offset_end, chunk.tail)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the (decompressed) bytes from `offset` on, fewer where the log ends before.

        A pipe gives what its sample holds. Of a compressed log everything before `offset` is unpacked again.
        """
        if offset + length <= len(self.sample) or not self.can_seek:
            return self.sample[offset : offset + length]
        stream = self._rewound(offset)
        try:
            return read_full(stream, length)
        except SourceError:
            return b""

    def chunks(self, start: int = 0, *, final: bool | None = None, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Chunk]:
        """Yield the lines from byte `start` on, in chunks of about `chunk_bytes`.

        A last line without line ending is left for the next time where the file can grow, unless `final` is true. A
        `start` within a line (which a final reading left behind) goes on with the line after it.

        Raises:
            SourceError: the file cannot be read on, or is damaged; all lines before that have been yielded.
            InputChangedError: the file has become shorter than what was read of it.
        """
        stream = self._rewound(max(0, start - 1)) if self.can_seek else self._stream
        before = read_full(stream, 1) if start else _LF
        cutter = LineCutter(start, in_line=before != _LF)
        while block := read_full(stream, chunk_bytes):
            chunk = cutter.feed(block)
            if chunk is not None:
                yield chunk
        self._check_not_truncated(cutter.offset)
        last = cutter.finish() if final or (final is None and not self.can_grow) else None
        if last is not None:
            yield last

    def _rewound(self, offset: int) -> ByteStream:
        """Return the log from `offset` on as a fresh stream."""
        assert self._file is not None
        self._file.seek(0 if self.compression else offset)
        self._raw = _Counted(self._file, self.name, 0 if self.compression else offset)
        stream = decompress(self._raw, self.compression, self.name)
        if self.compression:
            while offset > 0 and (skipped := stream.read(min(offset, _SKIP_BYTES))):
                offset -= len(skipped)
        return stream

    def _check_not_truncated(self, offset: int) -> None:
        if self.can_grow and self._file is not None and os.fstat(self._file.fileno()).st_size < offset:
            raise InputChangedError(
                f"{self.name} became shorter while it was read; the lines up to byte {offset} were read. "
                "Import the file it was moved or copied to, then this one."
            )


class _Counted:
    """A stream that knows how much was read from it, and says in our words what the system says in its own."""

    def __init__(self, stream: ByteStream, name: str, count: int = 0) -> None:
        self._stream = stream
        self._name = name
        self.count = count

    def read(self, size: int, /) -> bytes:
        try:
            block = self._stream.read(size)
        except OSError as error:
            raise SourceError(f"{self._name} cannot be read: {error.strerror or error}. Check the disk.") from error
        self.count += len(block)
        return block


def read_full(stream: ByteStream, size: int) -> bytes:
    """Return the next `size` bytes of `stream`, fewer at its end.

    Bytes that were read before an error are returned; the error then comes with the next call.
    """
    pieces: list[bytes] = []
    missing = size
    while missing > 0:
        try:
            piece = stream.read(missing)
        except SourceError:
            if not pieces:
                raise
            break
        if not piece:
            break
        pieces.append(piece)
        missing -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _open(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise SourceError(f"{path} is a directory; name the log files in it, for example {path}/*.log.")
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist; check the path.") from None
    except PermissionError:
        raise SourceError(f"{path} may not be read by this user; change its permissions or run as its owner.") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror or error}.") from error


def _check_text(sample: bytes, name: str) -> None:
    if not sample:
        raise SourceError(f"{name} is empty; there is nothing to import.")
    # A log truncated under its writer starts with a hole of NULs, and still is a log.
    shown = np.frombuffer(sample.lstrip(b"\0")[:_BINARY_CHECK_BYTES], np.uint8)
    controls = np.count_nonzero(shown < _FIRST_PRINTABLE) - np.count_nonzero(np.isin(shown, _TEXT_CONTROLS))
    if controls > _BINARY_SHARE * len(shown):
        raise SourceError(f"{name} is a binary file (or UTF-16 text), no access log; convert it to UTF-8 text first.")
