"""The fast reader of text lines: finds fields of all lines at once by byte position.

A chunk is one byte array. Every step moves one cursor a line over a literal or a field, so a step costs one
vectorised operation whatever the number of lines; lines that do not fit are left to `tolerant`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mockforge_analytics.sources.accesslog.fields import LINE, Field
from mockforge_analytics.sources.accesslog.layout import QUOTE, Layout
from mockforge_analytics.sources.accesslog.lines import MAX_LINE_BYTES, Int64s, Lines
from mockforge_analytics.sources.accesslog.typed import METHODS, Span, Spans, Values, read_typed, target_span

__all__ = ["scan"]

Flags = NDArray[np.bool_]

_BLOCK_LINES: Final = 8_192  # 2 MB of usual lines: a core's own cache holds it while every step looks at it again
_SPACE: Final = 0x20
_BACKSLASH: Final = 0x5C
_QUOTE_BYTE: Final = QUOTE[0]
_CLF_TIME_WIDTH: Final = len("17/May/2015:10:05:03 +0000")

# How far to look for the end of a bare field before searching the whole chunk: long enough for nearly every value,
# short because the bytes are copied (16 bytes a line cost 0.06 us, 40 bytes 0.12 us).
_WINDOW: Final = {Field.STATUS: 4, Field.SIZE: 10, Field.CLIENT: 16, Field.IGNORED: 4, Field.LATENCY: 10}
_DEFAULT_WINDOW: Final = 32

# The length nearly every value has ("-" for names, three digits): when all of a chunk have it no search is needed.
_USUAL_BYTES: Final = {Field.IGNORED: 1, Field.STATUS: 3}

# An odd number of backslashes before a quote escapes it; counting stops here, so that a hostile run cannot stall us.
_MAX_BACKSLASHES: Final = 32


def scan(lines: Lines, layout: Layout) -> tuple[pl.DataFrame, Int64s]:
    """Return the raw fields of the lines that fit `layout` exactly, and the indexes of the lines that do not.

    A line may go on after the last field if a space follows it. `line` of the frame indexes `lines`.
    """
    blocks = [_scan_block(lines, first, layout) for first in range(0, max(len(lines), 1), _BLOCK_LINES)]
    raw = _cut(lines, blocks)
    missed = np.ones(len(lines), bool)
    missed[raw.get_column(LINE).to_numpy()] = False
    return raw, np.flatnonzero(missed)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that fit: their indexes, where their fields are, and the values that were read already."""

    index: Int64s
    spans: Spans
    typed: dict[Field, tuple[Values, Flags]]


def _scan_block(lines: Lines, first: int, layout: Layout) -> _Block:
    scanner = _Scanner(lines.rows(first, first + _BLOCK_LINES), layout)
    spans: Spans = {}
    for index, field in enumerate(layout.fields):
        scanner.skip_literal(layout.before[index])
        span = scanner.read_field(index)
        if field is not Field.IGNORED:
            spans[field] = span
    fits = np.flatnonzero(scanner.finish(layout.before[-1]))
    if len(fits) < len(scanner):
        spans = {field: (start[fits], end[fits]) for field, (start, end) in spans.items()}
    return _Block(fits + first, spans, read_typed(lines.data, spans))


class _Scanner:
    """One cursor a line; `fits` turns false for a line that leaves the layout and never turns back."""

    def __init__(self, lines: Lines, layout: Layout) -> None:
        self._lines = lines
        self._layout = layout
        self._bytes = lines.buffer
        self._at = lines.start
        self._fits: Flags = lines.end - lines.start <= MAX_LINE_BYTES
        self._fits[lines.odd] = False
        self._positions: dict[int, Int64s] = {}
        self._quotes = np.zeros(0, np.int64)
        self._first_quote = np.zeros(0, np.int64)
        self._quotes_passed = 0
        if any(layout.is_quoted(index) for index in range(len(layout.fields))):
            self._quotes = self._unescaped_quotes()
            self._first_quote = self._first_quotes(sum(literal.count(QUOTE) for literal in layout.before))

    def __len__(self) -> int:
        return len(self._lines)

    def skip_literal(self, literal: bytes) -> None:
        for offset, byte in enumerate(literal):
            self._fits &= self._bytes.take(self._at + offset, mode="clip") == byte
        self._at = self._at + len(literal)
        self._quotes_passed += literal.count(QUOTE)

    def read_field(self, index: int) -> tuple[Int64s, Int64s]:
        start = self._at
        after = self._layout.before[index + 1]
        field = self._layout.fields[index]
        if self._layout.is_quoted(index):
            end = self._closing_quote()
        elif not after:
            end = np.minimum(self._find(_SPACE, field), self._lines.end)
        elif field is Field.TIME:
            end = self._time_end(after[0])
        else:
            end = self._find(after[0], field)
        self._fits &= (end >= start) & (end <= self._lines.end)
        self._at = end
        return start, end

    def finish(self, literal: bytes) -> Flags:
        self.skip_literal(literal)
        at_end = self._at == self._lines.end
        followed = self._bytes.take(self._at, mode="clip") == _SPACE
        self._fits &= at_end | (followed & (self._at < self._lines.end))
        return self._fits

    def _closing_quote(self) -> Int64s:
        if not len(self._quotes):
            self._fits &= False
            return self._at
        opening = self._first_quote + (self._quotes_passed - 1)
        self._fits &= self._quotes.take(opening, mode="clip") == self._at - 1
        closing = opening + 1
        self._fits &= closing < len(self._quotes)
        return self._quotes.take(closing, mode="clip")

    def _time_end(self, byte: int) -> Int64s:
        fixed = self._at + _CLF_TIME_WIDTH
        if bool((self._bytes.take(fixed, mode="clip") == byte).all()):
            return fixed
        found = self._find(byte, Field.TIME)
        return np.where(self._bytes.take(fixed, mode="clip") == byte, np.maximum(found, fixed), found)

    def _find(self, byte: int, field: Field) -> Int64s:
        """Return the first position of `byte` at or after each cursor, or one past the line's end or later."""
        usual = _USUAL_BYTES.get(field)
        if usual is not None and self._all_end_after(usual, byte):
            return self._at + usual
        width = _WINDOW.get(field, _DEFAULT_WINDOW)
        last_window = len(self._bytes) - width
        if last_window < 0:
            return self._search(byte, self._at)
        window = sliding_window_view(self._bytes, width)[np.minimum(self._at, last_window)] == byte
        offset = window.argmax(axis=1)
        seen = window[np.arange(len(offset)), offset] & (self._at <= last_window)
        end = np.where(seen, self._at + offset, self._lines.end + 1)
        far = np.flatnonzero(~seen & self._fits & (np.minimum(self._at, last_window) + width < self._lines.end))
        if len(far):
            end[far] = self._search(byte, self._at[far])
        return end

    def _all_end_after(self, length: int, byte: int) -> bool:
        """Whether in every line that still fits `byte` stands first at `length` bytes after the cursor."""
        ends = self._bytes.take(self._at + length, mode="clip") == byte
        if not bool((ends | ~self._fits).all()):
            return False
        early = [self._bytes.take(self._at + offset, mode="clip") == byte for offset in range(length)]
        return not any(bool((found & self._fits).any()) for found in early)

    def _search(self, byte: int, start: Int64s) -> Int64s:
        positions = self._positions.get(byte)
        if positions is None:
            positions = self._positions[byte] = np.append(self._places(byte), len(self._bytes))
        return positions.take(np.searchsorted(positions, start), mode="clip")

    def _places(self, byte: int) -> Int64s:
        """Return where `byte` stands in these lines and between them."""
        begin, end = (int(self._lines.start[0]), int(self._lines.end[-1])) if len(self) else (0, 0)
        return np.flatnonzero(self._bytes[begin:end] == byte) + begin

    def _first_quotes(self, expected: int) -> Int64s:
        """Return the index in `_quotes` of the first quote of each line; `expected` is their number in a clean line."""
        lines = self._lines
        if len(self._quotes) == expected * len(lines):
            firsts, lasts = (self._quotes[::expected], self._quotes[expected - 1 :: expected])
            if bool((firsts >= lines.start).all() and (lasts < lines.end).all()):
                return np.arange(0, len(self._quotes), expected)
        return np.searchsorted(self._quotes, lines.start)

    def _unescaped_quotes(self) -> Int64s:
        quotes = self._places(_QUOTE_BYTE)
        suspects = np.flatnonzero(self._bytes.take(quotes - 1, mode="clip") == _BACKSLASH)
        if not len(suspects):
            return quotes
        at = quotes[suspects] - 1
        escaped = np.zeros(len(suspects), bool)
        running = np.ones(len(suspects), bool)
        for _ in range(_MAX_BACKSLASHES):
            running &= (at >= 0) & (self._bytes.take(at, mode="clip") == _BACKSLASH)
            escaped ^= running
            at = at - 1
            if not running.any():
                break
        return np.delete(quotes, suspects[escaped])


def _cut(lines: Lines, blocks: list[_Block]) -> pl.DataFrame:
    """Return the fields of the lines that fit, but for lines with a value of a form that few others have."""
    full = [block for block in blocks if len(block.index)] or blocks[:1]
    columns: dict[str, Int64s | pl.Series] = {LINE: np.concatenate([block.index for block in full])}
    spans = {field: _joined_spans([block.spans[field] for block in full]) for field in full[0].spans}
    usual = np.ones(len(columns[LINE]), bool)
    for field in [field for field in spans if all(field in block.typed for block in full)]:
        values, fits = (np.concatenate([block.typed[field][part] for block in full]) for part in (0, 1))
        usual &= fits
        request = spans.pop(field)
        if field is Field.REQUEST:
            spans[Field.TARGET] = target_span(values, request)
            columns[Field.METHOD] = pl.Series(METHODS, dtype=pl.String).gather(values)
        else:
            columns[field.value] = values
    for field, (start, end) in spans.items():
        columns[f"{field}.at"], columns[f"{field}.bytes"] = start, end - start
    frame = pl.DataFrame(columns)
    frame = frame if usual.all() else frame.filter(usual)
    # One binary value repeated (as views) and sliced per row makes views into the chunk: 0.05 us a field and line and
    # no copy of the text; a literal in each expression took twice that.
    frame = frame.with_columns(pl.Series("chunk", [lines.data], dtype=pl.Binary).new_from_index(0, len(frame)))
    fields = [
        pl.col("chunk").bin.slice(f"{field}.at", f"{field}.bytes").cast(pl.String).alias(field.value)
        if field in spans
        else (pl.col(field.value) if field.value in columns else pl.lit(None, pl.String)).alias(field.value)
        for field in Field
        if field is not Field.IGNORED
    ]
    raw = frame.select(LINE, *fields)
    if Field.REQUEST in full[0].spans and Field.REQUEST not in spans:
        spaced = raw.get_column(Field.TARGET).str.contains(" ", literal=True)
        raw = raw.filter(~spaced) if spaced.any() else raw
    return raw


def _joined_spans(parts: list[Span]) -> Span:
    return np.concatenate([start for start, _ in parts]), np.concatenate([end for _, end in parts])
