"""Rows of integers and texts as plain columns, for batches too small to be frames."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, compress, groupby
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.codes import Codes, encode
from mockforge_analytics.store.packing import Packed, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Column", "PackedRows", "PlainRows", "text_column"]

Int64s = NDArray[np.int64]
Schema = dict[str, type[pl.DataType]]
PackedRows = tuple[list[Packed], list[list[str]]]  # columns of integers, columns of texts
Column = Int64s | list[str] | Codes

_UNCODED: Final[Packed] = []
_FEW: Final = 64  # rows; so many texts are not worth a column of codes


@dataclass(frozen=True, slots=True, eq=False)
class PlainRows:
    """Columns in the order of a schema, an array for `Int64`, a list for `String`, or codes for many of them.

    A frame takes Polars 0.2 ms to make however few rows it has, so the rows of a batch become one only together with
    those of all others.
    """

    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return _length(next(iter(self.columns.values())))

    @classmethod
    def empty(cls, schema: Schema) -> PlainRows:
        """Return no rows."""
        return cls({name: [] if kind is pl.String else np.zeros(0, np.int64) for name, kind in schema.items()})

    @classmethod
    def unpacked(cls, packed: PackedRows, length: int, schema: Schema) -> PlainRows:
        """Return what `pack` wrote.

        Raises:
            ValueError: these are other rows.
        """
        integers, texts = iter(packed[0]), iter(packed[1])
        columns: dict[str, Column] = {name: [] for name in schema}
        for name in (name for name, kind in schema.items() if kind is not pl.String):
            columns[name] = unpack(next(integers, []), length)
        for name in (name for name, kind in schema.items() if kind is pl.String):
            columns[name] = _coded(next(texts, []), next(integers, _UNCODED), length)
        if any(_length(column) != length for column in columns.values()):
            raise ValueError
        return cls(columns)

    def pack(self) -> PackedRows:
        """Return the columns as MessagePack can hold them.

        The codes of the columns of texts follow the integers; rows that were written before there were any have none.
        """
        columns = self.columns.values()
        texts = [_used(column) for column in columns if not isinstance(column, np.ndarray)]
        return (
            [
                *(pack(column) for column in columns if isinstance(column, np.ndarray)),
                *(pack(column.of_row) if isinstance(column, Codes) else _UNCODED for column in texts),
            ],
            [column.texts if isinstance(column, Codes) else column for column in texts],
        )

    def integers(self, name: str) -> Int64s:
        """Return the column of integers `name`."""
        column = self.columns[name]
        assert isinstance(column, np.ndarray)
        return column

    def texts(self, name: str) -> pl.Series:
        """Return the column of texts `name`."""
        return _texts([self.columns[name]])

    def coded(self) -> PlainRows:
        """Return the rows with codes for texts, which many can be taken from in no time."""
        columns = self.columns.items()
        return PlainRows({name: encode(c) if isinstance(c, list) else c for name, c in columns})

    def take(self, rows: Int64s) -> PlainRows:
        """Return the rows with these numbers, in that order."""
        return PlainRows({name: _taken(column, rows) for name, column in self.columns.items()})

    @staticmethod
    def concat(parts: Sequence[PlainRows]) -> PlainRows:
        """Return all rows of `parts`, at least one, one part after another."""
        columns: dict[str, Column] = {}
        for name in parts[0].columns:
            several = [part.columns[name] for part in parts]
            columns[name] = _joined(several)
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


def text_column(codes: Codes) -> list[str] | Codes:
    """Return a column of texts as `PlainRows` holds it: a list of few, codes of many with the texts that a row has."""
    if len(codes.of_row) <= _FEW:
        return codes.listed()
    used = np.bincount(codes.of_row, minlength=len(codes)) > 0
    if used.all():
        return Codes(codes.of_row, codes.texts)
    number = np.cumsum(used) - 1
    return Codes(number[codes.of_row], list(compress(codes.texts, used.tolist())))


def _used(column: list[str] | Codes) -> list[str] | Codes:
    return text_column(column) if isinstance(column, Codes) else column


def _length(column: Column) -> int:
    return len(column.of_row) if isinstance(column, Codes) else len(column)


def _joined(parts: list[Column]) -> Column:
    integers = [part for part in parts if isinstance(part, np.ndarray)]
    if integers:
        return np.concatenate(integers)
    if any(isinstance(part, Codes) for part in parts):
        return Codes.concat([part if isinstance(part, Codes) else encode(_listed(part)) for part in parts])
    return [*chain.from_iterable(map(_listed, parts))]


def _taken(column: Column, rows: Int64s) -> Column:
    if isinstance(column, Codes):
        return column.taken(rows)
    return [column[row] for row in rows.tolist()] if isinstance(column, list) else column[rows]


def _coded(texts: list[str], codes: Packed, length: int) -> Column:
    if codes == _UNCODED:
        return texts
    of_row = unpack(codes, length)
    if of_row.size and not 0 <= int(of_row.min()) <= int(of_row.max()) < len(texts):
        raise ValueError
    return Codes(of_row, texts)


def _listed(column: Column) -> list[str]:
    assert not isinstance(column, np.ndarray)
    return column.listed() if isinstance(column, Codes) else column


def _texts(parts: list[Column]) -> pl.Series:
    """Return the texts of `parts`, neighbours that are lists as one."""
    if not any(isinstance(part, Codes) for part in parts):
        return pl.Series([*chain.from_iterable(map(_listed, parts))], dtype=pl.String)
    several = []
    for is_coded, some in groupby(parts, lambda part: isinstance(part, Codes)):
        if is_coded:
            several += [part.values.gather(part.of_row) for part in some if isinstance(part, Codes)]
        else:
            several.append(pl.Series([*chain.from_iterable(map(_listed, some))], dtype=pl.String))
    return pl.concat(several)
