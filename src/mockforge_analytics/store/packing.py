"""Integer arrays as compact bytes, for pending rows: the narrowest width that holds them, one byte of kind in front."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

Int64s = NDArray[np.int64]

_KINDS: Final = ("<i1", "<i2", "<i4", "<i8")
_CONSTANT: Final = 4  # the array is one value, written once as int64


def pack(values: Int64s) -> bytes:
    """Return `values` as bytes; `unpack` with the same length gives them back."""
    if not len(values):
        return b""
    low, high = int(values.min()), int(values.max())
    if low == high:
        return bytes((_CONSTANT,)) + low.to_bytes(8, "little", signed=True)
    for kind, dtype in enumerate(_KINDS):
        limits = np.iinfo(dtype)
        if limits.min <= low and high <= limits.max:
            return bytes((kind,)) + values.astype(dtype).tobytes()
    raise AssertionError


def unpack(data: bytes, length: int) -> Int64s:
    """Return the array of `length` that `pack` wrote."""
    if not length:
        return np.zeros(0, np.int64)
    if data[0] == _CONSTANT:
        return np.full(length, int.from_bytes(data[1:], "little", signed=True), np.int64)
    return np.frombuffer(data, _KINDS[data[0]], offset=1).astype(np.int64)
