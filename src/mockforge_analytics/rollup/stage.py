"""The rollup stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.batch import Deltas
from mockforge_analytics.model.codes import compact
from mockforge_analytics.rollup.addends import Addends
from mockforge_analytics.rollup.admission import admit, is_sound
from mockforge_analytics.rollup.agents import UserAgents
from mockforge_analytics.rollup.clients import client_endpoints, client_rows, group_clients
from mockforge_analytics.rollup.counted import counted_deltas
from mockforge_analytics.rollup.events import error_events, merge_events
from mockforge_analytics.rollup.requests import FrameTable, Requests, encode_requests
from mockforge_analytics.rollup.sums import error_cells, group_series, make_cells, series_rows
from mockforge_analytics.rollup.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockforge_analytics.config import CapConfig, Templating
    from mockforge_analytics.model.counted import Counted
    from mockforge_analytics.model.request import RequestTable

__all__ = ["Encoded", "Rollup"]

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A frame of requests as numbers, and the sample of its failures in full; `event_row` is the request of each."""

    requests: Requests
    events: pl.DataFrame
    event_row: Int64s

    def compacted(self) -> Encoded:
        """Return the same without a hold on the buffers of the frame it was made of."""
        events = pl.DataFrame([compact(column) for column in self.events.iter_columns()])
        return Encoded(self.requests.compacted(), events, self.event_row)

    def part(self, begin: int, end: int) -> Encoded:
        """Return the requests from `begin` to before `end`, with what the sample has of their failures."""
        if (begin, end) == (0, len(self.requests)):
            return self
        picked = (self.event_row >= begin) & (self.event_row < end)
        return Encoded(
            self.requests.part(begin, end), self.events.filter(pl.Series(picked)), self.event_row[picked] - begin
        )


class Rollup:
    """Turns frames of requests into deltas.

    The deltas of the parts of a frame, however it is split and ordered, add up to the deltas of the whole (from minutes
    on, where `fine_from` made cells of a minute). Exceptions
    are what is capped within a batch (`Deltas.events`, the endpoints of a client) and templating level ``adaptive``,
    whose endpoints depend on the paths seen before. Safe to share between threads.
    """

    def __init__(self, templating: Templating, caps: CapConfig, known_endpoints: Iterable[str] = ()) -> None:
        """Use `known_endpoints`, those of a database, to go on where adaptive templating left off."""
        self._caps = caps
        self._templates = Templates(templating, known_endpoints)
        self._agents = UserAgents()

    def deltas(
        self, frame: pl.DataFrame | None, *encoded: Encoded, now_us: int, fine_from: int = 0
    ) -> tuple[Deltas, dict[str, int]]:
        """Return what the requests of `frame` (columns of `REQUEST_SCHEMA`) add, and how many were refused by reason.

        Requests that are `encoded` already are added.

        Every request is either in the deltas or refused: one whose timestamp lies before 1970-01-02
        (``timestamp_past``) or more than two days after `now_us`, microseconds (``timestamp_future``), or whose latency
        (``latency``) or size (``bytes``) is impossible. `fine_from` (seconds) is the floor of the 10-second tiers: a
        frame that is older as a whole gets cells of a minute, which is a sixth of the work. Texts are cut and cleaned
        as `rollup.text` says.
        """
        own, refused = (None, {}) if frame is None else self._encode(frame, now_us)
        return self.sums(encoded if own is None else (own, *encoded), fine_from=fine_from), refused

    def encode(self, frame: pl.DataFrame, *, now_us: int) -> tuple[Encoded | None, dict[str, int]]:
        """Do the part of `deltas` that depends on texts, for a frame of many; None where all of it is refused.

        What is returned takes about 60 bytes a request and nothing of the buffers behind `frame`.
        """
        encoded, refused = self._encode(frame, now_us)
        return encoded and encoded.compacted(), refused

    def _encode(self, frame: pl.DataFrame, now_us: int) -> tuple[Encoded | None, dict[str, int]]:
        frame, refused = admit(frame, now_us)
        if frame.is_empty():
            return None, refused
        return self._encoded(FrameTable(frame)), refused

    def encode_table(self, table: RequestTable, *, now_us: int) -> Encoded | None:
        """Return the same for requests that their source has judged; None where there are none.

        Raises:
            ValueError: one of them would be refused.
        """
        if not len(table):
            return None
        encoded = self._encoded(table)
        if not is_sound(encoded.requests, now_us):
            message = "a request is not fit to be counted, and its source did not refuse it"
            raise ValueError(message)
        return encoded.compacted()

    def _encoded(self, table: RequestTable) -> Encoded:
        requests = encode_requests(table, self._templates)
        return Encoded(requests, *error_events(table, requests, self._caps))

    def sums(self, parts: Sequence[Encoded], *, fine_from: int = 0) -> Deltas:
        """Return the deltas of the frames that became `parts`, as if they had been one."""
        if not parts:
            return Deltas.empty()
        requests = Requests.concat([part.requests for part in parts])
        scope = requests.scopes()
        series = group_series(requests, scope)
        addends = Addends.of(requests)
        error_series, error_owners, errors = error_cells(requests, series)
        client, first = group_clients(requests, scope)
        return Deltas(
            series=series_rows(requests, series),
            cells=make_cells(requests, addends, series, fine_from),
            error_series=error_series,
            error_owners=error_owners,
            errors=errors,
            clients=client_rows(requests, addends, client, first, self._agents),
            client_endpoints=client_endpoints(requests, client, len(first), self._caps.endpoints_per_client),
            events=merge_events([part.events for part in parts], self._caps),
        )

    def counted(self, counted: Counted) -> Deltas:
        """Return what requests add that their source has counted itself; texts are cut and cleaned as in `deltas`."""
        return counted_deltas(counted, self._templates)
