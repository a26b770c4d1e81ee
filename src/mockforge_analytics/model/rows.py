"""Rows of texts and integers whose texts are codes: one that stands in a thousand rows is kept and looked up once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.codes import Codes, Groups, Integers, Values, encode, frame_of, group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Column", "Derived", "Rows"]

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """Texts that follow from those of a column of codes: row ``r`` holds ``texts[of_row[r]]``; texts may be equal."""

    of_row: Integers
    texts: Sequence[str]

    def listed(self, rows: Int64s | None = None) -> list[str]:
        """Return the texts of `rows`, or of all rows, as a list."""
        codes = self.of_row if rows is None else self.of_row[rows]
        return list(map(self.texts.__getitem__, codes.tolist()))


Column: TypeAlias = Int64s | Codes | Derived


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns in the order of `schema`: integers as an array, texts without nulls as codes or derived from codes.

    A frame of a dozen columns takes Polars 0.2 ms to make, however few rows it has, and longer to take apart again.
    """

    columns: Mapping[str, Column]
    schema: Mapping[str, type[pl.DataType]]

    def __len__(self) -> int:
        first = next(iter(self.columns.values()))
        return len(first) if isinstance(first, np.ndarray) else len(first.of_row)

    @classmethod
    def empty(cls, schema: Mapping[str, type[pl.DataType]]) -> Rows:
        """Return no rows."""
        none = np.zeros(0, np.int64)
        return cls({name: Codes(none, []) if kind is pl.String else none for name, kind in schema.items()}, schema)

    @classmethod
    def of(cls, frame: pl.DataFrame, schema: Mapping[str, type[pl.DataType]]) -> Rows:
        """Return the columns `schema` of `frame`, which are texts and integers without nulls."""
        if frame.is_empty():
            return cls.empty(schema)
        return cls(
            {
                name: encode(frame[name]) if kind is pl.String else frame[name].to_numpy().astype(np.int64)
                for name, kind in schema.items()
            },
            schema,
        )

    def frame(self) -> pl.DataFrame:
        """Return the rows as a frame with the types of `schema`."""
        return frame_of({name: _values(column) for name, column in self.columns.items()}, self.schema)

    def integers(self, name: str) -> Int64s:
        """Return the column of integers `name`."""
        column = self.columns[name]
        assert isinstance(column, np.ndarray)
        return column

    def codes(self, name: str) -> Codes:
        """Return the column of texts `name`."""
        column = self.columns[name]
        assert isinstance(column, Codes)
        return column

    def group(self, *names: str) -> Groups:
        """Return the rows by the combination of the texts `names`."""
        return group(*((column.of_row, len(column)) for column in map(self.codes, names)))

    def tuples(self, names: Sequence[str], rows: Int64s | None = None) -> list[tuple[Any, ...]]:
        """Return what `rows`, or all rows, hold in the columns `names`, row by row."""
        return list(zip(*(_listed(self.columns[name], rows) for name in names), strict=True))


def _listed(column: Column, rows: Int64s | None) -> list[Any]:
    if not isinstance(column, np.ndarray):
        return column.listed(rows)
    values: list[int] = (column if rows is None else column[rows]).tolist()
    return values


def _values(column: Column) -> Values:
    if isinstance(column, Codes):
        return column.rows(np.arange(len(column.of_row)))
    return column if isinstance(column, np.ndarray) else column.listed()
