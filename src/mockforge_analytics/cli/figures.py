"""Numbers, sizes and times as a person reads them; `UNKNOWN` where nothing is known."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "UNKNOWN",
    "ago",
    "bar",
    "count",
    "decimals",
    "duration",
    "fixed",
    "instant",
    "milliseconds",
    "number",
    "percent",
    "period",
    "size",
    "sparkline",
]

UNKNOWN: Final = "–"

_BYTE_UNITS: Final = ("kB", "MB", "GB", "TB", "PB", "EB")
_THOUSAND: Final = 1_000
_SIGNIFICANT: Final = 3
_SMALLEST_PERCENT: Final = 0.01
_MOST_DECIMALS: Final = 3
_SPANS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_LONG_SPANS: Final = (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600), ("minute", 60))
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_LEVELS: Final = "▁▂▃▄▅▆▇█"


def count(value: int | None) -> str:
    """Return a whole number with its thousands apart: ``412,067``."""
    return UNKNOWN if value is None else f"{value:,}"


def number(value: float | None, most: int = 6) -> str:
    """Return a number with three significant digits and at most so many decimals: ``0.0123``, ``12.3``, ``12,345``."""
    if value is None:
        return UNKNOWN
    if not value:
        return "0"
    digits = _SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{min(max(digits, 0), most)}f}"


def percent(value: float) -> str:
    """Return a part of a hundred with two decimals; a part too small for them is not shown as none."""
    return f"<{_SMALLEST_PERCENT}" if 0 < value < _SMALLEST_PERCENT / 2 else f"{value:.2f}"


def decimals(values: Iterable[float | None]) -> int:
    """Return how many decimals a column needs that shows the smallest of its values with two digits."""
    smallest = min((value for value in values if value), default=1.0)
    return min(max(1 - math.floor(math.log10(smallest)), 0), _MOST_DECIMALS)


def fixed(value: float | None, places: int) -> str:
    """Return `value` with so many decimals and its thousands apart."""
    return UNKNOWN if value is None else f"{value:,.{places}f}"


def milliseconds(value: float | None) -> str:
    """Return a latency with its unit; latencies are known to the microsecond."""
    return UNKNOWN if value is None else f"{number(value, _MOST_DECIMALS)} ms"


def size(value: int | None) -> str:
    """Return bytes in powers of a thousand: ``12.3 MB``."""
    if value is None:
        return UNKNOWN
    if value < _THOUSAND:
        return f"{value} B"
    power = min(int(math.log10(value) // _SIGNIFICANT), len(_BYTE_UNITS))
    return f"{number(value / _THOUSAND**power)} {_BYTE_UNITS[power - 1]}"


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: ``7 d``, ``2 h 5 min``, ``0.42 s``."""
    if seconds < 1:
        return f"{number(seconds)} s"
    left, parts = round(seconds), list[str]()
    for unit, width in _SPANS:
        whole, left = divmod(left, width)
        if whole:
            parts.append(f"{whole} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def ago(seconds: float) -> str:
    """Return a distance from now in its largest unit: ``3 hours ago``, ``just now``, ``in 2 days``."""
    for unit, width in _LONG_SPANS:
        whole = int(abs(seconds) // width)
        if whole:
            words = f"{whole} {unit}{'s' if whole > 1 else ''}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"


def instant(seconds: float, zone: tzinfo = UTC, *, width: int = 1) -> str:
    """Return an instant by the clocks of `zone`, as finely as a bucket of `width` seconds needs it."""
    moment = datetime.fromtimestamp(seconds, zone)
    if width % 86_400 == 0 and moment.hour == moment.minute == moment.second == 0:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d %H:%M}" if width % 60 == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"


def period(start: float, end: float, zone: tzinfo, zone_name: str) -> str:
    """Return the half-open window from `start` to `end` with the name of its zone."""
    return f"{instant(start, zone)} – {instant(end, zone)} {zone_name}"


def bar(part: float, cells: int) -> str:
    """Return a bar of `part` (0 to 1) of `cells` characters, in eighths; something is never drawn as nothing."""
    eighths = max(round(min(part, 1.0) * cells * 8), 1 if part > 0 else 0)
    full, rest = divmod(eighths, 8)
    return (_EIGHTHS[-1] * full + _EIGHTHS[rest]).rstrip()


def sparkline(values: Iterable[float | None], cells: int) -> str:
    """Return the course of `values` in at most `cells` characters, each the largest of its stretch, gaps blank."""
    known = list(values)
    if not known:
        return ""
    cells = min(cells, len(known))
    stretches = [known[number * len(known) // cells : (number + 1) * len(known) // cells] for number in range(cells)]
    peaks = [max((value for value in stretch if value is not None), default=None) for stretch in stretches]
    top = max((value for value in peaks if value is not None), default=0) or 1
    return "".join(" " if value is None else _LEVELS[min(int(value / top * 8), 7)] for value in peaks)
