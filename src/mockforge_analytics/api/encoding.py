"""Compressed answers: what a caller accepts, whole bodies, and bodies that come in pieces."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Protocol

import zstandard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import HTTPConnection
    from starlette.responses import Response

__all__ = ["ENCODINGS", "MINIMUM_BYTES", "Encoder", "accepted_encoding", "encoder", "encoding_headers", "packed"]

ENCODINGS: Final = ("zstd", "gzip")  # the first of those that a caller likes best
MINIMUM_BYTES: Final = 1_024  # below it the headers cost more than what is saved
_GZIP_LEVEL: Final = 4  # JSON of a report: 60 MB/s for a tenth of the size, level 9 is four times slower for 3 % less
_GZIP_WINDOW: Final = 31  # of zlib, for the gzip format
_ZSTD_LEVEL: Final = 3


class Encoder(Protocol):
    """Compresses a body piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """Take `data`; return what is ready."""

    def flush(self) -> bytes:
        """Return the rest."""


def accepted_encoding(connection: HTTPConnection) -> str | None:
    """Return the encoding of `ENCODINGS` that the caller prefers, None where it takes neither."""
    weights: dict[str, float] = {}
    for part in ",".join(connection.headers.getlist("Accept-Encoding")).split(","):
        name, _, parameters = part.strip().partition(";")
        weights[name.strip().lower()] = _weight(parameters)
    anything = weights.get("*", 0.0)
    best = max(ENCODINGS, key=lambda name: weights.get(name, anything))
    return best if weights.get(best, anything) > 0 else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def encoder(encoding: str) -> Encoder:
    """Return a compressor for one of `ENCODINGS`."""
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)


def encoding_headers(encoding: str | None) -> Mapping[str, str]:
    """Return the headers of an answer that may come in several encodings."""
    vary = {"Vary": "Accept-Encoding"}
    return vary if encoding is None else {**vary, "Content-Encoding": encoding}


def packed(response: Response, encoding: str | None) -> Response:
    """Return `response` with its body in one of `ENCODINGS`, where that is asked for and worth it."""
    body = bytes(response.body)
    used = encoding if len(body) >= MINIMUM_BYTES else None
    if used is not None:
        packer = encoder(used)
        response.body = packer.compress(body) + packer.flush()
        response.headers["Content-Length"] = str(len(response.body))
    response.headers.update(encoding_headers(used))
    return response
