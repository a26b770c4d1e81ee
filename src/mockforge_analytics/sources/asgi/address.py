"""Whose request it was: the address of the client behind trusted proxies."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from mockforge_analytics.sources.asgi.settings import UNIX_SOCKET, ClientAddress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Address

__all__ = ["Addresses"]

_REMEMBERED: Final = 10_000
_KEPT_BITS: Final = {4: 24, 6: 48}  # of a truncated address
_PORTED_V4: Final = 1  # colons in "192.0.2.1:4711"


class Addresses:
    """Finds client addresses and hides as much of them as is asked for. For one thread."""

    def __init__(self, trusted: Iterable[str], shown: ClientAddress) -> None:
        listed = list(trusted)
        self._trusts_unix = UNIX_SOCKET in listed
        self._networks = [ip_network(name, strict=False) for name in listed if name != UNIX_SOCKET]
        self._shown = shown
        self._known: dict[tuple[str | None, bytes | None], str | None] = {}

    def client(self, peer: str | None, forwarded: bytes | None) -> str | None:
        """Return the client of a request from `peer` with that ``X-Forwarded-For``, None where it is not shown.

        From right to left, the first address that is no trusted proxy: what stands left of it anyone may have written.
        """
        if self._shown is ClientAddress.NONE:
            return None
        key = (peer, forwarded)
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = self._hidden(self._found(peer, forwarded))
        return self._known[key]

    def _found(self, peer: str | None, forwarded: bytes | None) -> str | None:
        found = peer or None
        if not forwarded or not self._trusts(found):
            return found
        for hop in reversed(forwarded.decode("latin-1").split(",")):
            address = _parsed(hop)
            if address is None:
                return found
            found = str(address)
            if not self._trusts(found):
                return found
        return found

    def _trusts(self, text: str | None) -> bool:
        if text is None:
            return self._trusts_unix
        address = _parsed(text)
        return address is not None and any(address in network for network in self._networks)

    def _hidden(self, text: str | None) -> str | None:
        address = None if text is None else _parsed(text)
        if address is None:
            # A name instead of an address, as test clients have, cannot be cut.
            return text if self._shown is ClientAddress.FULL else None
        if self._shown is ClientAddress.FULL:
            return str(address)
        return str(ip_network((address, _KEPT_BITS[address.version]), strict=False).network_address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in `text`, without port, brackets and zone."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == _PORTED_V4:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
