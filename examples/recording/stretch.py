"""Maps the minutes of a recording onto the week it stands for.

::

    raw   1763928000.250 203.0.113.9 - - [23/Nov/2026:20:00:00 +0000] "GET / HTTP/1.1" 302 0 "-" "curl/8.14.1" 0.003
    log   203.0.113.9 - - [16/Nov/2026:00:04:30 +0000] "GET / HTTP/1.1" 302 0 "-" "curl/8.14.1" 0.003

The map is linear, so the rhythm of the week and the order of the lines are those that nginx saw. Nothing but the
leading `$msec` and the time between the brackets changes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from examples.recording.load import SECONDS_PER_DAY
from examples.recording.rhythm import DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["WEEK_START", "stretch"]

WEEK_START = datetime(2026, 11, 16, tzinfo=UTC)
_LAST_SECOND = DAYS * SECONDS_PER_DAY - 1
# The remote user is the client's choice and may hold a bracket, so the time is recognised by its whole shape.
_LINE = re.compile(rb"(\d{10}\.\d{3}) (.*? )\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\](.*\n)", re.DOTALL)
_MONTH = b"Nov"


def stretch(lines: Iterable[bytes], *, origin: float, seconds_per_day: float) -> Iterator[bytes]:
    """Yield each raw line with its time moved into the week that starts at WEEK_START.

    `origin` is the Unix time (seconds) of the week's first moment. A second is rounded down, as nginx does; requests
    that ended after the last moment of the week get its last second. Raises ValueError for a line nginx did not write.
    """
    start, factor = Decimal(repr(origin)), SECONDS_PER_DAY / Decimal(repr(seconds_per_day))
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            message = f"not a raw line of this recording: {line[:80]!r}"
            raise ValueError(message)
        offset = int((Decimal(match[1].decode()) - start) * factor)
        moment = WEEK_START + timedelta(seconds=min(max(offset, 0), _LAST_SECOND))
        stamp = b"[%02d/%s/%d:%02d:%02d:%02d +0000]" % (
            moment.day, _MONTH, moment.year, moment.hour, moment.minute, moment.second,
        )  # fmt: skip
        yield match[2] + stamp + match[3]
