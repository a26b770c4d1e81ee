"""A body of events to requests, samples of connections, and what was refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import polars as pl

from mockforge_analytics.model.batch import GAUGE_SCHEMA, Rejection
from mockforge_analytics.sources.accesslog.text import printable
from mockforge_analytics.sources.events.columns import Terms, gauge_columns, request_columns
from mockforge_analytics.sources.events.event import UNREADABLE, Event, Fault
from mockforge_analytics.sources.events.items import Items, read_items

__all__ = ["Decoded", "decode_events"]

_MAX_SAMPLES: Final = 5  # of each field at fault
_MAX_SAMPLE_CHARS: Final = 200
_REQUEST: Final = (None, "request")
_CONNECTIONS: Final = "connections"


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a body held: ``received = len(requests) + len(gauges) + len(faults)``.

    Attributes:
        requests: columns of `REQUEST_SCHEMA`.
        gauges: columns of `GAUGE_SCHEMA`; names as they were given.
        faults: one a refused event, in the order of the body.
    """

    items: Items
    requests: pl.DataFrame
    gauges: pl.DataFrame
    faults: tuple[Fault, ...]

    @property
    def received(self) -> int:
        """The number of events in the body."""
        return self.items.received

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing of the body is JSON."""
        return self.received > 0 and all(fault.code == UNREADABLE for fault in self.faults) and not self.accepted

    @property
    def accepted(self) -> int:
        """The number of events without a fault."""
        return len(self.requests) + len(self.gauges)

    def rejected(self) -> dict[str, int]:
        """Return how many events were refused, by field at fault."""
        return dict(Counter(fault.code for fault in self.faults))

    def samples(self) -> tuple[Rejection, ...]:
        """Return the first few refused events of each field at fault."""
        shown: Counter[str] = Counter()
        found = []
        for fault in self.faults:
            shown[fault.code] += 1
            if shown[fault.code] <= _MAX_SAMPLES:
                text = printable(self.items.text(fault.index), _MAX_SAMPLE_CHARS)
                found.append(Rejection(fault.code, f"event {fault.index} of its request", text))
        return tuple(found)


def decode_events(data: bytes, terms: Terms, *, most: int, is_lines: bool = False) -> Decoded:
    """Return what the body `data` holds; see `read_items` for its forms, `is_lines` and `most`.

    Raises:
        InputTooLargeError: there are more than `most` events.
    """
    items = read_items(data, most, is_lines=is_lines)
    kinds = [event.type for event in items.events]
    if kinds.count(None) == len(kinds):
        rows = request_columns(items.events, items.index, terms)
        return Decoded(items, rows.frame, pl.DataFrame(schema=GAUGE_SCHEMA), _ordered([*items.faults, *rows.faults]))
    rows = request_columns(*_of_kind(items, _REQUEST), terms)
    samples = gauge_columns(*_of_kind(items, (_CONNECTIONS,)), terms)
    faults = [*items.faults, *_unknown(items), *rows.faults, *samples.faults]
    return Decoded(items, rows.frame, samples.frame, _ordered(faults))


def _of_kind(items: Items, kinds: tuple[str | None, ...]) -> tuple[list[Event], list[int]]:
    picked = [row for row, event in enumerate(items.events) if event.type in kinds]
    return [items.events[row] for row in picked], [items.index[row] for row in picked]


def _unknown(items: Items) -> list[Fault]:
    known = (*_REQUEST, _CONNECTIONS)
    rows = [row for row, event in enumerate(items.events) if event.type not in known]
    reason = "type must be request (or absent) or connections"
    return [Fault(items.index[row], "type", reason) for row in rows]


def _ordered(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.index))
