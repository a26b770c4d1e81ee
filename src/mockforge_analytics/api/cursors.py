"""Where the next page of error events begins, as text that callers pass on without reading it."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Final

from mockforge_analytics.api.parameters import parameter
from mockforge_analytics.errors import QueryError

__all__ = ["CURSOR", "read_cursor", "write_cursor"]

_FORM: Final = struct.Struct(">qq")  # time in microseconds and number of the last event of a page
CURSOR: Final = parameter(
    "cursor", "`next_cursor` of the page before, with the same window and filters.", example="AAZHYyvGAAAAAAAAAAAAKg"
)


def write_cursor(place: tuple[int, int] | None) -> str | None:
    """Return `place`, a (microseconds, number), as text."""
    return None if place is None else base64.urlsafe_b64encode(_FORM.pack(*place)).decode().rstrip("=")


def read_cursor(text: str | None) -> tuple[int, int] | None:
    """Return the place that `write_cursor` wrote.

    Raises:
        QueryError: it is another text.
    """
    if text is None:
        return None
    try:
        moment, number = _FORM.unpack(base64.b64decode(f"{text}==", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, struct.error):
        message = "cursor is not known; accepted is the next_cursor of the page before"
        raise QueryError(message, field="cursor") from None
    return moment, number
