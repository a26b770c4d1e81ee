"""A body of events to requests, samples of connections, and what was refused."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.batch import GAUGE_SCHEMA, Rejection
from mockforge_analytics.sources.accesslog.text import printable
from mockforge_analytics.sources.events.columns import GaugeColumns, Terms, gauge_columns, request_columns
from mockforge_analytics.sources.events.event import UNREADABLE, Event, Fault
from mockforge_analytics.sources.events.items import Items, read_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.sources.events.table import EventTable

__all__ = ["Decoded", "Joined", "decode_events", "decode_joined"]

Int64s = NDArray[np.int64]

_MAX_SAMPLES: Final = 5  # of each field at fault
_MAX_SAMPLE_CHARS: Final = 200
_REQUEST: Final = (None, "request")
_CONNECTIONS: Final = "connections"
_NO_GAUGES: Final = pl.DataFrame(schema=GAUGE_SCHEMA)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a body held: ``received = count + len(gauges) + len(faults)``.

    Attributes:
        table: the sound requests, and those of bodies read with it; `rows` says which are its own.
        gauges: columns of `GAUGE_SCHEMA`; names as they were given.
        faults: one a refused event, in the order of the body.
    """

    items: Items
    table: EventTable
    rows: tuple[int, int]
    gauges: pl.DataFrame
    faults: tuple[Fault, ...]

    @property
    def received(self) -> int:
        """The number of events in the body."""
        return self.items.received

    @property
    def count(self) -> int:
        """The number of sound requests in the body."""
        return self.rows[1] - self.rows[0]

    @property
    def requests(self) -> pl.DataFrame:
        """Its sound requests, columns of `REQUEST_SCHEMA`."""
        return self.table.frame[slice(*self.rows)]

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing of the body is JSON."""
        return self.received > 0 and all(fault.code == UNREADABLE for fault in self.faults) and not self.accepted

    @property
    def accepted(self) -> int:
        """The number of events without a fault."""
        return self.count + len(self.gauges)

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


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What several bodies held: the sound requests of all, in the order of the bodies, and each body by itself."""

    table: EventTable
    parts: tuple[Decoded, ...]


def decode_events(data: bytes, terms: Terms, *, most: int, is_lines: bool = False) -> Decoded:
    """Return what the body `data` holds; see `read_items` for its forms, `is_lines` and `most`.

    Raises:
        InputTooLargeError: there are more than `most` events.
    """
    return decode_joined([read_items(data, most, is_lines=is_lines)], terms).parts[0]


def decode_joined(bodies: Sequence[Items], terms: Terms) -> Joined:
    """Return what `bodies` hold, at least one: of all columns at once, which takes as long for few events as for many.

    Bodies of 1,000 events took 8 µs an event one by one, twice as long as those of 5,000.
    """
    begins = np.cumsum([0, *(body.received for body in bodies)])
    events, index = _events(bodies, begins)
    kinds = [event.type for event in events]
    faults: list[Fault] = []
    if kinds.count(None) == len(kinds):
        rows, samples = request_columns(events, index, terms), GaugeColumns(_NO_GAUGES, index[:0], [])
    else:
        rows = request_columns(*_of_kind(events, kinds, index, _REQUEST), terms)
        samples = gauge_columns(*_of_kind(events, kinds, index, (_CONNECTIONS,)), terms)
        faults += _unknown(kinds, index)
    of_body = _by_body([*faults, *rows.faults, *samples.faults], begins.tolist())
    rows_of = pairwise(np.searchsorted(rows.index, begins).tolist())
    samples_of = pairwise(np.searchsorted(samples.index, begins).tolist())
    parts = (
        Decoded(body, rows.table, own, samples.frame[slice(*sampled)], _ordered([*body.faults, *found]))
        for body, own, sampled, found in zip(bodies, rows_of, samples_of, of_body, strict=True)
    )
    return Joined(rows.table, tuple(parts))


def _events(bodies: Sequence[Items], begins: Int64s) -> tuple[list[Event], Int64s]:
    """Return the events of all `bodies`, and the place of each among all that these hold."""
    places = [np.asarray(body.index, np.int64) + begin for body, begin in zip(bodies, begins.tolist(), strict=False)]
    return list(chain.from_iterable(body.events for body in bodies)), np.concatenate(places)


def _of_kind(
    events: list[Event], kinds: list[str | None], index: Int64s, wanted: tuple[str | None, ...]
) -> tuple[list[Event], Int64s]:
    picked = [row for row, kind in enumerate(kinds) if kind in wanted]
    return [events[row] for row in picked], index[picked]


def _unknown(kinds: list[str | None], index: Int64s) -> list[Fault]:
    known = (*_REQUEST, _CONNECTIONS)
    rows = [row for row, kind in enumerate(kinds) if kind not in known]
    reason = "type must be request (or absent) or connections"
    return [Fault(int(index[row]), "type", reason) for row in rows]


def _by_body(faults: list[Fault], begins: list[int]) -> list[list[Fault]]:
    """Return the faults of each body, with their places in it."""
    found: list[list[Fault]] = [[] for _ in begins[1:]]
    for fault in faults:
        number = bisect_right(begins, fault.index) - 1
        found[number].append(Fault(fault.index - begins[number], fault.code, fault.reason))
    return found


def _ordered(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.index))
