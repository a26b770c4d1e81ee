"""The free part of an event."""

from __future__ import annotations

from typing import Any, Final

import msgspec

__all__ = ["MAX_METADATA_BYTES", "MAX_METADATA_DEPTH", "metadata_text"]

MAX_METADATA_BYTES: Final = 16_384
MAX_METADATA_DEPTH: Final = 8


def metadata_text(raw: bytes) -> str | None:
    """Return the JSON object `raw`, valid JSON, as compact text; None for ``null`` and an empty object.

    Raises:
        ValidationError: it is no object, or too large or too deep; the message is for the sender.
    """
    if len(raw) > MAX_METADATA_BYTES:
        message = f"metadata must be an object of at most {MAX_METADATA_BYTES:,} bytes, not {len(raw):,}"
        raise msgspec.ValidationError(message)
    # An object of N levels has N brackets at least, so that few need the walk.
    deep = raw.count(b"{") + raw.count(b"[") > MAX_METADATA_DEPTH
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        message = f"metadata cannot be read ({error})"
        raise msgspec.ValidationError(message) from None
    if deep and _is_deeper(value, MAX_METADATA_DEPTH):
        message = f"metadata must be an object of at most {MAX_METADATA_DEPTH} levels"
        raise msgspec.ValidationError(message)
    if value is not None and not isinstance(value, dict):
        message = "metadata must be a JSON object"
        raise msgspec.ValidationError(message)
    return msgspec.json.encode(value).decode() if value else None


def _is_deeper(value: Any, levels: int) -> bool:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if children is None:
        return False
    return levels == 0 or any(_is_deeper(child, levels - 1) for child in children)
