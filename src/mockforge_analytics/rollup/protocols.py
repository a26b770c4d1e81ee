"""Protocol names as every report shows them."""

from __future__ import annotations

from typing import Final

import polars as pl

from mockforge_analytics.model.request import CANONICAL_PROTOCOLS

__all__ = ["canonical_few", "canonical_protocols"]

_ALIASES: Final = {
    **{name.lower(): name for name in CANONICAL_PROTOCOLS},
    **dict.fromkeys(("https", "h2", "h2c", "h3", "http/0.9", "http/1.0", "http/1.1", "http/2", "http/2.0"), "HTTP"),
    **dict.fromkeys(("http/3", "http/3.0", "http1", "http2", "http3", "rest"), "HTTP"),
    **dict.fromkeys(("ws", "wss", "web-socket", "web_socket"), "WebSocket"),
    **dict.fromkeys(("grpcs", "grpc-web"), "gRPC"),
    **dict.fromkeys(("gql",), "GraphQL"),
    **dict.fromkeys(("mqtts", "mqtt/3.1.1", "mqtt/5", "mqtt/5.0"), "MQTT"),
    **dict.fromkeys(("amqps", "amqp/0.9.1", "amqp/1.0"), "AMQP"),
    **dict.fromkeys(("smtps", "esmtp"), "SMTP"),
    **dict.fromkeys(("ftps",), "FTP"),
    **dict.fromkeys(("tls", "tcp/tls"), "TCP"),
}


def canonical_protocols(names: pl.Series) -> pl.Series:
    """Return canonical names (`CANONICAL_PROTOCOLS`), matched without regard to case; unknown ones stay as they are."""
    return pl.Series(canonical_few(names.to_list()), dtype=pl.String)


def canonical_few(names: list[str]) -> list[str]:
    """Return what `canonical_protocols` does, for a list."""
    return [_ALIASES.get(name.strip().lower(), name) for name in names]
