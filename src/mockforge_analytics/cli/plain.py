"""Text from logs made safe for a terminal."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["visible"]

# Control characters (7 and 8 bit) steer a terminal, format characters reorder text or hide in it (CVE-2021-42574),
# surrogates cannot be written, and the two separators end a line.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BYTE: Final = 0x100
_PLANE: Final = 0x10000


def visible(text: str) -> str:
    """Return `text` with every character that a terminal would not simply show written as an escape."""
    if text.isprintable():
        return text
    return "".join(_escape(part) if unicodedata.category(part) in _UNSAFE else part for part in text)


def _escape(character: str) -> str:
    code = ord(character)
    if code < _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _PLANE else f"\\U{code:08x}"
