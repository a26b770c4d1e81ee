"""Batches go to the ingest route of a server as NDJSON."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import zstandard

from mockforge_analytics.errors import ConfigError
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.sources.asgi.settings import Compression
from mockforge_analytics.sources.asgi.sink import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.sources.asgi.event import ConnectionsSample, Event

__all__ = ["EVENTS_ROUTE", "HttpSink", "events_address"]

EVENTS_ROUTE: Final = "/api/v2/analytics/events"
_WORTH_A_RETRY: Final = frozenset((429, 502, 503, 504))
_SUCCESS: Final = range(200, 300)
_LARGEST_ANSWER: Final = 256 * 1024  # bytes that are read of an answer
_GZIP_LEVEL: Final = 5
_LONGEST_WAIT: Final = 3_600.0  # seconds that a Retry-After may ask for


class _Answer(msgspec.Struct):
    """What matters in the envelope of the ingest route."""

    success: bool
    data: dict[str, Any] | None = None
    error: str | None = None


class HttpSink:
    """Sends over one kept-alive connection. For one thread."""

    def __init__(self, url: str, token: str | None, compression: Compression, instance: str, clock: Clock) -> None:
        self._address = events_address(url)
        self._compression = compression
        self._clock = clock
        self._client: httpx.Client | None = None
        self._encoder = msgspec.json.Encoder()
        self._headers = {
            "Content-Type": "application/x-ndjson",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "mockforge-analytics-middleware",
            "X-Instance-ID": instance,
        }
        if compression is not Compression.NONE:
            self._headers["Content-Encoding"] = compression.value
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def pack(self, events: Sequence[Event], samples: Sequence[ConnectionsSample], key: str) -> _Request:
        """Return the request that carries them."""
        lines = self._encoder.encode_lines([*events, *(sample.wire() for sample in samples)])
        headers = self._headers | {"Idempotency-Key": key}
        return _Request(self, headers, _compressed(lines, self._compression), len(events))

    def post(self, headers: dict[str, str], content: bytes, events: int, timeout: float) -> Outcome:
        """Send one request of so many `events` and return what the server made of it."""
        if self._client is None:
            self._client = httpx.Client(follow_redirects=False, limits=httpx.Limits(max_connections=1))
        try:
            with self._client.stream(
                "POST", self._address, headers=headers, content=content, timeout=timeout
            ) as response:
                return self._judged(response, events, self._clock.monotonic() + timeout)
        except httpx.TransportError as error:
            return Outcome(Verdict.RETRY, reason=f"{type(error).__name__}: {error}")
        except httpx.HTTPError as error:
            return Outcome(Verdict.REFUSED, reason=f"{type(error).__name__}: {error}")

    def _judged(self, response: httpx.Response, events: int, deadline: float) -> Outcome:
        status = response.status_code
        if status in _WORTH_A_RETRY:
            return Outcome(Verdict.RETRY, wait=self._asked_wait(response), reason=f"HTTP {status}")
        if status not in _SUCCESS:
            return Outcome(Verdict.REFUSED, reason=f"HTTP {status}")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > _LARGEST_ANSWER or self._clock.monotonic() > deadline:
                return Outcome(Verdict.REFUSED, reason=f"HTTP {status} with an endless answer")
        return _accepted(bytes(body), status, events)

    def _asked_wait(self, response: httpx.Response) -> float | None:
        """Return the seconds of a ``Retry-After``, given as a number or as a date (RFC 9110 section 10.2.3)."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text), _LONGEST_WAIT)
        try:
            at = parsedate_to_datetime(text).timestamp()
        except ValueError:
            return None
        return min(max(at - self._clock.now_us() / MICROSECONDS, 0.0), _LONGEST_WAIT)

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._client is not None:
            self._client.close()
            self._client = None


@dataclass(frozen=True, slots=True)
class _Request:
    """A packed batch; its bytes are made once."""

    sink: HttpSink
    headers: dict[str, str]
    content: bytes
    events: int

    def send(self, timeout: float) -> Outcome:
        """Post it once more."""
        return self.sink.post(self.headers, self.content, self.events, timeout)


def events_address(url: str) -> str:
    """Return the address of the ingest route of the server at `url`, which may have a path of its own.

    Raises:
        ConfigError: `url` is not an address of HTTP.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        message = f"the server address {url!r} is not a URL: {error}"
        raise ConfigError(message) from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        message = f"the server address {url!r} must begin with http:// or https:// and name a host"
        raise ConfigError(message)
    path = parsed.path.rstrip("/").removesuffix(EVENTS_ROUTE)
    return str(parsed.copy_with(path=path + EVENTS_ROUTE, query=None, fragment=None))


def _compressed(content: bytes, compression: Compression) -> bytes:
    if compression is Compression.ZSTD:
        return zstandard.ZstdCompressor().compress(content)
    if compression is Compression.GZIP:
        return gzip.compress(content, _GZIP_LEVEL, mtime=0)
    return content


def _accepted(body: bytes, status: int, events: int) -> Outcome:
    """Return what a success says; an answer that is no envelope comes from something else than our server."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Outcome(Verdict.REFUSED, reason=f"HTTP {status} without the answer of an analytics server")
    if not answer.success or answer.data is None:
        return Outcome(Verdict.REFUSED, reason=f"HTTP {status}: {answer.error}")
    rejected = answer.data.get("rejected", 0)
    return Outcome(Verdict.DELIVERED, rejected=min(rejected, events) if isinstance(rejected, int) else 0)
