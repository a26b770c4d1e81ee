"""A chunk of a log taken apart into lines: byte positions in one buffer, no object per line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["MAX_LINE_BYTES", "Int64s", "Lines", "split_lines"]

Int64s = NDArray[np.int64]

MAX_LINE_BYTES: Final = 64 * 1024

_LF: Final = 0x0A
_CR: Final = 0x0D
_FIRST_PRINTABLE: Final = 0x20
_DELETE: Final = 0x7F
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of a chunk that are not blank.

    Attributes:
        data: the chunk as valid UTF-8; invalid bytes have become U+FFFD.
        buffer: the same bytes as an array.
        start: first byte of each line.
        end: one past the last byte of each line, without its line ending.
        number: index of each line in the chunk, blank ones counted.
        blank: how many lines were empty.
        has_controls: whether a control character other than a line ending occurs.
    """

    data: bytes
    buffer: NDArray[np.uint8]
    start: Int64s
    end: Int64s
    number: Int64s
    blank: int
    has_controls: bool

    def __len__(self) -> int:
        return len(self.start)

    def text(self, index: int) -> bytes:
        """Return line `index` of this selection."""
        return self.data[self.start[index] : self.end[index]]


def split_lines(chunk: bytes) -> Lines:
    """Return the lines of `chunk`; LF and CRLF end a line, the last one may lack its ending."""
    data = _valid_utf8(chunk)
    buffer = np.frombuffer(data, np.uint8)
    controls = np.flatnonzero(buffer < _FIRST_PRINTABLE)
    feeds = controls[buffer[controls] == _LF]
    complete = len(feeds) > 0 and feeds[-1] == len(buffer) - 1
    end = feeds if complete or len(buffer) == 0 else np.append(feeds, len(buffer))
    start = np.zeros_like(end)
    start[1:] = end[:-1] + 1
    if len(start) and data.startswith(_BYTE_ORDER_MARK):
        start[0] = len(_BYTE_ORDER_MARK)
    returns = (end > start) & (buffer.take(end - 1, mode="clip") == _CR) if len(end) else np.zeros(0, bool)
    end = end - returns
    start = _after_holes(data, buffer, start, end)
    kept = end > start
    return Lines(
        data=data,
        buffer=buffer,
        start=start if kept.all() else start[kept],
        end=end if kept.all() else end[kept],
        number=np.flatnonzero(kept),
        blank=len(kept) - int(np.count_nonzero(kept)),
        has_controls=len(controls) > len(feeds) + int(np.count_nonzero(returns)) or _DELETE in data,
    )


def _after_holes(data: bytes, buffer: NDArray[np.uint8], start: Int64s, end: Int64s) -> Int64s:
    """Return where lines start behind leading NULs: the hole left when a log is truncated under its writer."""
    holes = np.flatnonzero((buffer.take(start, mode="clip") == 0) & (end > start)) if len(start) else start
    for line in holes.tolist():
        text = data[start[line] : end[line]]
        start[line] += len(text) - len(text.lstrip(b"\0"))
    return start


def _valid_utf8(chunk: bytes) -> bytes:
    if chunk.isascii():
        return chunk
    try:
        # Polars validates with SIMD: 0.01 us a line where bytes.decode takes 0.22.
        pl.Series([chunk], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        return chunk.decode("utf-8", "replace").encode()
    return chunk
