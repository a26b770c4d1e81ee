"""Rows of integers and texts as plain columns, for batches too small to be frames."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.store.packing import Packed, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Column", "PackedRows", "PlainRows", "plain_column", "tuples"]

Int64s = NDArray[np.int64]
Schema = dict[str, type[pl.DataType]]
PackedRows = tuple[list[Packed], list[list[str]]]  # columns of integers, columns of texts
Column = Int64s | list[str] | pl.Series

_FEW: Final = 4_096  # rows of a live batch; chunks of an import have more, and are folded before anything is packed


def tuples(frame: pl.DataFrame, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the columns `names` row by row; for five rows in 10 µs, where `select` alone takes 200."""
    return list(zip(*(frame.get_column(name).to_list() for name in names), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class PlainRows:
    """Columns in the order of a schema, an array for `Int64`, a list for `String`, or a series for many of them.

    A frame takes Polars 0.2 ms to make however few rows it has, so the rows of a batch become one only together with
    those of all others.
    """

    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @classmethod
    def empty(cls, schema: Schema) -> PlainRows:
        """Return no rows."""
        return cls({name: [] if kind is pl.String else np.zeros(0, np.int64) for name, kind in schema.items()})

    @classmethod
    def of(cls, frame: pl.DataFrame) -> PlainRows:
        """Return the rows of `frame`, whose columns are `Int64` or `String` without nulls."""
        return cls({column.name: plain_column(column) for column in frame.iter_columns()})

    @classmethod
    def unpacked(cls, packed: PackedRows, length: int, schema: Schema) -> PlainRows:
        """Return what `pack` wrote.

        Raises:
            ValueError: these are other rows.
        """
        integers, texts = iter(packed[0]), iter(packed[1])
        columns: dict[str, Column] = {}
        for name, kind in schema.items():
            columns[name] = next(texts, []) if kind is pl.String else unpack(next(integers, []), length)
        if any(len(column) != length for column in columns.values()):
            raise ValueError
        return cls(columns)

    def pack(self) -> PackedRows:
        """Return the columns as MessagePack can hold them."""
        columns = self.columns.values()
        return (
            [pack(column) for column in columns if isinstance(column, np.ndarray)],
            [list(column) for column in columns if not isinstance(column, np.ndarray)],
        )

    def integers(self, name: str) -> Int64s:
        """Return the column of integers `name`."""
        column = self.columns[name]
        assert isinstance(column, np.ndarray)
        return column

    def take(self, rows: Int64s) -> PlainRows:
        """Return the rows with these numbers, in that order."""
        numbers = rows.tolist()
        return PlainRows(
            {
                name: [column[i] for i in numbers] if isinstance(column, list) else column[rows]
                for name, column in self.columns.items()
            }
        )

    @staticmethod
    def concat(parts: Sequence[PlainRows]) -> PlainRows:
        """Return all rows of `parts`, at least one, one part after another."""
        columns: dict[str, Column] = {}
        for name in parts[0].columns:
            several = [part.columns[name] for part in parts]
            integers = [column for column in several if isinstance(column, np.ndarray)]
            columns[name] = np.concatenate(integers) if integers else _joined(several)
        return PlainRows(columns)

    @staticmethod
    def frame(parts: Sequence[PlainRows], schema: Schema) -> pl.DataFrame:
        """Return all rows of `parts`, one part after another."""
        columns: dict[str, pl.Series] = {}
        for name, kind in schema.items():
            if kind is pl.String:
                columns[name] = _texts([part.columns[name] for part in parts]).alias(name)
            else:
                numbers = [part.integers(name) for part in parts]
                columns[name] = pl.Series(name, np.concatenate(numbers) if numbers else [], dtype=pl.Int64)
        return pl.DataFrame(columns)


def plain_column(column: pl.Series) -> Column:
    """Return a column of `Int64` or `String` as `PlainRows` holds it."""
    if column.dtype != pl.String:
        return column.to_numpy().astype(np.int64)
    return column.to_list() if len(column) <= _FEW else column


def _joined(parts: list[Column]) -> list[str] | pl.Series:
    lists = [part for part in parts if isinstance(part, list)]
    if len(lists) == len(parts):
        return list(chain.from_iterable(lists))
    return pl.concat([part if isinstance(part, pl.Series) else pl.Series(part, dtype=pl.String) for part in parts])


def _texts(parts: list[Column]) -> pl.Series:
    joined = _joined(parts)
    return joined if isinstance(joined, pl.Series) else pl.Series(joined, dtype=pl.String)
