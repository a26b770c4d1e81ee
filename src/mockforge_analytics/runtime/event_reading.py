"""What bodies of events come to; the same in the server's process and in the one beside it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import AnalyticsError
from mockforge_analytics.model.events import EventError
from mockforge_analytics.rollup.gauges import clean_gauges
from mockforge_analytics.sources.events.columns import Terms
from mockforge_analytics.sources.events.decode import decode_joined
from mockforge_analytics.sources.events.inflate import inflate
from mockforge_analytics.sources.events.items import read_items
from mockforge_analytics.store.reach import DAY_TIER

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mockforge_analytics.config import IngestConfig
    from mockforge_analytics.model.batch import Rejection
    from mockforge_analytics.model.events import EventBody
    from mockforge_analytics.rollup.stage import Encoded, Rollup
    from mockforge_analytics.sources.events.decode import Decoded
    from mockforge_analytics.sources.events.items import Items
    from mockforge_analytics.sources.events.table import EventTable
    from mockforge_analytics.store.reach import Reach

__all__ = ["BodyRead", "EventsRead", "ReadRequest", "encoded_events", "read_events"]

_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Bodies for one workspace that came in by `now_us` (microseconds), what the database keeps by then, and limits."""

    bodies: tuple[EventBody, ...]
    now_us: int
    reach: Reach
    limits: IngestConfig

    def keeps(self, seconds: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each time whether requests of it are kept."""
        return self.reach.covers(DAY_TIER, seconds)


@dataclass(frozen=True, slots=True, eq=False)
class BodyRead:
    """What a body held besides its requests: ``received = count + accepted gauges + faults``.

    Attributes:
        count: accepted requests.
        gauges: accepted samples of connections, with clean names; None where there are none.
        rejected: refused events by the field at fault; samples, errors: the first of them.
        digest: of the body without its content coding, where it has a key.
    """

    received: int
    count: int
    faults: int
    is_unreadable: bool
    gauges: pl.DataFrame | None
    rejected: dict[str, int]
    samples: tuple[Rejection, ...]
    errors: tuple[EventError, ...]
    digest: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class EventsRead:
    """What some bodies held, or why one is refused as a whole.

    Attributes:
        bodies: the first of those asked about, at least one; the others would be too many events at once.
        requests: the accepted requests of all, in the order of the bodies; None where they are `encoded`.
        encoded: them as numbers; None also where there are none.
    """

    bodies: tuple[BodyRead | AnalyticsError, ...]
    requests: pl.DataFrame | None
    encoded: Encoded | None = None


def read_events(request: ReadRequest) -> EventsRead:
    """Return what the bodies of `request` hold."""
    bodies, table = _read(request)
    return EventsRead(bodies, None if table is None else table.frame)


def encoded_events(request: ReadRequest, rollup: Rollup) -> EventsRead:
    """Return the same with the requests as numbers: a sixth of the bytes, and less to do for who gets them.

    Raises:
        ValueError: the rollup takes less than the reader; whose requests those are is not known here.
    """
    bodies, table = _read(request)
    return EventsRead(bodies, None, None if table is None else rollup.encode_table(table, now_us=request.now_us))


def _read(request: ReadRequest) -> tuple[tuple[BodyRead | AnalyticsError, ...], EventTable | None]:
    opened = _opened_bodies(request)
    whole = [one for one in opened if isinstance(one, _Opened)]
    if not whole:
        return tuple(one for one in opened if isinstance(one, AnalyticsError)), None
    terms = Terms(request.now_us, request.bodies[0].workspace, request.keeps)
    joined = decode_joined([one.items for one in whole], terms)
    decoded = iter(joined.parts)
    bodies = (_body_read(next(decoded), one, request.limits) if isinstance(one, _Opened) else one for one in opened)
    return tuple(bodies), joined.table


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    items: Items
    digest: bytes | None


def _opened_bodies(request: ReadRequest) -> list[_Opened | AnalyticsError]:
    """Return the first bodies of `request`, until as many events came together as one alone may hold."""
    opened: list[_Opened | AnalyticsError] = []
    events = 0
    for body in request.bodies:
        one = _opened(body, request.limits)
        opened.append(one)
        events += one.items.received if isinstance(one, _Opened) else 0
        if events >= request.limits.max_events:
            break
    return opened


def _opened(body: EventBody, limits: IngestConfig) -> _Opened | AnalyticsError:
    try:
        data = inflate(body.data, body.encoding, limits.max_inflated_bytes)
        items = read_items(data, limits.max_events, is_lines=body.is_lines)
    except AnalyticsError as error:
        return error
    # SHA-256 takes 0.5 µs a KB, half of BLAKE2
    return _Opened(items, None if body.key is None else sha256(data).digest()[:_DIGEST_BYTES])


def _body_read(decoded: Decoded, opened: _Opened, limits: IngestConfig) -> BodyRead:
    return BodyRead(
        received=decoded.received,
        count=decoded.count,
        faults=len(decoded.faults),
        is_unreadable=decoded.is_unreadable,
        gauges=None if decoded.gauges.is_empty() else clean_gauges(decoded.gauges),
        rejected=decoded.rejected(),
        samples=decoded.samples(),
        errors=tuple(EventError(one.index, one.field, one.reason) for one in decoded.faults[: limits.max_errors]),
        digest=opened.digest,
    )
