"""The integer keys of cells: ``bucket number << 34 | workspace slot << 28 | id in the dictionary of the fact``.

Rows of one bucket lie side by side in the table, within it those of one workspace (up to 64 slots), so a report reads
whole pages and a fold touches few.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLIENT_SHIFT",
    "MAX_DICTIONARY_ID",
    "bucket_range",
    "bucket_starts",
    "cell_ids",
    "dictionary_ids",
    "slot_key",
    "workspace_slot",
]

Int64s = NDArray[np.int64]

_BUCKET_SHIFT: Final = 34
_SLOT_SHIFT: Final = 28
_SLOTS: Final = 64
MAX_DICTIONARY_ID: Final = (1 << _SLOT_SHIFT) - 1
CLIENT_SHIFT: Final = 43  # client rows: hour number << 43 | hash


def workspace_slot(workspace_id: str) -> int:
    """Return the slot 0..63 of a workspace; always the same for the same name."""
    return zlib.crc32(workspace_id.encode()) % _SLOTS


def slot_key(slot: int) -> int:
    """Return how far into a bucket's keys the cells of workspace `slot` begin."""
    return slot << _SLOT_SHIFT


def cell_ids(bucket: Int64s, width: int, slot: Int64s, member: Int64s) -> Int64s:
    """Return the keys of cells: `bucket` starts in seconds, `width` of the tier, `member` a dictionary id."""
    return ((bucket // width) << _BUCKET_SHIFT) | (slot << _SLOT_SHIFT) | member


def bucket_starts(ids: Int64s, width: int) -> Int64s:
    """Return the bucket start in seconds of each key."""
    return (ids >> _BUCKET_SHIFT) * width


def dictionary_ids(ids: Int64s) -> Int64s:
    """Return the dictionary id in each key."""
    return ids & MAX_DICTIONARY_ID


def bucket_range(start: int, end: int, width: int) -> tuple[int, int]:
    """Return the half-open range of keys of all buckets that begin in ``[start, end)``."""
    return -(-start // width) << _BUCKET_SHIFT, -(-end // width) << _BUCKET_SHIFT
