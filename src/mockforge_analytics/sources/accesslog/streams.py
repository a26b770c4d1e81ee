"""Plain, gzip and zstd bytes as one kind of stream, told apart by their first bytes."""

from __future__ import annotations

import gzip
import zlib
from typing import BinaryIO, Final, Protocol, cast

from mockforge_analytics.errors import SourceError

__all__ = ["MAGIC_BYTES", "ByteStream", "HeadStream", "compression_of", "decompress"]

MAGIC_BYTES: Final = 6
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = (0x184D2A50, 0x184D2A5F)
_FOREIGN: Final = {
    b"BZh": ("bzip2", "bzcat"),
    b"\xfd7zXZ\x00": ("xz", "xzcat"),
    b"PK\x03\x04": ("zip", "unzip -p"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4cat"),
}

# Fed to the zstd reader after the last byte of the file. The reader ends without a word on a truncated file; if these
# bytes do not come out whole at the end, it was one. No line feed among them, so they never complete a line; and they
# compress, so that a file cut within a literal block does not end in them either.
_ZSTD_READ_BYTES: Final = 64 * 1024
_END_MARK: Final = b"\x00end of a zstd log\x00" * 4


class ByteStream(Protocol):
    """What the reader needs of a file."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, b"" at the end."""


class HeadStream:
    """A stream whose first bytes were already read: gives them once more."""

    def __init__(self, head: bytes, rest: ByteStream) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        head = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(head) :]
        return head


def compression_of(magic: bytes, name: str) -> str | None:
    """Return ``"gzip"``, ``"zstd"`` or None for plain, from the first `MAGIC_BYTES` of a file.

    Raises:
        SourceError: another compression, which we cannot read.
    """
    if magic.startswith(_GZIP):
        return "gzip"
    low, high = _ZSTD_SKIPPABLE
    if magic.startswith(_ZSTD) or low <= int.from_bytes(magic[:4], "little") <= high:
        return "zstd"
    for start, (kind, command) in _FOREIGN.items():
        if magic.startswith(start):
            raise SourceError(
                f"{name} is a {kind} file, which cannot be read directly; unpack it on the way in: "
                f"{command} {name} | mockforge-analytics import -"
            )
    return None


def decompress(stream: ByteStream, compression: str | None, name: str) -> ByteStream:
    """Return `stream` decompressed; its reads raise SourceError where the data are damaged or end too early."""
    if compression == "gzip":
        return _Gzip(stream, name)
    if compression == "zstd":
        return _Zstd(stream, name)
    return stream


class _Gzip:
    def __init__(self, stream: ByteStream, name: str) -> None:
        self._reader = gzip.GzipFile(fileobj=cast("BinaryIO", stream), mode="rb")
        self._name = name

    def read(self, size: int, /) -> bytes:
        try:
            # read() loses what it has when the end turns out to be missing; read1 hands it out first.
            return self._reader.read1(size)
        except EOFError:
            raise _truncated(self._name, "gzip") from None
        except (zlib.error, gzip.BadGzipFile) as error:
            raise _damaged(self._name, "gzip", error) from None


class _Zstd:
    def __init__(self, stream: ByteStream, name: str) -> None:
        import zstandard  # late: only compressed logs need it

        self._source = _WithEnd(stream, zstandard.ZstdCompressor().compress(_END_MARK))
        self._reader = zstandard.ZstdDecompressor().stream_reader(
            cast("BinaryIO", self._source), read_size=_ZSTD_READ_BYTES, read_across_frames=True
        )
        self._error = zstandard.ZstdError
        self._name = name
        self._held = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        while not self._ended:
            try:
                # As with gzip: read() would lose what it has when it meets an error.
                block = self._reader.read1(max(1, size))
            except self._error as error:
                if self._source.has_ended:
                    raise _truncated(self._name, "zstd") from None
                raise _damaged(self._name, "zstd", error) from None
            if not block:
                if self._held != _END_MARK:
                    raise _truncated(self._name, "zstd")
                self._ended = True
            else:
                data = self._held + block
                self._held = data[-len(_END_MARK) :]
                if len(data) > len(_END_MARK):
                    return data[: -len(_END_MARK)]
        return b""


class _WithEnd:
    """A stream followed by some bytes more."""

    def __init__(self, stream: ByteStream, end: bytes) -> None:
        self._stream = stream
        self._end = end
        self.has_ended = False

    def read(self, size: int, /) -> bytes:
        block = self._stream.read(size)
        if not block:
            block, self._end = self._end, b""
            self.has_ended = True
        return block


def _truncated(name: str, kind: str) -> SourceError:
    return SourceError(
        f"{name} ends in the middle of its {kind} data: the file is cut short; the lines before that point were read. "
        "Get a whole copy and import it: what was read is not counted twice."
    )


def _damaged(name: str, kind: str, error: Exception) -> SourceError:
    return SourceError(
        f"{name} holds damaged {kind} data ({error}); the lines before that point were read. "
        "Get a sound copy and import it: what was read is not counted twice."
    )
