"""Text cells that a spreadsheet takes for text, and fields that every CSV reader takes for one."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["GUARD", "GUARDED_PATTERN", "csv_field", "guarded"]

GUARD: Final = "'"

# A cell that starts like a formula is run by spreadsheets: https://owasp.org/www-community/attacks/CSV_Injection.
# Blanks before the sign do not help, full-width signs count as the plain ones. A cell that starts with the guard is
# guarded as well, so that taking one guard off always gives the stored text back.
# The blanks are spelled out because `\s` means other characters to Python than to Polars.
_BLANKS: Final = "\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u3000\ufeff"
_SIGNS: Final = "'=+@\uff1d\uff0b\uff0d\uff20-"
GUARDED_PATTERN: Final = f"^(?:[{_BLANKS}]*[{_SIGNS}]|[\t\r\n])"
_GUARDED: Final = re.compile(GUARDED_PATTERN)
_QUOTED: Final = re.compile(r'[",\r\n]')


def guarded(text: str) -> str:
    """Return `text` with a `GUARD` before it where a spreadsheet would run it as a formula."""
    return GUARD + text if _GUARDED.match(text) else text


def csv_field(text: str) -> str:
    """Return `text` as a field of RFC 4180: quoted where it holds a comma, a quote or an end of line."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTED.search(text) else text
