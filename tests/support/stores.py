"""Stores for tests: a clock that stands where it is put, settings, and what a database holds as plain Python."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.model.tiers import TIERS, Fact
from mockforge_analytics.store.committer import Committer
from mockforge_analytics.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MICROS = 1_000_000
DAY = 86_400
HOUR = 3_600
NOW = 1_700_000_000 // DAY * DAY + 12 * HOUR + 34 * 60  # a Tuesday, 12:34 UTC
CELL_TABLES = tuple(tier.name if tier.fact is not Fact.CLIENT else "client_hour" for tier in TIERS)


class FixedClock:
    """Wall time stands at `now` (seconds) until it is moved; durations are real."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def now_us(self) -> int:
        return round(self.now * MICROS)

    def monotonic(self) -> float:
        return time.monotonic()


def settings(**changes: dict[str, Any]) -> AnalyticsConfig:
    """Return settings whose writer neither waits nor folds on its own; `changes` by section."""
    store = {"commit_delay_ms": 0, "fold_events": 10_000_000, "fold_interval_seconds": 3_600.0}
    return AnalyticsConfig.model_validate({**changes, "store": {**store, **changes.get("store", {})}})


@contextmanager
def opened_store(path: Path, clock: FixedClock | None = None, **changes: dict[str, Any]) -> Iterator[SqliteStore]:
    store = SqliteStore(path, settings(**changes), clock or FixedClock(), writable=True)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_committer(
    path: Path, now: float = NOW, failpoint: Callable[[str], None] = lambda _name: None, **changes: dict[str, Any]
) -> Iterator[Committer]:
    committer = Committer(path, settings(**changes), round(now * MICROS), failpoint=failpoint)
    try:
        yield committer
    finally:
        committer.close()


def calls(committer: Committer) -> Callable[[Callable[[Committer], Any]], Any]:
    """Return what `SqliteStore.call` is to a store, without the thread."""
    return lambda work: work(committer)


def fold(store: SqliteStore, at: float = NOW) -> int:
    folded: int = store.call(lambda committer: committer.fold(round(at * MICROS)))
    return folded


def table_rows(path: Path, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of `tables` as stored."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return {table: list(connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")) for table in tables}  # noqa: S608 - the tests' own names
    finally:
        connection.close()


def scalar(path: Path, select: str, *values: object) -> Any:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return connection.execute(select, values).fetchall()[0][0]
    finally:
        connection.close()
