"""Text out of log lines made fit to store: unescaped, without control characters, of bounded length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.sources.accesslog.columns import replace_where

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_AGENT_CHARS", "clean_client", "clean_text", "printable", "unescape"]

_MAX_PATH_CHARS: Final = 8192
MAX_AGENT_CHARS: Final = 2048
_MAX_CLIENT_CHARS: Final = 255

_CONTROLS: Final = r"[\x00-\x1f\x7f]"
_REPLACEMENT: Final = "\ufffd"
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_BRACKETED: Final = r"^\[([^\]]*)\](?::\d+)?$"
_WITH_PORT: Final = r"^([^:]*):\d+$"
_LETTER_ESCAPES: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v", b"f": b"\f"}


def clean_text(values: pl.Series, *, has_controls: bool, limit: int = _MAX_PATH_CHARS) -> pl.Series:
    """Return `values` with control characters as U+FFFD (looked for if `has_controls`), cut at `limit` characters."""
    if has_controls:
        values = values.str.replace_all(_CONTROLS, _REPLACEMENT)
    longest = values.str.len_bytes().max()
    return values.str.head(limit) if isinstance(longest, int) and longest > limit else values


def unescape(values: pl.Series) -> pl.Series:
    r"""Return `values` with ``\xHH`` (nginx, Apache), ``\"`` and ``\\`` (Apache) as the characters they stand for."""
    escaped = values.str.contains("\\", literal=True).fill_null(value=False)
    if not escaped.any():
        return values
    distinct = values.filter(escaped).unique()
    plain = pl.Series([_unescape(value) for value in distinct], dtype=pl.String)
    plain = clean_text(plain, has_controls=True, limit=MAX_AGENT_CHARS)
    return replace_where(values, escaped, values.filter(escaped).replace_strict(distinct, plain))


def clean_client(values: pl.Series, *, has_controls: bool) -> pl.Series:
    """Return the first address of each list, without brackets and port."""
    values = _edit(values, ",", lambda lists: lists.str.splitn(",", 2).struct.field("field_0").str.strip_chars())
    values = _edit(values, ":", _without_port)
    return clean_text(values, has_controls=has_controls, limit=_MAX_CLIENT_CHARS)


def printable(line: bytes, limit: int) -> str:
    """Return the start of a line for a person to read: at most `limit` characters, control characters escaped."""
    text = line[: 4 * limit].decode("utf-8", "replace")
    shown = "".join(char if char.isprintable() else _escape(char) for char in text[:limit])
    return shown[:limit]


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _unescape(value: str) -> str:
    return _ESCAPE.sub(_plain, value.encode()).decode("utf-8", "replace")


def _plain(match: re.Match[bytes]) -> bytes:
    digits, char = match.groups()
    if digits:
        return bytes.fromhex(digits.decode())
    return _LETTER_ESCAPES.get(char, char)


def _edit(values: pl.Series, mark: str, edit: Callable[[pl.Series], pl.Series]) -> pl.Series:
    marked = values.str.contains(mark, literal=True).fill_null(value=False)
    if not marked.any():
        return values
    return replace_where(values, marked, edit(values.filter(marked)))


def _without_port(values: pl.Series) -> pl.Series:
    return values.str.replace(_BRACKETED, "${1}").str.replace(_WITH_PORT, "${1}")
