"""What a body of events comes to; the same in the server's process and in the one beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.events import EventError
from mockforge_analytics.rollup.gauges import clean_gauges
from mockforge_analytics.sources.events.columns import Terms
from mockforge_analytics.sources.events.decode import decode_events
from mockforge_analytics.sources.events.inflate import inflate
from mockforge_analytics.store.reach import DAY_TIER

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mockforge_analytics.config import IngestConfig
    from mockforge_analytics.model.batch import Rejection
    from mockforge_analytics.model.events import EventBody
    from mockforge_analytics.rollup.stage import Encoded, Rollup
    from mockforge_analytics.store.reach import Reach

__all__ = ["EventsRead", "ReadRequest", "encoded_events", "read_events"]

_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A body that came in at `now_us` (microseconds), what the database keeps by then, and the limits."""

    body: EventBody
    now_us: int
    reach: Reach
    limits: IngestConfig

    def keeps(self, seconds: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each time whether requests of it are kept."""
        return self.reach.covers(DAY_TIER, seconds)


@dataclass(frozen=True, slots=True, eq=False)
class EventsRead:
    """What a body held: ``received = accepted requests + accepted gauges + faults``.

    Attributes:
        count: accepted requests.
        requests: the accepted requests, none where they are `encoded`.
        encoded: them as numbers.
        gauges: accepted samples of connections, with clean names.
        rejected: refused events by the field at fault; samples, errors: the first of them.
        digest: of the body without its content coding, where it has a key.
    """

    received: int
    count: int
    faults: int
    is_unreadable: bool
    requests: pl.DataFrame
    gauges: pl.DataFrame
    rejected: dict[str, int]
    samples: tuple[Rejection, ...]
    errors: tuple[EventError, ...]
    digest: bytes | None
    encoded: Encoded | None = None


def read_events(request: ReadRequest) -> EventsRead:
    """Return what the body of `request` holds.

    Raises:
        FormatError: see `inflate`.
        InputTooLargeError: it inflates to more than is accepted, or holds too many events.
        SourceError: its compression is damaged.
    """
    body, limits = request.body, request.limits
    data = inflate(body.data, body.encoding, limits.max_inflated_bytes)
    terms = Terms(request.now_us, body.workspace, request.keeps)
    decoded = decode_events(data, terms, most=limits.max_events, is_lines=body.is_lines)
    shown = decoded.faults[: limits.max_errors]
    return EventsRead(
        received=decoded.received,
        count=len(decoded.requests),
        faults=len(decoded.faults),
        is_unreadable=decoded.is_unreadable,
        requests=decoded.requests,
        gauges=clean_gauges(decoded.gauges),
        rejected=decoded.rejected(),
        samples=decoded.samples(),
        errors=tuple(EventError(fault.index, fault.field, fault.reason) for fault in shown),
        digest=None if body.key is None else sha256(data).digest()[:_DIGEST_BYTES],  # 0.5 µs a KB, half of BLAKE2
    )


def encoded_events(request: ReadRequest, rollup: Rollup) -> EventsRead:
    """Return the same with the requests as numbers: a sixth of the bytes, and less to do for who gets them.

    Raises:
        AnalyticsError: as `read_events` does.
    """
    read = read_events(request)
    if not read.count:
        return read
    encoded, refused = rollup.encode(read.requests, now_us=request.now_us)
    rejected = {name: read.rejected.get(name, 0) + refused.get(name, 0) for name in (*read.rejected, *refused)}
    return replace(read, requests=read.requests.clear(), encoded=encoded, rejected=rejected)
