"""The patient reader of text lines: one line at a time, for what `scan` leaves over.

Each field is read by its own rules first and, where that fails (a raw quote in a user agent, a space in a user name),
up to the next place that looks like the following field. Every step is one forward search, so a line costs time in
proportion to its length whatever it holds.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from mockforge_analytics.sources.accesslog.fields import Field
from mockforge_analytics.sources.accesslog.layout import QUOTE, Layout

__all__ = ["Fit", "Parsed", "TolerantParser"]

_LEADING_DIRT: Final = b"\0 \t"
_WORD_END: Final = rb"(?![^\s\"\]])"
_SHAPES: Final[dict[Field, bytes]] = {
    Field.TIME: rb"(?:\d{1,2}/[A-Za-z]{3}/\d{4}:|\d{4}-\d\d-\d\d[T ]|\d{9,20}(?:\.\d{1,9})?(?![^\s\"\]|]))",
    Field.STATUS: rb"(?:\d{3}|-|0)",
    Field.SIZE: rb"(?:\d{1,19}|-)",
    Field.RECEIVED: rb"(?:\d{1,19}|-)",
    Field.LATENCY: rb"(?:\d{1,19}(?:\.\d{1,9})?|-)",
}
_CLF_TIME: Final = rb"\d{1,2}/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: ?[+-]\d\d:?\d\d| ?Z)?"
_ISO_TIME: Final = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: ?[+-]\d\d:?\d\d| ?Z)?"
_QUOTED: Final = rb"(?:[^\"\\]++|\\.)*+"


class Fit(IntEnum):
    """How a line relates to its layout."""

    BROKEN_OFF = 0  # fields after the status are missing
    GUESSED = 1  # all fields, but one was only found by what follows it
    TRAILING = 2  # all fields, and more text after them
    EXACT = 3


Parsed = tuple[dict[Field, bytes], Fit]


class TolerantParser:
    """Reads lines of one layout."""

    def __init__(self, layout: Layout) -> None:
        self._opening = layout.before[0].strip()
        self._required = layout.required
        self._steps = [_Step(layout, index) for index in range(len(layout.fields))]

    def parse(self, line: bytes) -> Parsed | None:
        """Return the fields of `line` and how well it fits, or None if it is not a request of this layout."""
        line = line.lstrip(_LEADING_DIRT).rstrip()
        if not line.startswith(self._opening):
            return None
        at = len(self._opening)
        values: dict[Field, bytes] = {}
        guessed = False
        for number, step in enumerate(self._steps, 1):
            found = step.read(line, at)
            if found is None:
                rest = step.read_rest(line, at)
                if number < self._required or (number == self._required and not rest):
                    return None
                values[step.field] = rest
                return values, Fit.BROKEN_OFF
            end, after, is_guess = found
            guessed |= is_guess
            values[step.field] = line[at:end]
            at = after
        fit = Fit.EXACT if at == len(line) else Fit.TRAILING
        return values, Fit.GUESSED if guessed else fit


class _Step:
    """One field of a layout and the literal after it."""

    def __init__(self, layout: Layout, index: int) -> None:
        self.field = layout.fields[index]
        self._quoted = layout.is_quoted(index)
        self._is_last = index + 1 == len(layout.fields)
        self._is_word = self.field in _SHAPES
        literal = layout.before[index + 1]
        following = rb"\s|\Z" if self._is_last else _shape(layout, index + 1)
        self._value = re.compile(_value_pattern(self.field, literal, quoted=self._quoted))
        self._follow = re.compile(_flexible(literal) + rb"(?=" + following + rb")")
        self._literal = re.compile(_flexible(literal))

    def read(self, line: bytes, at: int) -> tuple[int, int, bool] | None:
        """Return the end of the field that starts `at`, the start of the next, and whether it is a guess; or None."""
        value = self._value.match(line, at)
        if value and (follow := self._follow.match(line, value.end())):
            return value.end(), follow.end(), False
        if self._is_last and self._quoted and line.endswith(QUOTE) and len(line) > at:
            return len(line) - 1, len(line), True
        if not self._is_word and (follow := self._follow.search(line, at)):
            return follow.start(), follow.end(), True
        if value and not self._is_last and (plain := self._literal.match(line, value.end())):
            return value.end(), plain.end(), True
        return None

    def read_rest(self, line: bytes, at: int) -> bytes:
        """Return what a line that breaks off holds of this field."""
        if self._quoted:
            return line[at:].removesuffix(QUOTE)
        value = self._value.match(line, at)
        return value.group() if value else b""


def _shape(layout: Layout, index: int) -> bytes:
    """Return a pattern for how field `index` must look, its end included; empty where it can look like anything."""
    shape = _SHAPES.get(layout.fields[index])
    if shape is None or layout.fields[index] is Field.TIME:
        return shape or b""
    after = layout.before[index + 1].strip()
    return shape + (_WORD_END if not after else rb"(?:" + _WORD_END + rb"|" + re.escape(after) + rb")")


def _value_pattern(field: Field, literal: bytes, *, quoted: bool) -> bytes:
    if quoted:
        return _QUOTED
    word = rb"[^" + re.escape(literal[:1] or b" ") + rb"]*+"
    return rb"(?:" + _CLF_TIME + rb"|" + _ISO_TIME + rb"|" + word + rb")" if field is Field.TIME else word


def _flexible(literal: bytes) -> bytes:
    """Return a pattern for `literal` in which a space stands for a short run of blanks."""
    return re.sub(rb"(?:\\ )+", rb"[ \\t]{1,8}", re.escape(literal))
