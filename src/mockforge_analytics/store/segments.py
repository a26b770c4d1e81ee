"""Blocks of stored cells as arrays in memory, so that a report is masks and sums whatever the filter.

A block that no fold has touched since it was read is the same in every snapshot since then; one that was touched is
read again. Measured: 269,000 cells of 10,000 endpoints sum in 22-27 ms from arrays, in 240 ms from rows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import apsw
import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.histogram_codec import decode
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import Granularity, Window, floor_to
from mockforge_analytics.store.digests import Digests
from mockforge_analytics.store.fold import load_measures
from mockforge_analytics.store.keys import bucket_range, bucket_starts, cell_ids, dictionary_ids
from mockforge_analytics.store.parts import Part
from mockforge_analytics.store.rows import columns_of, integer_columns
from mockforge_analytics.store.sql import INTEGER_COLUMNS, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from mockforge_analytics.model.histogram import Histograms
    from mockforge_analytics.model.tiers import Tier

__all__ = ["Held", "Narrow", "Segment", "SegmentCache", "Sized", "load_segment", "load_series"]

Int64s = NDArray[np.int64]

_REMEMBERED_TOUCHES: Final = 200_000
_ENTRY_BYTES: Final = 10  # a histogram's index and count
_KEPT_DECODED: Final = 16_000_000  # histogram bytes of one segment; larger ones are decoded at need, each time
_BLOCKS: Final[dict[Granularity, tuple[int, int]]] = {
    # width: seconds of a block of closed buckets, seconds of a block while its buckets are still filling
    Granularity.TEN_SECONDS: (600, 60),
    Granularity.MINUTE: (3_600, 300),
    Granularity.FIFTEEN_MINUTES: (8 * 86_400, 10_800),
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


class Sized(Protocol):
    """What a cache of bounded size may hold."""

    @property
    def nbytes(self) -> int:
        """About how much memory it takes; it may grow while it is used."""


Held = TypeVar("Held", bound=Sized)


@dataclass(frozen=True, slots=True)
class Narrow(Generic[Held]):
    """How to read less of a block: `what` tells one such part from another."""

    what: Hashable
    load: Callable[[apsw.Connection, Tier, Window], Held]


class _Latencies:
    """Histograms that stay encoded (a byte an entry instead of ten) until all of a small segment are asked for."""

    __slots__ = ("_blobs", "_decoded", "_ends")

    def __init__(self, blobs: list[bytes]) -> None:
        self._blobs = b"".join(blobs)
        self._ends = np.cumsum(np.fromiter(map(len, blobs), np.int64, count=len(blobs)))
        self._decoded: Histograms | None = None

    def of(self, rows: Int64s) -> Histograms:
        """Return the latencies of the cells `rows`, in that order."""
        everything = len(rows) == len(self._ends)
        if self._decoded is not None:
            return self._decoded if everything else self._decoded.take(rows)
        ends = self._ends[rows]
        begins = np.where(rows > 0, self._ends[rows - 1], 0)
        decoded = decode([self._blobs[a:b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)])
        if everything and len(decoded.index) * _ENTRY_BYTES <= _KEPT_DECODED:
            self._decoded = decoded
        return decoded

    @property
    def nbytes(self) -> int:
        decoded = 0 if self._decoded is None else len(self._decoded.index) * _ENTRY_BYTES
        return len(self._blobs) + self._ends.nbytes + decoded


class Segment:
    """The cells of one tier in one window, as `part`."""

    __slots__ = ("_digests", "_latencies", "part")

    def __init__(self, bucket: Int64s, member: Int64s, values: Int64s, blobs: list[bytes]) -> None:
        self._latencies = _Latencies(blobs)
        self._digests = Digests()
        self.part = Part(bucket, member, values, self._latencies.of, self._digests)

    @property
    def nbytes(self) -> int:
        """About how much memory the segment takes."""
        own = self.part.bucket.nbytes + self.part.member.nbytes + self.part.values.nbytes
        return own + self._latencies.nbytes + self._digests.nbytes


def load_segment(connection: apsw.Connection, tier: Tier, window: Window) -> Segment:
    """Read the cells of `tier` in `window`, whole buckets."""
    sql = statements(tier.name, tier.fact)
    bounds = bucket_range(window.start, window.end, tier.width)
    table = integer_columns(connection.execute(sql.range, bounds).fetchall(), len(INTEGER_COLUMNS[tier.fact]) + 1)
    values, blobs = table[1:], []
    if tier.fact in (Fact.SERIES, Fact.SCOPE):
        values = load_measures(values)
        blobs = [row[0] for row in connection.execute(sql.blobs, bounds)]
    return Segment(bucket_starts(table[0], tier.width), dictionary_ids(table[0]), values, blobs)


def load_series(connection: apsw.Connection, tier: Tier, window: Window, series: Int64s) -> Segment:
    """Read the cells that `series` (see `Dictionary.few_series`) have in `tier` and `window`, whole buckets."""
    sql = statements(tier.name, tier.fact)
    buckets = np.arange(window.start, window.end, tier.width)
    nothing = np.zeros(len(buckets), np.int64)
    keys = (cell_ids(buckets, tier.width, nothing, nothing)[:, None] | series[None, :]).ravel()
    rows = connection.execute(sql.keys, (apsw.carray(np.sort(keys)),)).fetchall() if len(keys) else []
    table, blobs = columns_of(rows, len(INTEGER_COLUMNS[tier.fact]) + 1)
    return Segment(bucket_starts(table[0], tier.width), dictionary_ids(table[0]), load_measures(table[1:]), blobs)


class SegmentCache:
    """A byte-bounded LRU of segments and of blocks of client rows, shared by the readers of a process.

    With `follows_writer` the writer of the same process reports every touch; without, another process may write, and
    everything is dropped whenever its fold number has moved.
    """

    def __init__(self, max_bytes: int, *, follows_writer: bool) -> None:
        self._max_bytes = max_bytes
        self._follows_writer = follows_writer
        self._lock = threading.Lock()
        self._segments: OrderedDict[tuple[str, Window, Hashable], tuple[int, int, Any]] = OrderedDict()
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

    def blocks(
        self,
        load: Callable[[apsw.Connection, Tier, Window], Held],
        connection: apsw.Connection,
        tier: Tier,
        window: Window,
        *,
        fold: int,
        filling_from: int,
        narrow: Narrow[Held] | None = None,
    ) -> list[Held]:
        """Return the blocks of `tier` that cover `window`, as of a snapshot with fold number `fold`.

        A block that reaches past `filling_from` (seconds) is cut finer, because its newest buckets change all the time.
        Missing ones are read with `load`, which must be the same in every call for a tier, or with `narrow`: less of
        a block, which is enough for the caller.
        """
        block, filling = _block_seconds(tier)

        def get(start: int, seconds: int) -> Held:
            window = Window(start, start + seconds)
            known: Held | None = self._known((tier.name, window, None), fold)
            if known is not None:
                return known
            if narrow is None:
                return self._loaded((tier.name, window, None), fold, lambda: load(connection, tier, window))
            part = (tier.name, window, narrow.what)
            known = self._known(part, fold)
            return known or self._loaded(part, fold, lambda: narrow.load(connection, tier, window))

        found = []
        start = floor_to(window.start, block)
        while start < window.end:
            if start + block <= filling_from:
                found.append(get(start, block))
            else:
                begin = floor_to(max(start, window.start), filling)
                found += [get(piece, filling) for piece in range(begin, min(start + block, window.end), filling)]
            start += block
        return found

    def _known(self, key: tuple[str, Window, Hashable], fold: int) -> Any:
        """Return what is kept under `key`, None where it is not there or not as of `fold`."""
        with self._lock:
            known = self._segments.get(key)
            if known is None:
                return None
            loaded, size, held = known
            if self._touched.get(key[:2], 0) > min(loaded, fold) or min(loaded, fold) < self._oldest:
                return None
            self._segments.move_to_end(key)
            self._resize(key, loaded, size, held)
            return held

    def _loaded(self, key: tuple[str, Window, Hashable], fold: int, load: Callable[[], Held]) -> Held:
        block = load()
        with self._lock:
            known = self._segments.get(key)
            if known is None or known[0] < fold:
                self._bytes -= 0 if known is None else known[1]
                size = block.nbytes
                self._segments[key] = (fold, size, block)
                self._bytes += size
                self._shrink()
        return block

    def _resize(self, key: tuple[str, Window, Hashable], loaded: int, size: int, held: Sized) -> None:
        now = held.nbytes
        if now != size:
            self._segments[key] = (loaded, now, held)
            self._bytes += now - size
            self._shrink()

    def _shrink(self) -> None:
        while self._bytes > self._max_bytes and self._segments:
            _, (_, size, _) = self._segments.popitem(last=False)
            self._bytes -= size
