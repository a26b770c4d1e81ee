"""What must not leave the process is taken out of paths and messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MASK", "Mask"]

MASK: Final = "***"
_MESSAGE: Final = 500  # characters of a message that are reported
_SCANNED: Final = 4 * _MESSAGE  # characters of it that are looked at: expressions must not run over megabytes

_SECRETS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(://)[^/@\s]+@", rf"\1{MASK}@"),  # user and password in an address
        (r"\?[^\s'\"]+", f"?{MASK}"),  # query strings
        (r"\b(bearer|basic)\s+[^\s'\",;]+", rf"\1 {MASK}"),
        (
            r"\b([\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|cookie|session)[\w-]*)"
            r"(['\"]?\s*[:=]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;&]+)",
            rf"\1\2{MASK}",
        ),
        (r"[\w.+-]+@[\w-]+\.[\w.-]+", MASK),  # e-mail addresses
    )
)


class Mask:
    """Replaces what expressions match by ``***``."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [re.compile(pattern) for pattern in patterns]

    def path(self, path: str) -> str:
        """Return `path` without query string and without what is masked."""
        path = path.partition("?")[0]
        for pattern in self._patterns:
            path = pattern.sub(MASK, path)
        return path

    def message(self, text: str) -> str:
        """Return the beginning of `text` without what is masked and without what looks like a secret."""
        text = text[:_SCANNED]
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        for secret, replacement in _SECRETS:
            text = secret.sub(replacement, text)
        return text[:_MESSAGE]
