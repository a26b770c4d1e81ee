"""What the middleware sees, what it hides, and how it delivers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.sources.asgi.protocol import Scope

__all__ = [
    "DEFAULT_EXCLUDED",
    "DEFAULT_MASKED_PATHS",
    "HEALTH_PATHS",
    "UNIX_SOCKET",
    "CaptureSettings",
    "ClientAddress",
    "Compression",
    "DeliverySettings",
]

HEALTH_PATHS: Final = ("/health", "/healthz", "/health/*", "/ready", "/readyz", "/livez", "/metrics")
# Our own routes, wherever an application has them: looking at traffic is no traffic, and reporting would feed itself.
DEFAULT_EXCLUDED: Final = (*HEALTH_PATHS, "*/api/v2/analytics/*")
DEFAULT_MASKED_PATHS: Final = (r"(?i);(?:jsessionid|phpsessid|sid)=[^/;]*",)
UNIX_SOCKET: Final = "unix"  # in `trusted_proxies`: a peer without an address


class ClientAddress(StrEnum):
    """How much of a client's address is reported."""

    FULL = "full"
    TRUNCATED = "truncated"  # the network: 24 bits of IPv4, 48 of IPv6
    NONE = "none"


class Compression(StrEnum):
    """How batches are compressed on their way to a server."""

    ZSTD = "zstd"
    GZIP = "gzip"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """Which requests are reported, and what of them.

    Attributes:
        workspace_id: the workspace of every request, or a function of the scope (called when the answer is complete;
            None gives none).
        workspace_header: a request header that names the workspace; it wins over `workspace_id`.
        environment: like `workspace_id`.
        environment_header: like `workspace_header`.
        exclude: paths that are not reported; one that ends with ``*`` is a prefix, one that begins with it as well is
            what a path has anywhere.
        graphql_paths: paths whose requests count under the protocol ``GraphQL``.
        endpoint_of: a function of the scope that names the route template of a request; None leaves it to the
            framework's own notes in the scope.
        masked_paths: regular expressions; what they match in a path or a message is replaced by ``***``.
        masked_headers: of ``user-agent``, ``x-request-id`` and ``traceparent``, those that are not reported.
        client_address: how much of the client's address is reported.
        trusted_proxies: addresses and networks whose ``X-Forwarded-For`` is believed; ``unix`` for Unix sockets.
        error_messages: whether the text of an exception is reported, masked and cut, beside the name of its class.
    """

    workspace_id: str | Callable[[Scope], str | None] | None = None
    workspace_header: str | None = None
    environment: str | Callable[[Scope], str | None] | None = None
    environment_header: str | None = None
    exclude: tuple[str, ...] = DEFAULT_EXCLUDED
    graphql_paths: tuple[str, ...] = ()
    endpoint_of: Callable[[Scope], str | None] | None = None
    masked_paths: tuple[str, ...] = DEFAULT_MASKED_PATHS
    masked_headers: tuple[str, ...] = ()
    client_address: ClientAddress | str = ClientAddress.FULL
    trusted_proxies: tuple[str, ...] = ()
    error_messages: bool = False

    def __post_init__(self) -> None:
        """Raise ConfigError for a value that cannot work."""
        _check_choice("client_address", self.client_address, ClientAddress)
        for name in ("exclude", "graphql_paths", "masked_paths", "masked_headers", "trusted_proxies"):
            if isinstance(getattr(self, name), str):  # each of its letters would count
                message = f"{name} must be a list of texts, not the text {getattr(self, name)!r}"
                raise ConfigError(message)
        for pattern in self.masked_paths:
            try:
                re.compile(pattern)
            except re.error as error:
                message = f"masked_paths: {pattern!r} is not a regular expression: {error}"
                raise ConfigError(message) from None
        for proxy in self.trusted_proxies:
            try:
                _ = proxy == UNIX_SOCKET or ip_network(proxy, strict=False)
            except ValueError:
                message = f"trusted_proxies: {proxy!r} is neither an address, a network nor {UNIX_SOCKET!r}"
                raise ConfigError(message) from None


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """When batches leave, how long they are tried, and how much may wait. Times in seconds.

    Attributes:
        batch_size: requests that make a batch leave at once.
        interval: the longest a request waits for company.
        queue_size: requests that may wait; beyond, the oldest are dropped and counted.
        compression: of batches that go to a server.
        timeout: the longest a single read or write on the connection may take.
        retry_first: the wait after the first failure; each following one is `retry_factor` times longer.
        retry_cap: the longest wait between two attempts, unless the server asks for more.
        retry_total: after this the batch is dropped and counted.
        flush_timeout: the longest that the end of the application waits for the last batches.
        gauge_interval: between two samples of the open connections.
    """

    batch_size: int = 1_000
    interval: float = 1.0
    queue_size: int = 20_000
    compression: Compression | str = Compression.ZSTD
    timeout: float = 10.0
    retry_first: float = 5.0
    retry_factor: float = 1.5
    retry_cap: float = 30.0
    retry_total: float = 300.0
    flush_timeout: float = 2.0
    gauge_interval: float = 10.0

    def __post_init__(self) -> None:
        """Raise ConfigError for a value that cannot work."""
        _check_choice("compression", self.compression, Compression)
        for name in ("batch_size", "interval", "queue_size", "timeout", "retry_first", "retry_cap", "gauge_interval"):
            if getattr(self, name) <= 0:
                message = f"{name} must be more than 0, not {getattr(self, name)}"
                raise ConfigError(message)
        if self.batch_size > self.queue_size:
            message = f"batch_size ({self.batch_size}) must not be more than queue_size ({self.queue_size})"
            raise ConfigError(message)


def _check_choice(name: str, value: str, choices: type[StrEnum]) -> None:
    accepted = [choice.value for choice in choices]
    if value not in accepted:
        message = f"{name} must be one of {', '.join(accepted)}, not {value!r}"
        raise ConfigError(message)
