"""Instants and durations as people write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.query.spec import MAX_DURATION_SECONDS, MAX_TIME_SECONDS, clipped

__all__ = ["parse_duration", "parse_instant"]

_MICROSECONDS: Final = 1_000_000
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)
_SPAN: Final = re.compile(r"(?:\d{1,12}[smhdw])+", re.ASCII)
_SPAN_PART: Final = re.compile(r"(\d+)([smhdw])", re.ASCII)
_FROM_NOW: Final = re.compile(r"now(?:([+-])(.+))?", re.ASCII)
_DURATION_FORMS: Final = "seconds such as 3600, or 90s, 15m, 24h, 7d, 2w, 1h30m"
_INSTANT_FORMS: Final = (
    "Unix seconds, ISO 8601 such as 2025-01-31T12:00:00Z, 24h (ago), now-7d, now, today or yesterday"
)


def parse_duration(text: str, field: str = "duration") -> int:
    """Return the seconds that `text` (``3600``, ``90s``, ``24h``, ``1h30m``, ``7d``, ``2w``) stands for.

    Raises:
        QueryError: it is none of these, is 0 or longer than 200 years.
    """
    cleaned = text.strip().lower()
    seconds = int(cleaned) if cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= _DIGITS else _span(cleaned)
    if seconds is None or not 1 <= seconds <= MAX_DURATION_SECONDS:
        message = f"{field} {clipped(text)} is not a length of time; accepted are {_DURATION_FORMS}"
        raise QueryError(message, field=field)
    return seconds


_DIGITS: Final = 15  # of a number that still fits every integer column


def parse_instant(text: str, now_us: int, field: str, *, zone: tzinfo = UTC, up: bool = False) -> int:
    """Return the Unix second that `text` stands for; parts of a second round down, with `up` to the next one.

    Dates and times without an offset, ``today`` and ``yesterday`` (0:00 of that day) are in `zone`.

    Raises:
        QueryError: it is not an instant between 1970 and the year 9999.
    """
    cleaned = text.strip()
    microseconds = _instant(cleaned.lower(), now_us, field, zone)
    if microseconds is None:
        message = f"{field} {clipped(text)} is not a time; accepted are {_INSTANT_FORMS}"
        raise QueryError(message, field=field)
    seconds = -(-microseconds // _MICROSECONDS) if up else microseconds // _MICROSECONDS
    if not 0 <= seconds <= MAX_TIME_SECONDS:
        hint = "; are these milliseconds?" if seconds > MAX_TIME_SECONDS else ""
        message = f"{field} {clipped(text)} lies outside the years 1970 to 9999{hint}"
        raise QueryError(message, field=field)
    return seconds


def _instant(lowered: str, now_us: int, field: str, zone: tzinfo) -> int | None:
    if _NUMBER.fullmatch(lowered):
        return math.floor(float(lowered) * _MICROSECONDS) if "." in lowered else int(lowered) * _MICROSECONDS
    if lowered in _DAYS_BACK:
        today = datetime.fromtimestamp(now_us // _MICROSECONDS, zone).date()
        midnight = datetime.combine(today - timedelta(days=_DAYS_BACK[lowered]), datetime.min.time(), zone)
        return int(midnight.timestamp()) * _MICROSECONDS
    if (ago := _span(lowered)) is not None:
        return now_us - ago * _MICROSECONDS
    if relative := _FROM_NOW.fullmatch(lowered):
        sign, span = relative.groups()
        shift = parse_duration(span, field) if span else 0
        return now_us + (shift if sign == "+" else -shift) * _MICROSECONDS
    return _iso(lowered.upper(), zone)


_DAYS_BACK: Final = {"today": 0, "yesterday": 1}


def _iso(text: str, zone: tzinfo) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        delta = aware - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return delta // timedelta(microseconds=1)


def _span(text: str) -> int | None:
    if not _SPAN.fullmatch(text):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in _SPAN_PART.findall(text))
