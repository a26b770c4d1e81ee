"""Compressed answers: what a caller accepts, whole bodies, and bodies that come in pieces."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import zstandard
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import HTTPConnection
    from starlette.responses import Response

__all__ = [
    "ENCODINGS",
    "MINIMUM_BYTES",
    "Accepted",
    "Encoder",
    "accepted_encoding",
    "encoder",
    "encoding_headers",
    "packed",
]

ENCODINGS: Final = ("zstd", "gzip")
MINIMUM_BYTES: Final = 1_024  # below it the headers cost more than what is saved
_IDENTITY: Final = "identity"
_NOT_ACCEPTABLE: Final = 406
_GZIP_LEVEL: Final = 4  # JSON of a report: 60 MB/s for a tenth of the size, level 9 is four times slower for 3 % less
_GZIP_WINDOW: Final = 31  # of zlib, for the gzip format
_ZSTD_LEVEL: Final = 3


class Encoder(Protocol):
    """Compresses a body piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """Take `data`; return what is ready."""

    def flush(self) -> bytes:
        """Return the rest."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a caller takes: `encoding` is the one it likes best, None for none; `plain` whether none will do."""

    encoding: str | None
    plain: bool = True


def accepted_encoding(connection: HTTPConnection, offered: Sequence[str] = ENCODINGS) -> Accepted:
    """Return which of `offered` the caller prefers, the first of those it likes as much (RFC 9110 section 12.5.3).

    Raises:
        HTTPException: 406, it takes none of them, and no answer without an encoding either.
    """
    weights: dict[str, float] = {}
    for part in ",".join(connection.headers.getlist("Accept-Encoding")).split(","):
        name, _, parameters = part.strip().partition(";")
        weights[name.strip().lower()] = _weight(parameters)
    anything = weights.get("*", 0.0)
    best = max(offered, key=lambda name: weights.get(name, anything))
    weight = weights.get(best, anything)
    plain = weights.get(_IDENTITY, weights.get("*", 1.0)) > 0
    if weight > 0:
        # An identity that is not named is the last resort, also where it is a part of *.
        return Accepted(best if weight >= weights.get(_IDENTITY, 0.0) else None, plain)
    if not plain:
        message = f"Accept-Encoding leaves nothing to answer with: accept {', '.join(offered)} or {_IDENTITY}"
        raise HTTPException(_NOT_ACCEPTABLE, message)
    return Accepted(None)


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


def packed(response: Response, accepted: Accepted) -> Response:
    """Return `response` with its body in one of `ENCODINGS`, where that is asked for and worth it."""
    body = bytes(response.body)
    used = accepted.encoding if len(body) >= MINIMUM_BYTES or not accepted.plain else None
    if used is not None:
        packer = encoder(used)
        response.body = packer.compress(body) + packer.flush()
        response.headers["Content-Length"] = str(len(response.body))
    response.headers.update(encoding_headers(used))
    return response
