"""Everything that changes the database, each method one transaction; used by one thread at a time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import apsw
import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.errors import AnalyticsError, StoreError
from mockforge_analytics.model.batch import WriteResult
from mockforge_analytics.model.tiers import TIERS
from mockforge_analytics.model.window import MICROSECONDS, Granularity, floor_to
from mockforge_analytics.store.caps import SeenSeries
from mockforge_analytics.store.client_fold import CLIENT_TIER, ClientFold
from mockforge_analytics.store.coarse import note_coarse
from mockforge_analytics.store.connection import atomic, open_writer, savepoint, translated
from mockforge_analytics.store.endpoint_fold import EndpointFold
from mockforge_analytics.store.fold import CellFold
from mockforge_analytics.store.fold_parts import PART_SIZES
from mockforge_analytics.store.migrate import migrate
from mockforge_analytics.store.names import NameWriter
from mockforge_analytics.store.pending_rows import PendingRows
from mockforge_analytics.store.reach import Reach, due_floors, load_reach
from mockforge_analytics.store.repeats import Repeats
from mockforge_analytics.store.rows import as_int
from mockforge_analytics.store.side_facts import SideFold
from mockforge_analytics.store.slots import SlotMap
from mockforge_analytics.store.staging import TOKEN_REUSED, Stager, without_requests
from mockforge_analytics.store.vitals import add_vitals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.model.batch import Batch
    from mockforge_analytics.model.tiers import Tier
    from mockforge_analytics.store.fold_parts import PartSizes
    from mockforge_analytics.store.staged import Staged

__all__ = ["Committer"]

Int64s = NDArray[np.int64]
Result = TypeVar("Result")

_OWNER_ONLY: Final = 0o600
_PAGE_BYTES: Final = 4_096
_CHECKPOINT_PAGES: Final = 12_288  # of WAL (48 MiB); below it checkpoints would write hot pages again and again


_NEWEST: Final = (
    "SELECT max(value) FROM (SELECT value FROM meta WHERE key = 'last' UNION ALL SELECT max(last_seen) FROM pending)"
)


def _no_failpoint(name: str) -> None:
    """Nothing fails in production; tests pass a function that kills the process at a named point."""


class Committer:
    """Owns the one connection that commits and checkpoints.

    `touched(tier, bucket_starts, fold_number)` is called before the commit of a fold, for every tier it changes. `news`
    is what the last `write` committed, `rewrites` counts what else changed the history; both are for `store.feed`.
    """

    def __init__(
        self,
        path: Path,
        config: AnalyticsConfig,
        now_us: int,
        touched: Callable[[Tier, Int64s, int], None] = lambda _tier, _buckets, _number: None,
        failpoint: Callable[[str], None] = _no_failpoint,
    ) -> None:
        self.path = path
        self._config = config
        self.fail_at = failpoint
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY))
        self._touched = touched
        self.news: list[Staged] = []
        self.rewrites = 0
        self.connection = open_writer(path, durable=config.store.durable)
        try:
            self._open(now_us // MICROSECONDS)
        except BaseException:
            self.connection.close()
            raise

    def _open(self, now: int) -> None:
        self.fail_at("opened")
        self._wal_pages = self._wal_bytes() // _PAGE_BYTES
        self.connection.set_wal_hook(self._note_wal)
        self.migrated = migrate(self.connection, lambda: self._set_floors(now), self.fail_at)
        caps = self._config.caps
        self.names = NameWriter(self.connection)
        self._seen = SeenSeries(self.connection, self.names)
        self._stager = Stager(self.names, self._seen, caps)
        self._slots = SlotMap(self.connection)
        self._cells = CellFold(
            self.connection, self._slots.scopes, self._slots.error_slots, self._slots.gauge_slots, self._touch
        )
        self._endpoints = EndpointFold(self.connection, self._slots.series_parts)
        self._clients = ClientFold(self.connection, self.names, caps)
        self._side = SideFold(self.connection, caps)
        self._repeats = Repeats(self.connection)
        self.pending = PendingRows(self.connection)
        self._fresh: list[Staged] = []
        self._bulk: list[Staged] = []
        with atomic(self.connection):
            self._set_floors(now)
        self._load()

    def _set_floors(self, now: int) -> None:
        """Give every tier a floor: what the retention keeps. A tier this database did not have begins tomorrow."""
        floors = due_floors(self._config.retention, now)
        if self.connection.execute("SELECT 1 FROM tier_floor").fetchone() is not None:
            (last,) = self.connection.execute(_NEWEST).fetchall()[0]
            newest = max(now, as_int(last or 0) // MICROSECONDS) + int(Granularity.DAY)
            floors = {tier.name: floor_to(newest, Granularity.DAY) for tier in TIERS}
        insert = "INSERT OR IGNORE INTO tier_floor (tier, floor) VALUES (?, ?)"
        self.connection.executemany(insert, list(floors.items()))
        self.connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('retention_at', ?)", (now,))

    def _load(self) -> None:
        """Read what is remembered between transactions; also the way back after one that failed."""
        self.forget()
        self.reach: Reach = load_reach(self.connection)
        meta = {str(key): as_int(value) for key, value in self.connection.execute("SELECT key, value FROM meta")}
        self.folds = meta.get("folds", 0)
        self.pending.load()
        self.commit_number = max(meta.get("commit", 0), self.pending.newest)
        self._repeats.load(self.pending.staged())

    def forget(self) -> None:
        """Drop what is remembered of names and counts: they are read again from the database at need."""
        for memory in (self.names, self._seen, self._slots, self._endpoints, self._clients):
            memory.forget()

    @property
    def is_folding(self) -> bool:
        """Whether a fold has begun of which parts are left."""
        return self.pending.is_folding

    def write(self, batches: Sequence[Batch]) -> list[WriteResult | Exception]:
        """Commit `batches` together, each for itself: one that cannot be stored does not harm the others.

        Raises:
            StoreError: the commit failed; nothing of any batch is stored.
        """
        results: list[WriteResult | Exception] = []
        with translated(self.path), self._all_or_nothing():
            self.fail_at("write.begin")
            self._bulk.clear()
            self._fresh.clear()
            results.extend(map(self._write_one, batches))
            if self._fresh:
                self.pending.append(self.commit_number, self._fresh)
            news = [*self._fresh, *self._bulk]
            self._fresh.clear()
            if self._bulk:
                self._fold(self._bulk, batches[-1].received_at // MICROSECONDS)
                self._bulk.clear()
            self.fail_at("write.commit")
        self.fail_at("write.committed")
        self.news = news
        return results

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """A transaction after whose failure the memory is what the database is: as before."""
        try:
            with atomic(self.connection):
                yield
        except BaseException:
            self._load()
            raise

    def _write_one(self, batch: Batch) -> WriteResult | Exception:
        commit, fresh, bulk = self.commit_number, len(self._fresh), len(self._bulk)
        outcome: WriteResult | Exception
        try:
            with savepoint(self.connection):
                outcome = self._add(batch)
        except (apsw.Error, OSError, MemoryError):
            raise  # no fault of the batch
        except Exception as error:  # noqa: BLE001 - a batch that makes no sense must not harm those beside it
            outcome = error if isinstance(error, AnalyticsError) else _unusable(batch, error)
            self.commit_number = commit
            del self._fresh[fresh:]
            del self._bulk[bulk:]
            self._repeats.load(self._waiting())
            self.forget()
            self.reach = load_reach(self.connection)
        return outcome

    def _waiting(self) -> list[Staged]:
        """Return what is in no tier yet, that of this transaction included."""
        return [*self.pending.staged(), *self._fresh, *self._bulk]

    def _add(self, batch: Batch) -> WriteResult:
        if any(map(self._repeats.is_known, batch.joined)):
            return WriteResult(self.commit_number, is_repeated=True)
        self.commit_number += 1
        if batch.token is not None and self._repeats.is_known(batch.token):
            return self._note_repeat(batch, batch.token)
        held = False
        if batch.hold is not None:
            now = batch.received_at // MICROSECONDS
            held = self.reach.hold_days(self.connection, batch.deltas.cells.bucket, batch.hold, now)
            if held:
                self.rewrites += 1
                self.reach = load_reach(self.connection)
        outcome = self._stager.stage(batch, self.reach, self._waiting())
        note_coarse(self.connection, batch)
        add_vitals(self.connection, batch.vitals)
        if batch.position is not None:
            replace = "REPLACE INTO source_position (key, payload, updated_at) VALUES (?, ?, ?)"
            self.connection.execute(replace, (batch.position.key, batch.position.payload, batch.received_at))
        self.fail_at("write.staged")
        (self._bulk if batch.bulk else self._fresh).append(outcome.staged)
        self._repeats.add(outcome.staged)
        return WriteResult(
            self.commit_number,
            stored=outcome.stored,
            too_old=outcome.too_old,
            overflowed=outcome.overflowed,
            held=held,
        )

    def _note_repeat(self, batch: Batch, token: str) -> WriteResult:
        """Have nothing but the ledger hear of `batch`, whose `token` is known."""
        if self._repeats.contradicts(token, batch.digests.get(token)):
            self._fresh.append(without_requests(batch, TOKEN_REUSED))
            return WriteResult(self.commit_number, is_refused=True)
        self._fresh.append(without_requests(batch))
        requests = int(batch.deltas.cells.measures[0].sum())
        return WriteResult(self.commit_number, deduplicated=requests, is_repeated=True)

    def holds(self, token: str) -> bool:
        """Return whether `token` is among those of pending batches, for any thread."""
        return self._repeats.waits(token)

    def fold(self, now_us: int) -> int:
        """Move everything pending into the tiers; return how many requests that were.

        Raises:
            StoreError: it failed; everything is still pending.
        """
        requests = self.pending.requests
        if len(self.pending):
            self._take_up(self.pending.staged(), self.pending.clear, now_us)
            self._repeats.clear()
        return requests

    def fold_part(self, now_us: int, sizes: PartSizes = PART_SIZES) -> None:
        """Move what is pending into the tiers, of more than `sizes` say only a part.

        While something is left, `is_folding` is true, and the next calls take up that, before what came meanwhile.

        Raises:
            StoreError: it failed; what it would have moved is still pending.
        """
        begins = not self.is_folding
        part = self.pending.next_part(sizes) if len(self.pending) else None
        if part is not None:
            self._take_up(part.staged, lambda: self.pending.advance(part.progress), now_us)
            if begins:
                self._repeats.clear()

    def _take_up(self, parts: Sequence[Staged], taken: Callable[[], None], now_us: int) -> None:
        """Fold `parts` in one transaction, in which `taken` says so to the pending rows."""
        with translated(self.path), self._all_or_nothing():
            self.fail_at("fold.begin")
            self._fold(parts, now_us // MICROSECONDS)
            self.fail_at("fold.merged")
            taken()
            self.fail_at("fold.commit")
        self.fail_at("fold.committed")

    def _fold(self, staged: Sequence[Staged], now: int) -> None:
        self.folds += 1
        cells = self._cells.fold(staged, self.reach)
        self.fail_at("fold.cells")
        seen = np.concatenate([part.seen for part in staged], axis=1)
        self._endpoints.fold(cells, seen, now)
        self._clients.fold(staged, self.reach)
        self._touch(CLIENT_TIER, np.unique(np.concatenate([part.clients.integers("hour") for part in staged])))
        self.fail_at("fold.clients")
        self._side.fold(staged, now)
        replace = "REPLACE INTO meta (key, value) VALUES (?, ?)"
        self.connection.executemany(replace, [("folds", self.folds), ("commit", self.commit_number)])
        if seen.shape[1]:
            self._extend_range(int(seen[1].min()), int(seen[2].max()))

    def _extend_range(self, first: int, last: int) -> None:
        keep_first = (
            "INSERT INTO meta VALUES ('first', ?) ON CONFLICT (key) DO UPDATE SET value = min(value, excluded.value)"
        )
        keep_last = (
            "INSERT INTO meta VALUES ('last', ?) ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)"
        )
        self.connection.execute(keep_first, (first,))
        self.connection.execute(keep_last, (last,))

    def _touch(self, tier: Tier, buckets: Int64s) -> None:
        self._touched(tier, buckets, self.folds)

    def change(self, work: Callable[[apsw.Connection], Result], *, reload: bool = True) -> Result:
        """Run `work(connection)` in a transaction of its own; `reload` where it changes floors, islands or pending."""
        with translated(self.path):
            with self._all_or_nothing():
                result = work(self.connection)
            if reload:
                self.rewrites += 1
                self._load()
        return result

    def forget_cells(self, tier: Tier, buckets: Int64s) -> None:
        """Inside `change`: cells of `tier` in `buckets` (starts, seconds) go; nobody may keep an old copy of them."""
        self.folds += 1
        self.connection.execute(
            "REPLACE INTO meta (key, value) VALUES ('folds', ?), ('cells_removed', 1)", (self.folds,)
        )
        self._touch(tier, buckets)
        self._seen.forget()
        self._clients.forget()

    def checkpoint(self, *, everything: bool = False) -> None:
        """Copy the WAL into the database where it has grown; with `everything`, all of it, and truncate it."""
        with translated(self.path):
            self.fail_at("checkpoint")
            if everything:
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            elif self._wal_pages > _CHECKPOINT_PAGES:
                _, pages, copied = self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()[0]
                self._wal_pages = 0 if pages == copied else self._wal_pages

    def _note_wal(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        """Remember how much of the WAL file is in use: it starts over after a checkpoint, and keeps its size."""
        self._wal_pages = pages
        self.fail_at("logged")
        return apsw.SQLITE_OK

    def _wal_bytes(self) -> int:
        try:
            return os.stat(f"{self.path}-wal").st_size
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def _unusable(batch: Batch, error: Exception) -> StoreError:
    fault = StoreError(f"the batch of {batch.intake.source!r} cannot be stored, it contradicts itself: {error!r}")
    fault.__cause__ = error
    return fault
