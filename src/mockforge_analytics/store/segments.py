"""Blocks of stored cells as arrays in memory, so that a report is masks and sums whatever the filter.

A block that no fold has touched since it was read is the same in every snapshot since then; one that was touched is
read again. Measured: 269,000 cells of 10,000 endpoints sum in 22-27 ms from arrays, in 240 ms from rows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.histogram_codec import decode
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import Granularity, Window, floor_to
from mockforge_analytics.store.fold import load_measures
from mockforge_analytics.store.keys import bucket_range, bucket_starts, dictionary_ids
from mockforge_analytics.store.rows import integer_columns
from mockforge_analytics.store.sql import INTEGER_COLUMNS, statements

if TYPE_CHECKING:
    import apsw

    from mockforge_analytics.model.histogram import Histograms
    from mockforge_analytics.model.tiers import Tier

__all__ = ["Segment", "SegmentCache"]

Int64s = NDArray[np.int64]

_REMEMBERED_TOUCHES: Final = 200_000
_ENTRY_BYTES: Final = 10  # a histogram's index and count
_KEPT_DECODED: Final = 4_000_000  # histogram bytes of one segment; larger ones are decoded row by row, at need
_BLOCKS: Final[dict[Granularity, tuple[int, int]]] = {
    # width: seconds of a block of closed buckets, seconds of a block while its buckets are still filling
    Granularity.TEN_SECONDS: (600, 60),
    Granularity.MINUTE: (3_600, 300),
    Granularity.FIFTEEN_MINUTES: (8 * 86_400, 86_400),
    Granularity.HOUR: (86_400, 3_600),
    Granularity.SIX_HOURS: (8 * 86_400, 21_600),
    Granularity.DAY: (32 * 86_400, 86_400),
}
_SCOPE_FACTOR: Final = 8  # scope tiers have few rows a bucket, so their blocks are longer


def _block_seconds(tier: Tier) -> tuple[int, int]:
    block, filling = _BLOCKS[tier.width]
    if tier.fact is Fact.SCOPE and tier.width < Granularity.FIFTEEN_MINUTES:
        return block * _SCOPE_FACTOR, filling
    return block, filling


class Segment:
    """The cells of one tier in one window: bucket starts, dictionary ids, integer columns, and histograms at need.

    Histograms stay encoded (about a byte an entry instead of ten) until all of a small segment are asked for.
    """

    __slots__ = ("_blobs", "_ends", "_histograms", "bucket", "member", "values")

    def __init__(self, bucket: Int64s, member: Int64s, values: Int64s, blobs: list[bytes]) -> None:
        self.bucket = bucket
        self.member = member
        self.values = values
        self._blobs = b"".join(blobs)
        self._ends = np.cumsum(np.fromiter(map(len, blobs), np.int64, count=len(blobs)))
        self._histograms: Histograms | None = None

    def histograms(self, rows: Int64s) -> Histograms:
        """Return the latencies of the cells `rows`, in that order."""
        if self._histograms is not None:
            return self._histograms if len(rows) == len(self.bucket) else self._histograms.take(rows)
        ends = self._ends[rows]
        begins = np.where(rows > 0, self._ends[rows - 1], 0)
        decoded = decode([self._blobs[a:b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)])
        if len(rows) == len(self.bucket) and len(decoded.index) * _ENTRY_BYTES <= _KEPT_DECODED:
            self._histograms = decoded
        return decoded

    @property
    def nbytes(self) -> int:
        """About how much memory the segment takes."""
        size = self.bucket.nbytes + self.member.nbytes + self.values.nbytes + len(self._blobs) + self._ends.nbytes
        return size + (0 if self._histograms is None else len(self._histograms.index) * _ENTRY_BYTES)


def _load(connection: apsw.Connection, tier: Tier, window: Window) -> Segment:
    sql = statements(tier.name, tier.fact)
    bounds = bucket_range(window.start, window.end, tier.width)
    table = integer_columns(connection.execute(sql.range, bounds).fetchall(), len(INTEGER_COLUMNS[tier.fact]) + 1)
    values, blobs = table[1:], []
    if tier.fact in (Fact.SERIES, Fact.SCOPE):
        values = load_measures(values)
        blobs = [row[0] for row in connection.execute(sql.blobs, bounds)]
    return Segment(bucket_starts(table[0], tier.width), dictionary_ids(table[0]), values, blobs)


class SegmentCache:
    """A byte-bounded LRU of segments, shared by the readers of a process.

    With `follows_writer` the writer of the same process reports every touch; without, another process may write, and
    everything is dropped whenever its fold number has moved.
    """

    def __init__(self, max_bytes: int, *, follows_writer: bool) -> None:
        self._max_bytes = max_bytes
        self._follows_writer = follows_writer
        self._lock = threading.Lock()
        self._segments: OrderedDict[tuple[str, Window], tuple[int, int, Segment]] = OrderedDict()
        self._bytes = 0
        self._touched: dict[tuple[str, Window], int] = {}
        self._oldest = 0

    def touch(self, tier: Tier, buckets: Int64s, fold: int) -> None:
        """Note that fold number `fold`, about to commit, changes `tier` in `buckets` (starts, seconds)."""
        with self._lock:
            if len(self._touched) > _REMEMBERED_TOUCHES:
                self._forget(fold)
            for width in _block_seconds(tier):
                for start in np.unique(buckets // width * width).tolist():
                    self._touched[tier.name, Window(start, start + width)] = fold

    def see(self, fold: int) -> None:
        """Tell the cache which fold number a new snapshot has."""
        if not self._follows_writer:
            with self._lock:
                if fold > self._oldest:
                    self._forget(fold)

    def _forget(self, fold: int) -> None:
        self._segments.clear()
        self._touched.clear()
        self._bytes = 0
        self._oldest = fold

    def segments(
        self, connection: apsw.Connection, tier: Tier, window: Window, fold: int, filling_from: int
    ) -> list[Segment]:
        """Return the segments that cover `window`, as of a snapshot with fold number `fold`.

        A block that reaches past `filling_from` (seconds) is cut finer, because its newest buckets change all the time.
        """
        block, filling = _block_seconds(tier)
        found = []
        start = floor_to(window.start, block)
        while start < window.end:
            if start + block <= filling_from:
                found.append(self._get(connection, tier, Window(start, start + block), fold))
                start += block
            else:
                begin = floor_to(max(start, window.start), filling)
                end = min(start + block, window.end)
                pieces = range(begin, end, filling)
                found += [self._get(connection, tier, Window(a, a + filling), fold) for a in pieces]
                start += block
        return found

    def _get(self, connection: apsw.Connection, tier: Tier, window: Window, fold: int) -> Segment:
        key = (tier.name, window)
        with self._lock:
            known = self._segments.get(key)
            if known is not None:
                loaded, size, segment = known
                if self._touched.get(key, 0) <= min(loaded, fold) and min(loaded, fold) >= self._oldest:
                    self._segments.move_to_end(key)
                    self._resize(key, loaded, size, segment)
                    return segment
        segment = _load(connection, tier, window)
        with self._lock:
            known = self._segments.get(key)
            if known is None or known[0] < fold:
                self._bytes -= 0 if known is None else known[1]
                self._segments[key] = (fold, segment.nbytes, segment)
                self._bytes += segment.nbytes
                self._shrink()
        return segment

    def _resize(self, key: tuple[str, Window], loaded: int, size: int, segment: Segment) -> None:
        now = segment.nbytes
        if now != size:
            self._segments[key] = (loaded, now, segment)
            self._bytes += now - size
            self._shrink()

    def _shrink(self) -> None:
        while self._bytes > self._max_bytes and self._segments:
            _, (_, size, _) = self._segments.popitem(last=False)
            self._bytes -= size
