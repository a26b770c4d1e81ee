"""Histograms as compact blobs, encoded and decoded many at a time.

A blob is empty (no observations), or a tag byte and a body:

* ``1`` sparse: a stream of numbers in nibbles, low nibble of a byte first. A nibble is three bits of the number, least
  significant group first, and a continuation bit (8). The numbers alternate: bucket position (distance from the
  position after the previous one; the first from the zero bucket), count - 1. An odd last nibble is 8.
* ``2``, ``3``, ``4``, ``5`` dense: first bucket position as uint16, then one count a bucket as uint8, 16, 32 or 64,
  all little endian.

The bucket position is the index minus `ZERO_INDEX`. Dense is taken where it is at most half as large again as sparse:
it decodes about ten times faster, and hourly totals are full anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.errors import StoreCorruptError
from mockforge_analytics.model.histogram import MAX_INDEX, ZERO_INDEX, Histograms

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["decode", "encode"]

_SPARSE: Final = 1
_DENSE_TYPES: Final = ((2, "<u1"), (3, "<u2"), (4, "<u4"), (5, "<u8"))
_DENSE_HEADER: Final = 3
_NIBBLE_BITS: Final = 3
_CONTINUES: Final = 8
_NIBBLES: Final = np.repeat(np.arange(1, 5, dtype=np.int8), (8, 56, 448, 3_584))  # of numbers of 3, 6, 9 and 12 bits
_POSITIONS: Final = MAX_INDEX - ZERO_INDEX + 1

Int64s = NDArray[np.int64]
Bytes = NDArray[np.uint8]


def encode(histograms: Histograms) -> list[bytes]:
    """Return one blob a histogram; `decode` gives the same histograms back."""
    sizes = np.diff(histograms.offsets)
    position = histograms.index.astype(np.int64) - ZERO_INDEX
    stream, starts, lengths = _nibble_streams(histograms.offsets, position, histograms.count)
    raw = stream.tobytes()
    blobs = [b"\x01" + raw[a : a + n] if n else b"" for a, n in zip(starts.tolist(), lengths.tolist(), strict=True)]
    filled = np.flatnonzero(sizes)
    if not len(filled):
        return blobs
    first = position[histograms.offsets[filled]]
    span = position[histograms.offsets[filled + 1] - 1] - first + 1
    peak = np.maximum.reduceat(histograms.count, histograms.offsets[filled])
    width = np.select([peak < 1 << 8, peak < 1 << 16, peak < 1 << 32], [0, 1, 2], 3)
    sparse_size = lengths[filled] + 1
    dense = _DENSE_HEADER + (span << width) <= sparse_size + sparse_size // 2
    for kind, (tag, dtype) in enumerate(_DENSE_TYPES):
        chosen = np.flatnonzero(dense & (width == kind))
        if len(chosen):
            bodies = _dense_bodies(histograms.take(filled[chosen]), first[chosen], span[chosen], dtype)
            for row, start, body in zip(filled[chosen].tolist(), first[chosen].tolist(), bodies, strict=True):
                blobs[row] = bytes((tag, start & 0xFF, start >> 8)) + body
    return blobs


def _dense_bodies(histograms: Histograms, first: Int64s, span: Int64s, dtype: str) -> list[bytes]:
    """Return the counts of every bucket from `first` on, `span` of them, of each histogram."""
    ends = np.cumsum(span)
    counts = np.zeros(ends[-1], dtype)
    shift = np.repeat(ends - span - first, np.diff(histograms.offsets))
    counts[histograms.index - ZERO_INDEX + shift] = histograms.count
    raw, size = counts.tobytes(), counts.itemsize
    return [raw[(b - n) * size : b * size] for b, n in zip(ends.tolist(), span.tolist(), strict=True)]


def _nibble_streams(offsets: Int64s, position: Int64s, count: Int64s) -> tuple[Bytes, Int64s, Int64s]:
    """Return the bytes of all sparse bodies, and where each begins and how long it is."""
    step = np.diff(position, prepend=0) - 1
    filled = offsets[:-1][np.diff(offsets) > 0]
    step[filled] = position[filled]
    numbers = np.empty(2 * len(position), np.int64)
    numbers[0::2] = step
    numbers[1::2] = count - 1
    nibbles = _NIBBLES[np.minimum(numbers, len(_NIBBLES) - 1)].astype(np.int64)
    large = np.flatnonzero(numbers >= len(_NIBBLES))
    nibbles[large] = -(-np.frexp(numbers[large].astype(np.float64))[1] // _NIBBLE_BITS)
    ends = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(nibbles, out=ends[1:])
    per_blob = np.diff(ends[2 * offsets])
    lengths = (per_blob + 1) // 2
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    owner = np.repeat(np.arange(len(numbers)), nibbles)
    digit = np.arange(ends[-1]) - ends[owner]
    value = (numbers[owner] >> (_NIBBLE_BITS * digit)) & (_CONTINUES - 1)
    value |= np.where(digit < nibbles[owner] - 1, _CONTINUES, 0)
    grid = np.full(2 * starts[-1], _CONTINUES, np.uint8)
    grid[np.arange(ends[-1]) + np.repeat(2 * starts[:-1] - ends[2 * offsets[:-1]], per_blob)] = value
    return grid[0::2] | (grid[1::2] << 4), starts[:-1], lengths


def decode(blobs: Sequence[bytes]) -> Histograms:
    """Return the histograms of `blobs`.

    Raises:
        StoreCorruptError: a blob is not one that `encode` makes.
    """
    tags = np.fromiter((blob[0] if blob else 0 for blob in blobs), np.int64, count=len(blobs))
    parts = []
    for tag in np.flatnonzero(np.bincount(tags)).tolist():  # np.unique would load numpy.ma, 0.1 s of a first report
        rows = np.flatnonzero(tags == tag)
        bodies = [blobs[row] for row in rows.tolist()]
        try:
            if tag == _SPARSE:
                parts.append((rows, *_decode_sparse(bodies)))
            elif tag != 0:
                parts.append((rows, *_decode_dense(bodies, dict(_DENSE_TYPES)[tag])))
        except (KeyError, ValueError, IndexError) as error:
            message = "a latency histogram in the database is damaged; run `mockforge-analytics doctor`"
            raise StoreCorruptError(message) from error
    return _assemble(len(blobs), parts)


def _assemble(n: int, parts: list[tuple[Int64s, Int64s, Int64s, Int64s]]) -> Histograms:
    """Put (rows, entries a row, positions, counts) of several codings into one column, in row order."""
    sizes = np.zeros(n, np.int64)
    for rows, entries, _, _ in parts:
        sizes[rows] = entries
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    index = np.empty(offsets[-1], np.int16)
    count = np.empty(offsets[-1], np.int64)
    for rows, entries, position, counts in parts:
        begins = np.cumsum(entries) - entries
        target = np.repeat(offsets[rows] - begins, entries) + np.arange(len(position))
        index[target] = position + ZERO_INDEX
        count[target] = counts
    if len(index) and (index.max() > MAX_INDEX or index.min() < ZERO_INDEX or count.min() <= 0):
        message = "a latency histogram in the database is damaged; run `mockforge-analytics doctor`"
        raise StoreCorruptError(message)
    return Histograms(offsets, index, count)


def _decode_sparse(blobs: list[bytes]) -> tuple[Int64s, Int64s, Int64s]:
    packed = np.frombuffer(b"".join([blob[1:] for blob in blobs]), np.uint8)
    lengths = np.fromiter((len(blob) - 1 for blob in blobs), np.int64, count=len(blobs))
    nibbles = np.empty(2 * len(packed), np.uint8)
    nibbles[0::2] = packed & 0x0F
    nibbles[1::2] = packed >> 4
    blob_ends = 2 * np.cumsum(lengths)
    keep = np.ones(len(nibbles), bool)
    keep[blob_ends - 1] = nibbles[blob_ends - 1] < _CONTINUES
    kept_before = np.zeros(len(nibbles) + 1, np.int64)
    np.cumsum(keep, out=kept_before[1:])
    nibbles = nibbles[keep]
    last = nibbles < _CONTINUES
    numbers_before = np.zeros(len(nibbles) + 1, np.int64)
    np.cumsum(last, out=numbers_before[1:])
    begins = np.concatenate(([0], np.flatnonzero(last)[:-1] + 1))
    digit = np.arange(len(nibbles)) - begins[numbers_before[:-1]]
    numbers = np.add.reduceat((nibbles & (_CONTINUES - 1)).astype(np.int64) << (_NIBBLE_BITS * digit), begins)
    per_blob = np.diff(numbers_before[kept_before[np.concatenate(([0], blob_ends))]])
    if np.any(per_blob % 2) or np.any(per_blob == 0):
        raise ValueError
    entries = per_blob // 2
    advance = np.cumsum(numbers[0::2] + 1)
    first = np.cumsum(entries) - entries
    base = advance[first] - (numbers[0::2][first] + 1)
    return entries, advance - np.repeat(base, entries) - 1, numbers[1::2] + 1


def _decode_dense(blobs: list[bytes], dtype: str) -> tuple[Int64s, Int64s, Int64s]:
    width = np.dtype(dtype).itemsize
    counts = np.frombuffer(b"".join([blob[_DENSE_HEADER:] for blob in blobs]), dtype).astype(np.int64)
    spans = np.fromiter((len(blob) - _DENSE_HEADER for blob in blobs), np.int64, count=len(blobs)) // width
    first = np.frombuffer(b"".join([blob[1:_DENSE_HEADER] for blob in blobs]), "<u2").astype(np.int64)
    begins = np.cumsum(spans) - spans
    position = np.arange(len(counts)) + np.repeat(first - begins, spans)
    filled = counts > 0
    filled_before = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(filled, out=filled_before[1:])
    entries = filled_before[begins + spans] - filled_before[begins]
    if np.any(position >= _POSITIONS):
        raise ValueError
    return entries, position[filled], counts[filled]
