"""How far a log has been read, and recognising it again whatever it is called by then.

A log is recognised by its content: its first bytes, and the bytes just before the place up to which it was read. So
the same file under another name, grown, or packed with gzip or zstd continues where it was left, while another file
that merely starts alike is read from its beginning.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HEAD_BYTES", "TAIL_BYTES", "Position", "Readable", "Resume", "ResumeKind", "position_at", "resume"]

HEAD_BYTES: Final = 4096
TAIL_BYTES: Final = 1024
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a log: everything before `offset` (decompressed bytes) has been read.

    `head_hash` is taken over the first `head_length` bytes, `tail_hash` over the `tail_length` bytes before `offset`.
    """

    offset: int
    head_length: int
    head_hash: str
    tail_length: int
    tail_hash: str

    def to_dict(self) -> dict[str, int | str]:
        """Return the fields as plain values, fit for JSON; ``Position(**values)`` gives the position back."""
        return asdict(self)

    @property
    def identity(self) -> str:
        """Return a name for the log that does not depend on where it lies; it changes once while a log is short."""
        return f"{self.head_length}:{self.head_hash}"


class ResumeKind(Enum):
    """What a log is to us."""

    NEW = "new"  # never read
    GROWN = "grown"  # read before, up to `start`; more may follow
    SHORTER = "shorter"  # starts like a log that was read further than this one reaches


@dataclass(frozen=True, slots=True)
class Resume:
    """Where to go on reading: from byte `start` of the log; `position` is the stored one it follows from."""

    kind: ResumeKind
    start: int
    position: Position | None = None


class Readable(Protocol):
    """A log whose bytes can be looked at."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the (decompressed) bytes from `offset` on, fewer than `length` where the log ends before."""


def position_at(head: bytes, offset: int, tail: bytes) -> Position:
    """Return the position `offset` of a log that starts with `head` and has `tail` before `offset`."""
    known_head = head[: min(HEAD_BYTES, offset)]
    known_tail = tail[-min(TAIL_BYTES, offset) :] if offset else b""
    return Position(offset, len(known_head), _digest(known_head), len(known_tail), _digest(known_tail))


def resume(stored: Sequence[Position], log: Readable) -> Resume:
    """Return where to go on reading `log`, given the positions `stored` of all logs read so far.

    Of several that fit, the furthest counts. A log that ends before a stored position and agrees with everything known
    before its end is an older copy of what was read: `SHORTER`, with nothing left to read.
    """
    heads: dict[int, str] = {}
    beyond: Position | None = None
    differs = False
    for position in sorted(stored, reverse=True):
        if not _starts_with(log, position, heads):
            continue
        tail = log.read_at(position.offset - position.tail_length, position.tail_length)
        if len(tail) < position.tail_length:
            beyond = beyond or position
        elif _digest(tail) == position.tail_hash:
            return Resume(ResumeKind.SHORTER if beyond else ResumeKind.GROWN, position.offset, beyond or position)
        else:
            differs = True
    if beyond and not differs:
        return Resume(ResumeKind.SHORTER, beyond.offset, beyond)
    return Resume(ResumeKind.NEW, 0)


def _starts_with(log: Readable, position: Position, heads: dict[int, str]) -> bool:
    length = position.head_length
    if not position.offset:
        return False
    if length not in heads:
        head = log.read_at(0, length)
        heads[length] = _digest(head) if len(head) == length else ""
    return heads[length] == position.head_hash


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()
