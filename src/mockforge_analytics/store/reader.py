"""Snapshots: a read transaction on a pooled read-only connection, with a deadline."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryTimeoutError, StoreBusyError
from mockforge_analytics.model.plan import ClientsFound, Coverage, ReadPlan, ReadResult, Slice, StatusRange
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.model.window import MICROSECONDS, Window
from mockforge_analytics.store.client_rows import load_clients
from mockforge_analytics.store.clients import read_client_endpoints, read_endpoint_clients, run_clients
from mockforge_analytics.store.coarse import load_coarse
from mockforge_analytics.store.connection import open_reader, translated
from mockforge_analytics.store.dictionary import Dictionary
from mockforge_analytics.store.events import read_events
from mockforge_analytics.store.execute import pending_part, run
from mockforge_analytics.store.gauges import pending_gauges, run_gauges
from mockforge_analytics.store.reach import load_reach
from mockforge_analytics.store.rows import as_int
from mockforge_analytics.store.segments import Narrow, load_segment, load_series
from mockforge_analytics.store.vitals import read_vitals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import apsw
    import polars as pl

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.model.dimensions import Dimension
    from mockforge_analytics.model.tiers import Tier
    from mockforge_analytics.model.vitals import VitalSign
    from mockforge_analytics.store.client_rows import ClientRows
    from mockforge_analytics.store.parts import Part
    from mockforge_analytics.store.pending_view import PendingCache
    from mockforge_analytics.store.segments import Held, Segment, SegmentCache

__all__ = ["SqliteReader", "SqliteSnapshot"]

(_CLIENT_TIER,) = tiers_of(Fact.CLIENT)
_STEPS_BETWEEN_CHECKS: Final = 20_000  # of SQLite's virtual machine, well under a millisecond
_META: Final = (
    "SELECT coalesce((SELECT value FROM meta WHERE key = 'folds'), 0), "
    "max(coalesce((SELECT value FROM meta WHERE key = 'commit'), 0), coalesce((SELECT max(id) FROM pending), 0)), "
    "(SELECT min(value) FROM "
    "(SELECT value FROM meta WHERE key = 'first' UNION ALL SELECT min(first_seen) FROM pending)), "
    "(SELECT max(value) FROM (SELECT value FROM meta WHERE key = 'last' UNION ALL SELECT max(last_seen) FROM pending))"
)


class SqliteSnapshot:
    """One read transaction; implements `ports.Snapshot`."""

    def __init__(
        self,
        connection: apsw.Connection,
        dictionary: Dictionary,
        segments: SegmentCache,
        pending: PendingCache,
        expired: Callable[[], bool],
    ) -> None:
        self.connection = connection
        self._dictionary = dictionary
        self._segments = segments
        self._expired = expired
        folds, commit, first, last = connection.execute(_META).fetchall()[0]
        self._fold, self._commit = as_int(folds), as_int(commit)
        segments.see(self._fold)
        reach = load_reach(connection)
        self._coverage = Coverage(
            reach.floors,
            reach.islands,
            None if first is None else as_int(first),
            None if last is None else as_int(last),
            load_coarse(connection),
        )
        dictionary.refresh(connection)
        self._pending = pending.view(connection, self._fold)

    @property
    def commit(self) -> int:
        """The number of the newest commit in the snapshot."""
        return self._commit

    @property
    def coverage(self) -> Coverage:
        """What the snapshot holds."""
        return self._coverage

    def read(self, plan: ReadPlan) -> ReadResult:
        """Answer `plan`; see `ports.Snapshot`."""
        if plan.fact is Fact.CLIENT:
            return run_clients(plan, self._clients, self.connection, self._pending)
        if plan.fact is Fact.GAUGE:
            return run_gauges(plan, self._dictionary, lambda piece: self._parts(piece, pending_gauges(self._pending)))
        waiting = pending_part(plan.fact, self._pending, self._dictionary)
        narrow = self._narrow(plan)
        return run(plan, self._dictionary, lambda piece: self._parts(piece, waiting, narrow))

    def _narrow(self, plan: ReadPlan) -> Narrow[Segment] | None:
        """Return how to read only the cells that the filters leave, where these are of few series."""
        series = self._dictionary.few_series(plan.filters) if plan.fact is Fact.SERIES else None
        if series is None:
            return None
        return Narrow(
            tuple(series.tolist()), lambda connection, tier, window: load_series(connection, tier, window, series)
        )

    def _parts(self, piece: Slice, waiting: Part, narrow: Narrow[Segment] | None = None) -> Iterator[Part]:
        for segment in self._blocks(load_segment, piece.tier, piece.window, narrow):
            if self._expired():
                message = (
                    "the report took longer than its deadline: ask for a shorter time range or a coarser granularity"
                )
                raise QueryTimeoutError(message)
            yield segment.part.within(piece.window)
        yield waiting.within(piece.window)

    def _clients(self, window: Window) -> list[ClientRows]:
        return self._blocks(load_clients, _CLIENT_TIER, window)

    def _blocks(
        self,
        load: Callable[[apsw.Connection, Tier, Window], Held],
        tier: Tier,
        window: Window,
        narrow: Narrow[Held] | None = None,
    ) -> list[Held]:
        last = self._coverage.last
        filling_from = 0 if last is None else last // MICROSECONDS // tier.width * tier.width
        return self._segments.blocks(
            load, self.connection, tier, window, fold=self._fold, filling_from=filling_from, narrow=narrow
        )

    def error_events(
        self,
        window: Window,
        filters: Mapping[Dimension, tuple[str | StatusRange, ...]],
        limit: int,
        before: tuple[int, int] | None = None,
    ) -> pl.DataFrame:
        """Return stored and pending error events; see `ports.Snapshot`."""
        return read_events(self.connection, self._pending, window, filters, limit, before)

    def client_endpoints(
        self, window: Window, clients: Sequence[str], filters: Mapping[Dimension, tuple[str | StatusRange, ...]]
    ) -> pl.DataFrame:
        """Return the endpoints of clients; see `ports.Snapshot`."""
        return read_client_endpoints(self._clients, self.connection, self._pending, window, clients, filters)

    def endpoint_clients(
        self,
        windows: Sequence[Window],
        endpoints: Sequence[str],
        filters: Mapping[Dimension, tuple[str | StatusRange, ...]],
        limit: int,
    ) -> ClientsFound:
        """Return who asked some endpoints; see `ports.Snapshot`."""
        return read_endpoint_clients(self._clients, self.connection, self._pending, windows, endpoints, filters, limit)

    def vitals(self, since_us: int) -> list[VitalSign]:
        """Return what targets said of themselves last; see `ports.Snapshot`."""
        return read_vitals(self.connection, since_us)

    def source_positions(self, prefix: str) -> dict[str, str]:
        """Return the payloads of all source positions whose key begins with `prefix`."""
        select = "SELECT key, payload FROM source_position WHERE substr(key, 1, length(?1)) = ?1"
        return {str(key): str(payload) for key, payload in self.connection.execute(select, (prefix,))}


class SqliteReader:
    """A pool of read-only connections; implements `ports.Reader`."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        segments: SegmentCache,
        pending: PendingCache,
        *,
        readers: int,
        deadline_seconds: float,
    ) -> None:
        self._path = path
        self._clock = clock
        self._segments = segments
        self._dictionary = Dictionary()
        self._pending = pending
        self._deadline_seconds = deadline_seconds
        self._places = threading.BoundedSemaphore(readers)
        self._idle: queue.SimpleQueue[apsw.Connection] = queue.SimpleQueue()

    @contextmanager
    def snapshot(self, deadline_seconds: float | None = None) -> Iterator[SqliteSnapshot]:
        """Open a snapshot; every answer must be there within the deadline.

        Raises:
            StoreBusyError: all connections stay in use for as long as the deadline.
            QueryTimeoutError: the deadline passed while an answer was worked out.
        """
        seconds = self._deadline_seconds if deadline_seconds is None else deadline_seconds
        end = self._clock.monotonic() + seconds

        def expired() -> bool:
            return self._clock.monotonic() > end

        if not self._places.acquire(timeout=seconds):
            message = "all readers of the database are busy: try again later"
            raise StoreBusyError(message)
        try:
            with translated(self._path), self._connection() as connection:
                connection.set_progress_handler(expired, _STEPS_BETWEEN_CHECKS)
                connection.execute("BEGIN")
                try:
                    yield SqliteSnapshot(connection, self._dictionary, self._segments, self._pending, expired)
                finally:
                    connection.set_progress_handler(None)
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        finally:
            self._places.release()

    def has_token(self, token: str) -> bool:
        """Return whether a folded batch had `token`."""
        with translated(self._path), self._connection() as connection:
            return connection.execute("SELECT 1 FROM dedup_token WHERE token = ?", (token,)).fetchone() is not None

    @contextmanager
    def _connection(self) -> Iterator[apsw.Connection]:
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = open_reader(self._path)
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
