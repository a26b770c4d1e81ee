"""History databases, made once and kept in `bench/data/`."""

from __future__ import annotations

import hashlib
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import history as history_module
from bench.history import END, History, Traffic
from mockforge_analytics.config import AnalyticsConfig, QueryConfig, StoreConfig
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.store.migrate import latest_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.context import Context

__all__ = ["HISTORIES", "SetClock", "copied", "history_file", "history_of", "opened"]

_MICROSECONDS: Final = 1_000_000
_NEVER_SECONDS: Final = 3_600.0  # folds happen where a benchmark asks for them, and a slow answer is a figure

HISTORIES: Final = {
    "7 days, 200 series": History(days=7, rate=100.0, series=200, endpoints=50),
    "365 days, 200 series": History(days=365, rate=100.0, series=200, endpoints=50),
    "7 days, 10,000 endpoints": History(days=7, rate=10.0, series=10_000, endpoints=10_000),
}
QUICK_HISTORIES: Final = {
    "7 days, 200 series": History(days=0.5, rate=20.0, series=200, endpoints=50),
    "365 days, 200 series": History(days=100, rate=2.0, series=50, endpoints=50),
    "7 days, 10,000 endpoints": History(days=0.2, rate=10.0, series=2_000, endpoints=2_000),
}


class SetClock:
    """A wall clock that stands where it is set; durations are real."""

    def __init__(self, second: int = END) -> None:
        self.second = second

    def now_us(self) -> int:
        """Return microseconds since the Unix epoch."""
        return self.second * _MICROSECONDS

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""
        return time.monotonic()


def settings() -> AnalyticsConfig:
    """Return the default settings, but without folds and deadlines of their own."""
    return AnalyticsConfig(
        store=StoreConfig(fold_interval_seconds=_NEVER_SECONDS), query=QueryConfig(deadline_seconds=_NEVER_SECONDS)
    )


@contextmanager
def opened(path: Path, clock: SetClock, *, writable: bool = True) -> Iterator[AnalyticsDatabase]:
    """Give the database at `path` as it is at the time of `clock`."""
    with AnalyticsDatabase.open(path, config=settings(), clock=clock, writable=writable) as database:
        yield database


def history_of(context: Context, name: str) -> History:
    """Return the parameters of the history `name` in this run."""
    return (QUICK_HISTORIES if context.quick else HISTORIES)[name]


def history_file(context: Context, name: str) -> Path:
    """Return the database of `HISTORIES` called `name`, made where it does not exist. It must not be written to."""
    history = history_of(context, name)
    path = context.data / f"history-{_fingerprint(history)}.db"
    if not path.exists():
        making = path.with_suffix(".making")
        for left in (making, Path(f"{making}-wal"), Path(f"{making}-shm")):
            left.unlink(missing_ok=True)
        traffic = Traffic(history)
        with opened(making, SetClock()) as database:
            for batch in context.each(traffic.batches(), f"making {name}", traffic.steps()):
                database.store.write(batch)
        making.rename(path)
        making.with_name(f"{making.name}-lock").unlink(missing_ok=True)
    return path


def copied(path: Path, folder: Path) -> Path:
    """Return a copy of the closed database `path` that may be written to."""
    copy = folder / "copy.db"
    shutil.copyfile(path, copy)
    return copy


def _fingerprint(history: History) -> str:
    """Return a text that differs where the generator, its parameters or the schema do."""
    package = Path(history_module.__file__).parent.parent
    schema = sorted((package / "src" / "mockforge_analytics" / "store" / "schema").glob("*.sql"))
    made_by = b"".join(file.read_bytes() for file in (Path(history_module.__file__), *schema))
    return hashlib.sha256(f"{latest_version()} {history!r}".encode() + made_by).hexdigest()[:16]
