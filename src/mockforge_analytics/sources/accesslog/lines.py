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
_FIRST_BEYOND_ASCII: Final = 0x80

# Up to this share of bytes or lines, what is wrong is put right one by one; beyond it the whole chunk is.
_RARE_SHARE: Final = 0.02
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
        odd: lines with control characters, where such lines are rare enough to be read one by one.
        has_controls: whether control characters occur in the other lines.
    """

    data: bytes
    buffer: NDArray[np.uint8]
    start: Int64s
    end: Int64s
    number: Int64s
    blank: int
    odd: Int64s
    has_controls: bool

    def __len__(self) -> int:
        return len(self.start)

    def text(self, index: int) -> bytes:
        """Return line `index` of this selection."""
        return self.data[self.start[index] : self.end[index]]

    def rows(self, first: int, end: int) -> Lines:
        """Return the lines `first` to `end` of this selection, over the same bytes."""
        odd = self.odd[(self.odd >= first) & (self.odd < end)] - first
        start, stop, number = self.start[first:end], self.end[first:end], self.number[first:end]
        return Lines(self.data, self.buffer, start, stop, number, 0, odd, self.has_controls)


def split_lines(chunk: bytes) -> Lines:
    """Return the lines of `chunk`; LF and CRLF end a line, the last one may lack its ending."""
    data = _valid_utf8(chunk)
    buffer = np.frombuffer(data, np.uint8)
    controls = np.flatnonzero(buffer < _FIRST_PRINTABLE)
    is_feed = buffer[controls] == _LF
    feeds = controls[is_feed]
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
    odd, has_controls = _odd_lines(data, buffer, controls[~is_feed], end, kept)
    return Lines(
        data=data,
        buffer=buffer,
        start=start if kept.all() else start[kept],
        end=end if kept.all() else end[kept],
        number=np.flatnonzero(kept),
        blank=len(kept) - int(np.count_nonzero(kept)),
        odd=odd,
        has_controls=has_controls,
    )


def _odd_lines(
    data: bytes, buffer: NDArray[np.uint8], controls: Int64s, end: Int64s, kept: NDArray[np.bool_]
) -> tuple[Int64s, bool]:
    """Return the kept lines with control characters if there are few, and whether the others have any."""
    if _DELETE in data:
        controls = np.sort(np.concatenate([controls, np.flatnonzero(buffer == _DELETE)]))
    if not len(controls):
        return controls, False
    line = np.searchsorted(end, controls)
    # The carriage return of a line ending lies at the end of its line.
    within = (line < len(end)) & (controls != end.take(line, mode="clip"))
    odd = np.unique(line[within & kept.take(line, mode="clip")])
    if len(odd) > len(end) * _RARE_SHARE:
        return odd[:0], True
    return (np.cumsum(kept) - 1)[odd], False


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
        return _repaired(chunk)
    return chunk


def _repaired(chunk: bytes) -> bytes:
    """Return `chunk` with invalid bytes as U+FFFD, decoding only the lines with bytes beyond ASCII if those are few."""
    beyond_ascii = np.flatnonzero(np.frombuffer(chunk, np.uint8) >= _FIRST_BEYOND_ASCII)
    if len(beyond_ascii) > len(chunk) * _RARE_SHARE:
        return chunk.decode("utf-8", "replace").encode()
    pieces: list[bytes] = []
    at = 0
    for position in beyond_ascii.tolist():
        if position >= at:
            start, end = chunk.rfind(b"\n", 0, position) + 1, chunk.find(b"\n", position)
            end = len(chunk) if end < 0 else end
            pieces += [chunk[at:start], chunk[start:end].decode("utf-8", "replace").encode()]
            at = end
    return b"".join([*pieces, chunk[at:]])
