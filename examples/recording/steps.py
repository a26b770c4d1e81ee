"""What one visitor sends: requests, raw bytes and the pauses between them."""

from __future__ import annotations

import json
from dataclasses import dataclass

__all__ = ["Client", "RawStep", "Session", "Step", "get", "send_json"]

_SITE = "https://shop.example"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: `address` travels in X-Forwarded-For; `user_agent` None sends no such header."""

    address: str
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One HTTP/1.1 request after `pause_s` seconds of the recorded week.

    With `patience_s` (real seconds) the client hangs up when the answer takes longer; nginx logs that as 499.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pause_s: float = 0.0
    patience_s: float | None = None


@dataclass(frozen=True, slots=True)
class RawStep:
    """Bytes sent as they are on a connection of their own from the loopback address `source`."""

    payload: bytes
    source: str
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Session:
    """A visit that starts `at_day` days into the recorded week."""

    at_day: float
    client: Client
    steps: tuple[Step | RawStep, ...]


def get(target: str, *headers: tuple[str, str], referer: str | None = None, pause_s: float = 0.0) -> Step:
    """Return a GET, with a Referer of the shop's own site when `referer` names a page of it."""
    extra = ((("Referer", _SITE + referer),) if referer else ()) + headers
    return Step("GET", target, extra, pause_s=pause_s)


def send_json(
    method: str, target: str, value: object, *headers: tuple[str, str], pause_s: float = 0.0, referer: str | None = None
) -> Step:
    """Return a request with `value` as its JSON body."""
    extra = ((("Referer", _SITE + referer),) if referer else ()) + headers
    body = json.dumps(value).encode()
    return Step(method, target, (("Content-Type", "application/json"), *extra), body, pause_s=pause_s)
