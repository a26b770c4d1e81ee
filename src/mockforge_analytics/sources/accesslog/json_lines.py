"""Reading lines that are JSON objects: a chunk at once, and line by line what a strict reader refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl

from mockforge_analytics.sources.accesslog.fields import LINE, RAW_SCHEMA, Field, empty_raw
from mockforge_analytics.sources.accesslog.lines import MAX_LINE_BYTES, Int64s, Lines

__all__ = ["FIRST", "JsonKeys", "Path", "read_json", "reread_json"]

Path = tuple[str, ...]

FIRST: Final = "[]"  # in a path: the first element of a list
_OPEN: Final = 0x7B
# Group 1 is fine as it is; the rest is a lone surrogate, or a byte as nginx writes it without escape=json (group 2).
_BAD_ESCAPE: Final = re.compile(
    rb"(\\[^ux]|\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2})"
    rb"|\\u[dD][89a-fA-F][0-9A-Fa-f]{2}|\\x([0-9A-Fa-f]{2})"
)


@dataclass(frozen=True, slots=True)
class JsonKeys:
    """Where the fields are: for each, paths of keys in order of preference; a path ending in ``[]`` means the first
    element of a list.
    """

    paths: tuple[tuple[Field, tuple[Path, ...]], ...]

    def has(self, field: Field) -> bool:
        """Whether the format names `field`."""
        return any(known is field for known, _ in self.paths)


def read_json(lines: Lines, keys: JsonKeys) -> tuple[pl.DataFrame, Int64s]:
    """Return the raw fields of all lines at once, or none of them and every index where one line is refused."""
    everything = np.arange(len(lines))
    objects = lines.buffer[lines.start] == _OPEN
    if not objects.all() or int((lines.end - lines.start).max()) > MAX_LINE_BYTES:
        return empty_raw(), everything
    try:
        frame = pl.read_ndjson(lines.data, schema=_schema(keys))
    except pl.exceptions.PolarsError:
        return empty_raw(), everything
    if frame.height != len(lines):
        return empty_raw(), everything
    columns = {field.value: pl.coalesce([_expression(path) for path in paths]) for field, paths in keys.paths}
    return _complete(frame.select(**columns), everything), everything[:0]


def reread_json(lines: Lines, indexes: Int64s, keys: JsonKeys) -> tuple[pl.DataFrame, list[int]]:
    """Return the raw fields of the lines `indexes`, and the indexes of those that are no JSON objects.

    nginx without ``escape=json`` writes ``\\xHH`` inside strings; this is read as the character it means.
    """
    decoder = msgspec.json.Decoder(dict[str, Any])
    read: list[int] = []
    found: list[dict[str, Any]] = []
    unread: list[int] = []
    for index in indexes.tolist():
        parsed = _parse(decoder, lines.text(index).strip(b"\0 \t"))
        if parsed is None:
            unread.append(index)
        else:
            read.append(index)
            found.append(parsed)
    columns = {field.value: _column(found, paths) for field, paths in keys.paths}
    return _complete(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), np.array(read, np.int64)), unread


def _parse(decoder: msgspec.json.Decoder[dict[str, Any]], line: bytes) -> dict[str, Any] | None:
    for text in (line, _repaired(line)):
        try:
            return decoder.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            continue
    return None


def _repaired(line: bytes) -> bytes:
    return _BAD_ESCAPE.sub(lambda match: match[1] or (b"\\u00" + match[2] if match[2] else b"\\ufffd"), line)


def _column(found: list[dict[str, Any]], paths: tuple[Path, ...]) -> list[str | None]:
    return [next((text for path in paths if (text := _text(fields, path)) is not None), None) for fields in found]


def _text(value: Any, path: Path) -> str | None:
    for key in path:
        if key == FIRST:
            value = value[0] if isinstance(value, list) and value else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, float) else msgspec.json.encode(value).decode()


def _schema(keys: JsonKeys) -> dict[str, pl.DataType]:
    tree: dict[str, Any] = {}
    for _, paths in keys.paths:
        for path in paths:
            branch = tree
            for key in path:
                branch = branch.setdefault(key, {})
    return {key: _type(branch) for key, branch in tree.items()}


def _type(branch: dict[str, Any]) -> pl.DataType:
    if not branch:
        return pl.String()
    if FIRST in branch:
        return pl.List(_type(branch[FIRST]))
    return pl.Struct({key: _type(below) for key, below in branch.items()})


def _expression(path: Path) -> pl.Expr:
    value = pl.col(path[0])
    for key in path[1:]:
        value = value.list.first() if key == FIRST else value.struct.field(key)
    return value


def _complete(columns: pl.DataFrame, index: Int64s) -> pl.DataFrame:
    absent = [pl.lit(None, pl.String).alias(name) for name in RAW_SCHEMA if name not in (LINE, *columns.columns)]
    return columns.with_columns(pl.Series(LINE, index, dtype=pl.Int64), *absent).select(*RAW_SCHEMA)
