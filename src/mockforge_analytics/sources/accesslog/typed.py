"""Numbers, times and request lines of well-formed lines, straight from their bytes: no text is made of them.

A value is read eight bytes at a time, all lines at once. Values of another form than the usual one are left to the
readers of text, which know every form: 0.02 us a number and line here, 0.12 us there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.sources.accesslog.fields import Field
from mockforge_analytics.sources.accesslog.times import parse_times

__all__ = ["METHODS", "Span", "Spans", "Values", "read_typed", "target_span"]

Flags = NDArray[np.bool_]
UInt64s = NDArray[np.uint64]
Int64s = NDArray[np.int64]
Values = NDArray[np.int64] | NDArray[np.float64]
Span = tuple[Int64s, Int64s]  # first bytes and ends, a line each
Spans = dict[Field, Span]

_WORD: Final = 8
_RARE_SHARE: Final = 0.02  # of lines whose value has another form; beyond it the text of all of them is read
_DASH: Final = ord("-")
_DOT: Final = ord(".")
_SPACE: Final = ord(" ")
_SLASH: Final = ord("/")
_ZEROS: Final = np.uint64(0x3030303030303030)
_HIGH_NIBBLES: Final = np.uint64(0xF0F0F0F0F0F0F0F0)
_PAST_NINE: Final = np.uint64(0x0606060606060606)
_DECIMALS: Final = 3
_THOUSAND: Final = 1_000

METHODS: Final = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
_METHOD_BYTES: Final = np.array([len(method) for method in METHODS])
_VERSIONS: Final = tuple(
    np.uint64(int.from_bytes(version, "little")) for version in (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0")
)

_CLF_BYTES: Final = len("17/May/2015:10:05:03 +0000")
_CLOCK_AT: Final = len("17/May/2015:")
_ZONE_AT: Final = _CLF_BYTES - _WORD
_ZONE_SHIFT: Final = np.uint64(16)  # bits of the last two digits of the second
_COLON_BYTES: Final = np.uint64(0x0000FF0000FF0000)
_COLONS: Final = np.uint64(0x00003A00003A0000)
_DAYS_A_CHUNK: Final = 8
_HOURS: Final = 24
_SIXTY: Final = 60  # minutes and seconds; a leap second is left to the reader of texts


def read_typed(data: bytes, spans: Spans) -> dict[Field, tuple[Values, Flags]]:
    """Return for each field that could be read as values those of all lines, and which lines have one.

    A time becomes microseconds. The values of `Field.REQUEST` are places in `METHODS`; see `target_span`.
    """
    if len(data) < _WORD or not len(next(iter(spans.values()))[0]):
        return {}
    words = np.ndarray((len(data) - _WORD + 1,), "<u8", buffer=data, strides=(1,))
    read = ((field, _read(words, field, *span)) for field, span in spans.items())
    return {field: found for field, found in read if found is not None and found[1].mean() >= 1 - _RARE_SHARE}


def target_span(method: Values, request: Span) -> Span:
    """Return where the targets of request lines are, which have the methods `method`."""
    start, end = request
    return start + _METHOD_BYTES[method] + 1, end - _WORD - 1


def _read(words: UInt64s, field: Field, start: Int64s, end: Int64s) -> tuple[Values, Flags] | None:
    if field in (Field.STATUS, Field.SIZE, Field.RECEIVED):
        values, fits = _digits(words, start, end)
        if field is not Field.STATUS:
            absent = (end - start == 1) & (_byte(words, start) == _DASH)
            values, fits = np.where(absent, 0, values), fits | absent
        return values, fits
    if field is Field.LATENCY:
        return _decimals(words, start, end)
    if field is Field.TIME:
        return _times(words, start, end)
    return _methods(words, start, end) if field is Field.REQUEST else None


def _at(words: UInt64s, position: Int64s) -> UInt64s:
    """Return the eight bytes from each position on, the first one lowest; other bytes where the data ends before."""
    found: UInt64s = words[np.clip(position, 0, len(words) - 1)]
    return found


def _byte(words: UInt64s, position: Int64s) -> UInt64s:
    return _at(words, position) & np.uint64(0xFF)


def _digits(words: UInt64s, start: Int64s, end: Int64s) -> tuple[Int64s, Flags]:
    """Return numbers of one to eight digits, and which values are one."""
    width = end - start
    fits = (width >= 1) & (width <= _WORD) & (end >= _WORD)
    absent = np.uint64(8) * (np.uint64(_WORD) - np.clip(width, 1, _WORD).astype(np.uint64))
    below = (np.uint64(1) << absent) - np.uint64(1)
    text = (_at(words, end - _WORD) & ~below) | (_ZEROS & below)
    fits &= ((text & _HIGH_NIBBLES) == _ZEROS) & (((text + _PAST_NINE) & _HIGH_NIBBLES) == _ZEROS)
    return _number(text), fits


def _number(text: UInt64s) -> Int64s:
    """Return the number that eight digits make, after https://lemire.me/blog/2022/01/21/swar-explained/."""
    pairs = text - _ZEROS
    pairs = pairs * np.uint64(10) + (pairs >> np.uint64(8))
    mask = np.uint64(0x000000FF000000FF)
    high = (pairs & mask) * np.uint64(0x000F424000000064)  # 100 + (1,000,000 << 32)
    low = ((pairs >> np.uint64(16)) & mask) * np.uint64(0x0000271000000001)  # 1 + (10,000 << 32)
    return ((high + low) >> np.uint64(32)).view(np.int64)


def _decimals(words: UInt64s, start: Int64s, end: Int64s) -> tuple[Values, Flags]:
    """Return seconds with three decimals, as nginx writes them, or whole numbers."""
    point = end - _DECIMALS - 1
    pointed = (point > start) & (_byte(words, np.maximum(point, 0)) == _DOT)
    if not pointed.any():
        values, fits = _digits(words, start, end)
        return values, fits
    whole, fits = _digits(words, start, point)
    part, part_fits = _digits(words, point + 1, end)
    # One division of integers rounds as reading the decimal text does.
    return (whole * _THOUSAND + part) / float(_THOUSAND), fits & part_fits & pointed


def _methods(words: UInt64s, start: Int64s, end: Int64s) -> tuple[Values, Flags]:
    """Return the methods of request lines with a usual method, a path and a version; a space in the path is one."""
    head = _at(words, start)
    number = np.zeros(len(start), np.int64)
    fits = np.zeros(len(start), bool)
    for code, method in enumerate(METHODS):
        name = method.encode() + b" "
        word = np.uint64(int.from_bytes(name, "little"))
        found = (head & np.uint64((1 << 8 * len(name)) - 1)) == word
        number[found] = code
        fits |= found
    first, last = target_span(number, (start, end))
    version = _at(words, last + 1)
    fits &= (version == _VERSIONS[0]) | (version == _VERSIONS[1]) | (version == _VERSIONS[2])
    fits &= (last > first) & (_byte(words, last) == _SPACE) & (_byte(words, first) == _SLASH)
    return number, fits


def _times(words: UInt64s, start: Int64s, end: Int64s) -> tuple[Values, Flags]:
    """Return microseconds of Common Log Format times, the day and zone of each read once."""
    fits = end - start == _CLF_BYTES
    clock = _at(words, start + _CLOCK_AT)
    fits &= (clock & _COLON_BYTES) == _COLONS
    digits = (clock & ~_COLON_BYTES) | (_ZEROS & _COLON_BYTES)
    fits &= ((digits & _HIGH_NIBBLES) == _ZEROS) & (((digits + _PAST_NINE) & _HIGH_NIBBLES) == _ZEROS)
    number = _number(digits)  # HH0MM0SS
    hour, minute, second = number // 1_000_000, number // 1_000 % 100, number % 100
    fits &= (hour < _HOURS) & (minute < _SIXTY) & (second < _SIXTY)
    base, known = _days(words, start, fits)
    return base + ((hour * _SIXTY + minute) * _SIXTY + second) * MICROSECONDS, known


def _days(words: UInt64s, start: Int64s, fits: Flags) -> tuple[Int64s, Flags]:
    """Return the beginning of each line's day in its zone, and for which of the lines `fits` it is known."""
    date, year = _at(words, start), _at(words, start + _CLOCK_AT - _WORD)
    zone = _at(words, start + _ZONE_AT) >> _ZONE_SHIFT
    base, known, left = np.zeros(len(start), np.int64), np.zeros(len(start), bool), fits.copy()
    for _ in range(_DAYS_A_CHUNK):
        first = int(left.argmax())
        if not left[first]:
            break
        same = left & (date == date[first]) & (year == year[first]) & (zone == zone[first])
        day = words[start[first] : start[first] + _CLOCK_AT].astype(np.uint8).tobytes()
        micros = _day_start(day, int(zone[first]).to_bytes(_WORD, "little")[: _WORD - 2])
        if micros is not None:
            base[same] = micros
            known |= same
        left &= ~same
    return base, known


@lru_cache(maxsize=1_024)
def _day_start(day: bytes, zone: bytes) -> int | None:
    """Return microseconds of midnight, None where that is no time. To ask Polars takes 2 ms for one as for many."""
    text = (day + b"00:00:00" + zone).decode("utf-8", "replace")
    found: int | None = parse_times(pl.Series([text])).item()
    return found
