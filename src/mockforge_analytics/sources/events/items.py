"""The events of a body, one by one: an object, an array, or an object a line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from mockforge_analytics.errors import InputTooLargeError
from mockforge_analytics.sources.events.event import UNREADABLE, Event, Fault, fault_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Items", "read_items"]

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ARRAY: Final = b"["
_BLANKS: Final = " \t\r\n"
_LINE_FEED, _OPEN, _CLOSE = b"\n{}"
_LEAP_SECOND: Final = re.compile(rb'("timestamp"\s*:\s*"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:)60')
_LINES_AT_ONCE: Final = 5_000  # other threads get their turn between two calls only
_READ_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_EVENT: Final = msgspec.json.Decoder(Event)
_EVENTS: Final = msgspec.json.Decoder(list[Event])
# Finds where a value ends, whatever is wrong inside (NaN, 5000-digit numbers, control characters); makes little of it.
_SCANNER: Final = json.JSONDecoder(
    strict=False, parse_int=len, parse_float=len, parse_constant=len, object_pairs_hook=len
)


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What a body holds: ``received = len(events) + len(faults)``; `index` is the place of each event in the body."""

    received: int
    events: list[Event]
    index: list[int] | range
    faults: list[Fault]
    texts: list[bytes] | None = None

    def text(self, index: int) -> bytes:
        """Return the event at `index` as JSON: as it came, or where that was not kept its known fields."""
        return msgspec.json.encode(self.events[index]) if self.texts is None else self.texts[index]


def read_items(data: bytes, most: int, *, is_lines: bool = False) -> Items:
    """Return the events in `data`: UTF-8 JSON, one object, an array of objects, or objects one a line.

    Blank lines do not count. With `is_lines` every line is an event of its own whatever the first one looks like.
    Of an array that is no JSON, because it breaks off for example, nothing is taken: it is one item with a fault.

    Raises:
        InputTooLargeError: there are more than `most` events.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK).strip()
    if not data:
        return Items(1, [], range(0), [Fault(0, UNREADABLE, "the body is empty")], [data])
    if data.startswith(_ARRAY) and not is_lines:
        return _read_array(data, most)
    is_feed = np.frombuffer(data, np.uint8) == _LINE_FEED
    if np.count_nonzero(is_feed) >= most:  # `bytes.count` takes 0.4 µs an event, as long as half of all the reading
        raise _too_many(most)
    items = _read_even_lines(data, np.flatnonzero(is_feed))
    if items is not None:
        return items
    texts = [text for text in map(bytes.strip, data.split(b"\n")) if text]
    if len(texts) > 1 and not is_lines and not _is_whole(texts[0]):
        texts = [data]
    return _read_texts(texts, data)


def _count(data: bytes, byte: int) -> int:
    """Return how often `byte` occurs."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == byte))


def _too_many(most: int) -> InputTooLargeError:
    return InputTooLargeError(f"the body holds more than {most:,} events: send them in several requests")


def _is_whole(text: bytes) -> bool:
    """Return whether `text`, the first of several lines, is a value by itself, not the start of an indented object."""
    try:
        _SCANNER.raw_decode(text.decode("latin-1"))
    except (ValueError, RecursionError):
        return False
    return True


def _read_even_lines(data: bytes, feeds: NDArray[np.intp]) -> Items | None:
    """Return the events of `data` where each line is one, from brace to brace; None where a line is anything else.

    `feeds` are the places of its line feeds.

    The reader of lines takes values as they come, whatever the line feeds say. Here no value can span two lines, as no
    JSON has an opening brace behind a closing one; so as many values as lines means one in each. It takes 0.9 µs an
    event, 0.7 less than line by line.
    """
    place = np.frombuffer(data, np.uint8)
    ends, starts = place[np.append(feeds, len(data)) - 1], place[np.append(-1, feeds) + 1]
    if not ((starts == _OPEN).all() and (ends == _CLOSE).all()):
        return None
    cuts = [0, *feeds[_LINES_AT_ONCE - 1 :: _LINES_AT_ONCE].tolist(), len(data)]
    events: list[Event] = []
    try:
        _require_utf8(data)
        for start, end in pairwise(cuts):
            events += _EVENT.decode_lines(memoryview(data)[start:end])
    except _READ_FAULTS:
        return None
    return Items(len(events), events, range(len(events)), []) if len(events) == len(starts) else None


def _read_texts(texts: list[bytes], data: bytes) -> Items:
    decode = _EVENT.decode
    try:
        _require_utf8(data)
        return Items(len(texts), [decode(text) for text in texts], range(len(texts)), [], texts)
    except _READ_FAULTS:
        pass
    events, index, faults = [], [], []
    for number, text in enumerate(texts):
        try:
            _require_utf8(text)
            events.append(_decoded(text))
        except _READ_FAULTS as error:
            faults.append(fault_of(number, text, error))
        else:
            index.append(number)
    return Items(len(texts), events, index, faults, texts)


def _decoded(text: bytes) -> Event:
    """Return the event `text`; a second of 60 is the next second, as in logs."""
    try:
        return _EVENT.decode(text)
    except msgspec.ValidationError:
        before = _LEAP_SECOND.sub(rb"\g<1>59", text, count=1)
        if before == text:
            raise
    event = _EVENT.decode(before)
    if isinstance(event.timestamp, datetime) and event.timestamp.year < MAXYEAR:
        event.timestamp += timedelta(seconds=1)
    return event


def _require_utf8(data: bytes) -> None:
    """Look at all of `data`: the reader passes over the bytes of fields that nobody asked for."""
    if not data.isascii():
        data.decode()


def _read_array(data: bytes, most: int) -> Items:
    if _count(data, _OPEN) <= most:  # bounds the memory; objects inside of events count here
        try:
            _require_utf8(data)
            events = _EVENTS.decode(data)
        except _READ_FAULTS:
            pass
        else:
            return Items(len(events), events, range(len(events)), [])
    texts = _split_array(data, most)
    return Items(1, [], [], [texts], [data]) if isinstance(texts, Fault) else _read_texts(texts, data)


def _split_array(data: bytes, most: int) -> list[bytes] | Fault:
    """Return the elements of an array as they came, or why it is none."""
    text = data.decode("latin-1")  # a character a byte: structure is ASCII
    texts: list[bytes] = []
    at = _next(text, 1)
    if text[at:] == "]":
        return texts
    while True:
        if len(texts) == most:
            raise _too_many(most)
        try:
            _, end = _SCANNER.raw_decode(text, at)
        except RecursionError:
            return _broken(len(texts), at, "is nested too deeply")
        except ValueError:
            return _broken(len(texts), at, "is not valid JSON")
        texts.append(data[at:end])
        at = _next(text, end)
        mark = text[at : at + 1]
        if mark == "]" and at + 1 == len(text):
            return texts
        if mark != ",":
            return _broken(len(texts), at, "is not valid JSON")
        at = _next(text, at + 1)


def _broken(number: int, at: int, what: str) -> Fault:
    return Fault(0, UNREADABLE, f"the array {what} from byte {at} on, behind {number:,} events; nothing of it is taken")


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
