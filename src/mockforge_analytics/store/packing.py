"""Integer arrays as compact values of MessagePack, for pending rows.

Few numbers are a list: MessagePack gives each the bytes it needs, and a list takes 0.5 µs to make. Many are bytes of
the narrowest width that holds them all, with one byte of kind in front.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Packed", "pack", "unpack"]

Int64s = NDArray[np.int64]
Integers = Int64s | NDArray[np.int32]
Packed = bytes | list[int]

_KINDS: Final = ("<i1", "<i2", "<i4", "<i8")
_LIMITS: Final = tuple((int(np.iinfo(kind).min), int(np.iinfo(kind).max)) for kind in _KINDS)
_CONSTANT: Final = 4  # the array is one value, written once as int64
_FEW: Final = 64


def pack(values: Integers) -> Packed:
    """Return `values` packed; `unpack` with the same length gives them back."""
    if len(values) <= _FEW:
        few: list[int] = values.tolist()
        return few
    low, high = int(values.min()), int(values.max())
    if low == high:
        return bytes((_CONSTANT,)) + low.to_bytes(8, "little", signed=True)
    for kind, (least, most) in enumerate(_LIMITS):
        if least <= low and high <= most:
            return bytes((kind,)) + values.astype(_KINDS[kind]).tobytes()
    raise AssertionError


def unpack(data: Packed, length: int) -> Int64s:
    """Return the array of `length` that `pack` wrote.

    Raises:
        ValueError: it has another length.
    """
    if isinstance(data, list):
        if len(data) != length:
            raise ValueError
        return np.array(data, np.int64)
    if data[0] == _CONSTANT:
        return np.full(length, int.from_bytes(data[1:], "little", signed=True), np.int64)
    return np.frombuffer(data, _KINDS[data[0]], offset=1).astype(np.int64)
