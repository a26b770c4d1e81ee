"""An observation becomes the event that leaves the process."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

import msgspec

from mockforge_analytics.sources.asgi.address import Addresses
from mockforge_analytics.sources.asgi.mask import Mask
from mockforge_analytics.sources.asgi.route import mounted, plain_template
from mockforge_analytics.sources.asgi.settings import ClientAddress

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.observation import Observation
    from mockforge_analytics.sources.asgi.settings import CaptureSettings

__all__ = ["HEADERS", "ConnectionsSample", "Describer", "Event"]

# The only request headers that are looked at, beside those that name workspace and environment.
_AGENT: Final = b"user-agent"
_FORWARDED: Final = b"x-forwarded-for"
_REQUEST: Final = b"x-request-id"
_TRACE: Final = b"traceparent"
HEADERS: Final = frozenset((_AGENT, _FORWARDED, _REQUEST, _TRACE))

_MICROSECONDS: Final = 1e6
_MILLISECONDS: Final = 1e3
_PATH: Final = 4_096  # characters; the server looks at no more
_TEXT: Final = 512
_NAME: Final = 128
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_SAFE: Final = "/!$&'()*+,;=:@-._~"  # what stands in a path without being encoded (RFC 3986)


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A request, by the names of the ingest route; `timestamp` in seconds, `latency_ms` in milliseconds."""

    timestamp: float
    protocol: str
    method: str
    path: str | None
    latency_ms: float
    bytes_sent: int
    bytes_received: int
    endpoint: str | None = None
    status_code: int | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    workspace_id: str | None = None
    environment: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    metadata: dict[str, Any] | None = None


class ConnectionsSample(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many connections of `protocol` were open at `timestamp` (seconds), as the instance `source` saw it."""

    timestamp: float
    protocol: str
    value: int
    source: str
    type: Literal["connections"] = "connections"
    workspace_id: str | None = None
    environment: str | None = None

    def wire(self) -> dict[str, Any]:
        """Return the control event; its type is what tells it from a request and is never left out."""
        return {"type": self.type, **msgspec.to_builtins(self)}


class Describer:
    """Makes events of observations: decodes, templates, masks and cuts. For one thread."""

    def __init__(self, capture: CaptureSettings) -> None:
        self._mask = Mask(capture.masked_paths)
        self._addresses = Addresses(capture.trusted_proxies, ClientAddress(capture.client_address))
        self._hidden = {name.lower().encode("latin-1") for name in capture.masked_headers}
        self._graphql = frozenset(capture.graphql_paths)

    def event(self, seen: Observation) -> Event:
        """Return what leaves the process of `seen`."""
        path = self._path(seen.path)
        headers = self._headers(seen.headers)
        trace = _TRACEPARENT.fullmatch(headers.get(_TRACE, b"").strip().lower())
        protocol = "GraphQL" if path in self._graphql and seen.protocol == "HTTP" else seen.protocol
        return Event(
            timestamp=seen.timestamp / _MICROSECONDS,
            protocol=protocol,
            method=_clean(seen.method.upper(), _NAME),
            path=path,
            endpoint=_endpoint(seen),
            status_code=seen.status,
            latency_ms=round(seen.latency * _MILLISECONDS, 3),
            bytes_sent=seen.bytes_sent,
            bytes_received=seen.bytes_received,
            client_ip=self._addresses.client(seen.client, headers.get(_FORWARDED)),
            user_agent=_decoded(headers.get(_AGENT), _TEXT),
            workspace_id=_label(seen.workspace_id),
            environment=_label(seen.environment),
            error_type=_label(seen.error_type),
            error_message=None if seen.error_message is None else _clean(self._mask.message(seen.error_message), _TEXT),
            request_id=_decoded(headers.get(_REQUEST), _NAME),
            trace_id=None if trace is None else trace[1].decode(),
            span_id=None if trace is None else trace[2].decode(),
            metadata=seen.details,
        )

    def _path(self, path: bytes | str) -> str:
        # A server may also hand on a decoded path; it is encoded again so that both read the same.
        text = path.decode("latin-1") if isinstance(path, bytes) else quote(path, safe=_SAFE, errors="replace")
        return self._mask.path(_clean(text, _PATH))

    def _headers(self, pairs: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for name, value in pairs:
            if name in self._hidden:
                continue
            # A list header may come in several lines (RFC 9110 section 5.3).
            found[name] = b",".join((found[name], value)) if name in found and name == _FORWARDED else value
        return found


def _endpoint(seen: Observation) -> str | None:
    if seen.endpoint is None:
        return None
    return _clean(mounted(plain_template(seen.endpoint), seen.mount, seen.path_params), _PATH)


def _label(text: str | None) -> str | None:
    return None if text is None else _clean(text, _NAME)


def _decoded(value: bytes | None, limit: int) -> str | None:
    return None if not value else _clean(value.decode("utf-8", "replace"), limit)


def _clean(text: str, limit: int) -> str:
    """Return `text` cut to `limit` characters, without lone surrogates, which JSON in UTF-8 cannot carry."""
    text = text[:limit]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
