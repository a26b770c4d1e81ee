"""Reading lines of text in one layout: all at once, then one by one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.sources.accesslog.fields import LINE, RAW_SCHEMA, Field
from mockforge_analytics.sources.accesslog.tolerant import TolerantParser

if TYPE_CHECKING:
    from mockforge_analytics.sources.accesslog.layout import Layout
    from mockforge_analytics.sources.accesslog.lines import Int64s, Lines

__all__ = ["parser_for", "reread_text"]

_MAX_PARSERS: Final = 64


@lru_cache(maxsize=_MAX_PARSERS)
def parser_for(layout: Layout) -> TolerantParser:
    """Return the parser of `layout`; its patterns are compiled once."""
    return TolerantParser(layout)


def reread_text(lines: Lines, indexes: Int64s, layout: Layout) -> tuple[pl.DataFrame, list[int]]:
    """Return the raw fields of the lines `indexes`, and the indexes of those that are no requests in `layout`."""
    parser = parser_for(layout)
    read: list[int] = []
    found: list[dict[Field, bytes]] = []
    unread: list[int] = []
    for index in indexes.tolist():
        parsed = parser.parse(lines.text(index))
        if parsed is None:
            unread.append(index)
        else:
            read.append(index)
            found.append(parsed[0])
    columns = {field.value: _column(found, field) for field in Field if field is not Field.IGNORED}
    return pl.DataFrame({LINE: pl.Series(read, dtype=pl.Int64), **columns}).select(*RAW_SCHEMA), unread


def _column(found: list[dict[Field, bytes]], field: Field) -> pl.Series:
    values = [None if (value := fields.get(field)) is None else value.decode("utf-8", "replace") for fields in found]
    return pl.Series(values, dtype=pl.String)
