"""A slow reader of well-formed Combined lines, written from the format's description alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["NaiveRow", "read_combined"]

LINE = re.compile(
    rb'(?P<client>[^ ]+) (?P<ident>[^ "\[]+) (?P<user>[^ "\[]+) '
    rb"\[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    rb'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<size>\d{1,18}|-) '
    rb'"(?:[^"\\]|\\.)*" "(?P<agent>[^"\\]*)"(?: (?P<latency>\d{1,9}\.\d{3}))?'
)
REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (/[^ ?#]*)(?:[?#][^ ]*)? HTTP/\d(?:\.\d)?")


CONTROLS = frozenset([*range(0x20), 0x7F])


@dataclass(frozen=True)
class NaiveRow:
    """What a line says, or None where it says nothing."""

    timestamp: int
    client: str | None
    method: str | None
    path: str | None
    status: int
    size: int
    agent: str | None
    latency: float | None


def read_combined(line: bytes, *, with_latency: bool) -> NaiveRow | None:
    """Return what a line says that keeps to the format to the letter, or None where it does not."""
    found = LINE.fullmatch(line)
    if found is None or (found["latency"] is not None) != with_latency or not plain(line):
        return None
    try:
        moment = datetime.strptime(found["time"].decode(), "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    request = REQUEST.fullmatch(found["request"])
    if request is None and len(found["request"].split(b" ")) == len(("method", "target", "version")):
        return None  # another form of request target, which is tested by itself
    status = int(found["status"])
    if status not in range(100, 600) or moment.year not in range(1970, 2200):
        return None
    return NaiveRow(
        timestamp=int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000,
        client=present(found["client"]),
        method=request[1].decode() if request else None,
        path=request[2].decode() if request else None,
        status=status,
        size=0 if found["size"] == b"-" else int(found["size"]),
        agent=present(found["agent"]),
        latency=float(found["latency"]) if found["latency"] else None,
    )


def plain(line: bytes) -> bool:
    """Whether a line is UTF-8 without control characters, and its client a bare address."""
    client = line.split(b" ", 1)[0]
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    odd = any(byte in CONTROLS for byte in line)
    return not odd and not any(mark in client for mark in b'[]:,"\\')


def present(value: bytes) -> str | None:
    return None if value in (b"-", b"") else value.decode()
