"""Compressed bodies, inflated within bounds whatever they claim to be."""

from __future__ import annotations

import zlib
from collections import deque
from io import BytesIO
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import FormatError, InputTooLargeError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ENCODINGS", "inflate", "require_encoding"]

_CHUNK: Final = 256 * 1024
_MAX_RATIO: Final = 100  # JSON events deflate 10 to 40 times
_RATIO_FROM: Final = 1024 * 1024  # bytes; small bodies may be as repetitive as they like
_ZSTD_WINDOW: Final = 8 * 1024 * 1024  # RFC 9659: what an HTTP content coding may ask for
# Follows the body into the zstd reader, which ends without a word on a truncated frame: does this not come out whole at
# the end, the body was cut short. It compresses, so that a frame cut within a literal block does not end in it either.
_END_MARK: Final = b"\x00end of a zstd body\x00" * 4
_GZIP: Final = 16 + zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS


def require_encoding(encoding: str | None) -> None:
    """Check that `inflate` knows the content coding `encoding`.

    Raises:
        FormatError: it does not.
    """
    if (encoding or "identity").strip().lower() not in ENCODINGS:
        accepted = ", ".join(sorted(ENCODINGS))
        raise FormatError(f"the content encoding {encoding} is not supported: accepted is one of {accepted}")


def inflate(body: bytes, encoding: str | None, most: int) -> bytes:
    """Return `body` without its content coding `encoding`; at most `most` bytes are made.

    Raises:
        FormatError: the encoding is unknown, or more than one.
        InputTooLargeError: it holds more, or far more than events compress to.
        SourceError: it is damaged or cut short.
    """
    require_encoding(encoding)
    name = (encoding or "identity").strip().lower()
    if name == "identity":
        return body
    pieces: deque[bytes] = deque()
    size = 0
    suspicious = max(_RATIO_FROM, _MAX_RATIO * len(body))
    for piece in ENCODINGS[name](body):
        size += len(piece)
        if size > most:
            raise InputTooLargeError(f"the body holds more than {most:,} bytes: send it in several requests")
        if size > suspicious:
            message = f"the body inflates more than {_MAX_RATIO} times: no list of events does; send it uncompressed"
            raise InputTooLargeError(message)
        pieces.append(piece)
    return b"".join(pieces)


def _identity(body: bytes) -> Iterator[bytes]:
    yield body


def _gzip(body: bytes) -> Iterator[bytes]:
    """Yield the content of one or more gzip members."""
    while body:
        rest: list[bytes] = []
        yield from _deflated(body, _GZIP, "gzip", rest)
        body = rest[0].lstrip(b"\0")  # padding between members, as gzip itself allows


def _deflate(body: bytes) -> Iterator[bytes]:
    """Yield the content of a zlib stream (RFC 9110 section 8.4.1.2), or of the bare one that some clients send."""
    header = int.from_bytes(body[:2], "big")
    is_zlib = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and header % 31 == 0
    rest: list[bytes] = []
    yield from _deflated(body, zlib.MAX_WBITS if is_zlib else _RAW, "deflate", rest)
    if rest[0]:
        raise _damaged("deflate", "there are bytes after its end")


def _deflated(body: bytes, bits: int, name: str, rest: list[bytes]) -> Iterator[bytes]:
    """Yield the content of the stream `body` starts with; put what follows it into `rest`."""
    reader = zlib.decompressobj(bits)
    while not reader.eof:
        try:
            piece = reader.decompress(body, _CHUNK)
        except zlib.error as error:
            raise _damaged(name, str(error)) from None
        body = reader.unconsumed_tail
        if not piece and not body and not reader.eof:
            raise _damaged(name, "it is cut short")
        yield piece
    rest.append(reader.unused_data)


def _zstd(body: bytes) -> Iterator[bytes]:
    import zstandard  # late: only compressed bodies need it

    source = BytesIO(body + zstandard.ZstdCompressor().compress(_END_MARK))
    reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(source, read_across_frames=True)
    held = b""
    while True:
        try:
            piece = reader.read(_CHUNK)
        except zstandard.ZstdError as error:
            raise _damaged("zstd", str(error)) from None
        if not piece:
            break
        held += piece
        yield held[: -len(_END_MARK)]
        held = held[-len(_END_MARK) :]
    if held != _END_MARK:
        raise _damaged("zstd", "it is cut short")


def _damaged(name: str, why: str) -> SourceError:
    return SourceError(f"the body is not valid {name} data ({why})")


ENCODINGS: Final[dict[str, Callable[[bytes], Iterator[bytes]]]] = {
    "identity": _identity,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
