"""Text from logs made safe for a terminal."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["visible"]

# Control characters (7 and 8 bit) steer a terminal; the others reorder text or hide in it: CVE-2021-42574.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BYTE: Final = 0x100
_PLANE: Final = 0x10000


def visible(text: str) -> str:
    """Return `text` with every character that a terminal would not simply show written as an escape."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _PLANE else f"\\U{code:08x}"
