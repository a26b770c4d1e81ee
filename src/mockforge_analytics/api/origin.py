"""Which web pages may use the server: its own, and those of the origins that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["origin_allowed", "same_origin"]

_PORTS: Final = {"http": 80, "https": 443}


def origin_allowed(origin: str | None, host: str | None, allowed: Iterable[str]) -> bool:
    """Return whether a page of `origin` may connect to the server that it calls `host` (both as in the headers).

    Programs that are no browsers send no origin, and may. Whether `host` is a name of this server is another question.
    """
    if origin is None:
        return True
    if same_origin(origin, host):
        return True
    wanted = _parts(origin)
    return wanted is not None and any(wanted == _parts(other) for other in allowed)


def same_origin(origin: str, host: str | None) -> bool:
    """Return whether a page of `origin` came from `host`, whose port is that of the page's scheme where it has none."""
    page = _parts(origin)
    if page is None or not host:
        return False
    return page == _parts(f"{page[0]}://{host}")


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an origin, None where it is none (such as the ``null`` of a sandboxed page)."""
    try:
        parts = urlsplit(origin.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.username is not None:
        return None
    return parts.scheme, parts.hostname.lower().rstrip("."), _PORTS[parts.scheme] if port is None else port
