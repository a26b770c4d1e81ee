"""Which requests failed, and how a failure is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.codes import Codes, Integers, encode
from mockforge_analytics.model.dimensions import ABSENT_STATUS, ErrorCategory

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CATEGORIES", "Failures", "find_failures"]

Bools = NDArray[np.bool_]
Int64s = NDArray[np.int64]

CATEGORIES: Final = tuple(ErrorCategory)
_FIRST_ERROR: Final = 400  # RFC 9110 section 15: 4xx client error, 5xx server error
_SERVER_ERRORS: Final = range(500, 600)
_CLIENT_ERRORS: Final = range(400, 500)
_HTTP: Final = "HTTP"

_STATUS_TYPES: Final = {  # RFC 9110 section 15, RFC 6585, and the codes of nginx (444-499) and Cloudflare (520-526)
    400: "bad_request",
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    407: "proxy_authentication_required",
    408: "request_timeout",
    409: "conflict",
    410: "gone",
    411: "length_required",
    412: "precondition_failed",
    413: "content_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    417: "expectation_failed",
    421: "misdirected_request",
    422: "unprocessable_content",
    423: "locked",
    424: "failed_dependency",
    425: "too_early",
    426: "upgrade_required",
    428: "precondition_required",
    429: "too_many_requests",
    431: "request_header_fields_too_large",
    444: "no_response",
    494: "request_header_too_large",
    495: "client_certificate_error",
    496: "client_certificate_required",
    497: "http_request_sent_to_https_port",
    499: "client_closed_request",
    500: "internal_error",
    501: "not_implemented",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
    505: "http_version_not_supported",
    507: "insufficient_storage",
    508: "loop_detected",
    511: "network_authentication_required",
    520: "unknown_origin_error",
    521: "origin_down",
    522: "origin_connection_timeout",
    523: "origin_unreachable",
    524: "origin_timeout",
    525: "origin_tls_handshake_failed",
    526: "origin_certificate_invalid",
}

# Types are told by whole words: "ConnectionResetError" and "connection-reset" both read "connection reset".
_WORDS: Final = (
    (r"([a-z0-9])([A-Z])", "${1} ${2}"),
    (r"([A-Z]+)([A-Z][a-z])", "${1} ${2}"),
    (r"[^A-Za-z0-9]+", " "),
)
_TIMEOUT: Final = r"(?i)\b(?:e?time ?d? ?outs?|deadline)\b"
_NETWORK: Final = (
    r"(?i)\b(?:connections?|connect|disconnect(?:ed)?|econn\w*|broken ?pipe|epipe|dns|enotfound|eai|getaddrinfo"
    r"|gaierror|name resolution|no route|(?:e?host|e?net)?unreach(?:able)?|e(?:host|net)down|network|socket|tls|ssl"
    r"|certificate|handshake|peer reset|reset by peer)\b"
)


@dataclass(frozen=True, slots=True, eq=False)
class Failures:
    """The failed requests of a frame: `row` ascends; `category` holds positions in `CATEGORIES`."""

    row: Int64s
    type: Codes
    category: Int64s

    def __len__(self) -> int:
        return len(self.row)

    def only(self, kept: Bools) -> Failures:
        """Return those that are `kept`."""
        return Failures(self.row[kept], self.type.taken(kept), self.category[kept])

    def part(self, begin: int, end: int) -> Failures:
        """Return those of the requests from `begin` to before `end`, counted from there."""
        rows = slice(*np.searchsorted(self.row, (begin, end)).tolist())
        return Failures(self.row[rows] - begin, self.type.taken(rows), self.category[rows])

    @staticmethod
    def concat(parts: Sequence[Failures], sizes: Sequence[int]) -> Failures:
        """Return the failures of all `parts`, which are of consecutive frames with so many requests."""
        begins = np.cumsum([0, *sizes])[:-1].tolist()
        return Failures(
            row=np.concatenate([part.row + begin for part, begin in zip(parts, begins, strict=True)]),
            type=Codes.concat([part.type for part in parts]),
            category=np.concatenate([part.category for part in parts]),
        )


def find_failures(status: Int64s, protocol: Codes, error_type: Codes) -> Failures:
    """Return the failed requests with type and category.

    A request failed where its status is 400 or more, or where a source named an error type and no HTTP status speaks
    for itself (a gRPC call that did not end OK, a WebSocket that broke, an HTTP request that never got an answer).
    The type is what the source said, else the name of the status (404 is ``not_found``, 500 ``internal_error``, a
    status without a name such as 451 is ``status_451``). The category is ``timeout_error`` or ``network_error`` where
    the source's own type speaks of a timeout or of the network, else ``client_error`` for 400..499, ``server_error``
    for 500..599 and ``other`` for the rest.
    """
    named = error_type.of_row != error_type.code("")
    settled = (protocol.of_row == protocol.code(_HTTP)) & (status != ABSENT_STATUS)
    row = np.flatnonzero((status >= _FIRST_ERROR) | (named & ~settled))
    if not len(row):
        return Failures(row, Codes(row, []), row)
    own = named[row]
    failed = status[row]
    category = np.full(len(row), CATEGORIES.index(ErrorCategory.OTHER), np.int64)
    for kind, codes in ((ErrorCategory.CLIENT, _CLIENT_ERRORS), (ErrorCategory.SERVER, _SERVER_ERRORS)):
        category[(failed >= codes.start) & (failed < codes.stop)] = CATEGORIES.index(kind)
    if own.any():
        spoken = _spoken_categories(error_type.values)[error_type.of_row[row]]
        category = np.where(own & (spoken >= 0), spoken, category)
    return Failures(row, _types(failed, own, error_type.of_row[row], error_type), category)


def _types(status: Int64s, own: NDArray[np.bool_], code: Integers, said: Codes) -> Codes:
    statuses, of_status = np.unique(status, return_inverse=True)
    names = [_STATUS_TYPES.get(number, f"status_{number}") for number in statuses.tolist()]
    texts = encode(pl.concat([said.values, pl.Series(names, dtype=pl.String)]))
    return Codes(texts.of_row[np.where(own, code, len(said) + of_status)], texts.few or texts.values)


def _spoken_categories(types: pl.Series) -> Int64s:
    for pattern, words in _WORDS:
        types = types.str.replace_all(pattern, words)
    spoken = np.full(len(types), -1, np.int64)
    for kind, pattern in ((ErrorCategory.NETWORK, _NETWORK), (ErrorCategory.TIMEOUT, _TIMEOUT)):
        spoken[types.str.contains(pattern).to_numpy()] = CATEGORIES.index(kind)
    return spoken
