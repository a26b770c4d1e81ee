"""The rollup stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.model.batch import Deltas
from mockforge_analytics.rollup.admission import admit
from mockforge_analytics.rollup.agents import UserAgents
from mockforge_analytics.rollup.clients import client_endpoints, client_rows, group_clients
from mockforge_analytics.rollup.counted import counted_deltas
from mockforge_analytics.rollup.events import error_events
from mockforge_analytics.rollup.requests import encode_requests
from mockforge_analytics.rollup.sums import error_cells, group_series, make_cells, series_frame
from mockforge_analytics.rollup.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from mockforge_analytics.config import CapConfig, Templating
    from mockforge_analytics.model.counted import Counted

__all__ = ["Rollup"]


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

    def deltas(self, frame: pl.DataFrame, *, now_us: int, fine_from: int = 0) -> tuple[Deltas, dict[str, int]]:
        """Return what the requests of `frame` (columns of `REQUEST_SCHEMA`) add, and how many were refused by reason.

        Every request is either in the deltas or refused: one whose timestamp lies before 1970-01-02
        (``timestamp_past``) or more than two days after `now_us`, microseconds (``timestamp_future``), or whose latency
        (``latency``) or size (``bytes``) is impossible. `fine_from` (seconds) is the floor of the 10-second tiers: a
        frame that is older as a whole gets cells of a minute, which is a sixth of the work. Texts are cut and cleaned
        as `rollup.text` says.
        """
        frame, refused = admit(frame, now_us)
        if frame.is_empty():
            return Deltas.empty(), refused
        requests = encode_requests(frame, self._templates)
        series = group_series(requests)
        error_series, errors = error_cells(requests, series)
        client, first = group_clients(requests)
        deltas = Deltas(
            series=series_frame(requests, series),
            cells=make_cells(requests, series, fine_from),
            error_series=error_series,
            errors=errors,
            clients=client_rows(requests, client, first, self._agents),
            client_endpoints=client_endpoints(requests, client, len(first), self._caps.endpoints_per_client),
            events=error_events(frame, requests, self._caps),
        )
        return deltas, refused

    def counted(self, counted: Counted) -> Deltas:
        """Return what requests add that their source has counted itself; texts are cut and cleaned as in `deltas`."""
        return counted_deltas(counted, self._templates)
