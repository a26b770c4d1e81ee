"""One request as it was seen, before anything is derived from it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Observation"]


class Observation(NamedTuple):
    """The facts of one request; made on the request's own time, so it is a tuple and nothing is decoded yet.

    Attributes:
        protocol: ``HTTP`` or ``WebSocket``.
        timestamp: microseconds, when the request came in.
        path: as it came over the wire (bytes), or decoded by a server that does not keep that.
        endpoint: as the framework wrote it, without the prefix of mounts.
        mount: the prefix under which the application that answered is mounted.
        path_params: what the framework found in the path, where something is mounted under a parameter.
        status: None where the request never got an answer.
        latency: seconds to the last byte, or to the end of a WebSocket's handshake.
        headers: those of the request that mean something here.
        details: of a WebSocket session; a JSON object once encoded.
    """

    protocol: str
    timestamp: int
    method: str
    path: bytes | str
    endpoint: str | None
    mount: str
    path_params: dict[str, object] | None
    status: int | None
    latency: float
    bytes_sent: int
    bytes_received: int
    client: str | None
    headers: list[tuple[bytes, bytes]]
    workspace_id: str | None
    environment: str | None
    error_type: str | None
    error_message: str | None
    details: dict[str, object] | None
