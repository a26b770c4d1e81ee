"""Cutting a stream of bytes into chunks of whole lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mockforge_analytics.sources.accesslog.fingerprint import TAIL_BYTES
from mockforge_analytics.sources.accesslog.lines import MAX_LINE_BYTES

__all__ = ["Chunk", "LineCutter"]

_LF: Final = b"\n"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of a log.

    Attributes:
        data: the lines; one longer than `MAX_LINE_BYTES` is cut short, but stays too long to be decoded.
        offset_start: where they start in the (decompressed) log, in bytes.
        offset_end: where they end.
        tail: the last bytes of the log before `offset_end`, at least one and at most `TAIL_BYTES`.
    """

    data: bytes
    offset_start: int
    offset_end: int
    tail: bytes


class LineCutter:
    """Takes blocks of a log in order and gives back chunks of whole lines; holds one unfinished line at most."""

    def __init__(self, offset: int = 0, *, in_line: bool = False) -> None:
        """Start at `offset`; `in_line` says that it lies within a line that was already read: its rest is left out."""
        self._start = offset
        self._unfinished = b""
        self._unfinished_bytes = 0  # as in the log; `_unfinished` is bounded
        self._in_line = in_line
        self._recent = b""

    @property
    def offset(self) -> int:
        """Where the next block must start."""
        return self._start + self._unfinished_bytes

    def feed(self, block: bytes) -> Chunk | None:
        """Return the lines that `block` completes, or None if it completes none."""
        if self._in_line:
            block = self._skip_line(block)
        if not block:
            return None
        self._recent = block[-TAIL_BYTES:]
        end = block.rfind(_LF) + 1
        if not end:
            self._hold(block)
            return None
        data = b"".join((self._unfinished, memoryview(block)[:end]))  # one copy of megabytes instead of two
        start, stop = self._start, self._start + self._unfinished_bytes + end
        self._start, self._unfinished, self._unfinished_bytes = stop, b"", 0
        # The held part of an overlong line is not the log's own bytes any more, so the tail comes from the block.
        chunk = Chunk(data, start, stop, block[max(0, end - TAIL_BYTES) : end])
        self._hold(block[end:])
        return chunk

    def finish(self) -> Chunk | None:
        """Return the last line if it has no line ending, or None if there is none."""
        if not self._unfinished_bytes:
            return None
        start, stop, data = self._start, self.offset, self._unfinished
        self._start, self._unfinished, self._unfinished_bytes = stop, b"", 0
        self._in_line = True
        return Chunk(data, start, stop, self._recent)

    def _skip_line(self, block: bytes) -> bytes:
        end = block.find(_LF) + 1
        self._in_line = end == 0
        skipped = end or len(block)
        self._start += skipped
        return block[skipped:]

    def _hold(self, rest: bytes) -> None:
        self._unfinished_bytes += len(rest)
        room = MAX_LINE_BYTES + 1 - len(self._unfinished)
        self._unfinished += rest[: max(0, room)]
