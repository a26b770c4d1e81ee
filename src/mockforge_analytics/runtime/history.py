"""A log of some week, told again as the week that ends now: history for a demonstration."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.model.batch import Batch, Intake, SourcePosition
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import detect
from mockforge_analytics.sources.accesslog.spool import open_log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.accesslog.normalise import Labels

__all__ = ["CHUNK_BYTES", "SOURCE", "fill_history"]

SOURCE: Final = "history"
_KEY: Final = "history:"
_WEEK: Final = 7 * 86_400 * MICROSECONDS
CHUNK_BYTES: Final = 8 * 1024 * 1024
_PARAMETER: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")


def fill_history(
    database: AnalyticsDatabase,
    log: Path,
    labels: Labels,
    routes: Sequence[str] = (),
    *,
    progress: Callable[[int], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Store the requests of `log` as if they had happened in the week before now; return how many were stored now.

    Weekday and time of day stay as they are. A path that one of `routes` fits gets it as its endpoint. Done once: what
    is stored already is not stored again, and what an earlier call left over is added with the same shift.

    Raises:
        SourceError: the log cannot be read.
        StoreError: the database refused a part; those before it are stored.
    """
    key = f"{_KEY}{log.name}"
    with database.store.snapshot() as snapshot:
        known = snapshot.source_positions(_KEY)
    state = json.loads(known[key]) if key in known else {"now_us": database.clock.now_us(), "offset": 0}
    stored = 0
    with open_log(log, ()) as opened:
        log_format = detect(opened.sample).log_format
        for chunk in opened.chunks(state["offset"], final=True, chunk_bytes=CHUNK_BYTES):
            state["offset"] = chunk.offset_end
            moved = _moved(decode(chunk.data, log_format, labels).frame, state["now_us"])
            frame = _with_endpoints(moved, routes)
            stored += _store(database, frame, SourcePosition(key, json.dumps(state)))
            progress(stored)
            if stopped():
                return stored
    return stored


def _moved(frame: pl.DataFrame, now_us: int) -> pl.DataFrame:
    """Move every request by whole weeks into the week before `now_us`."""
    at = pl.col("timestamp")
    return frame.with_columns((at + (now_us - at) // _WEEK * _WEEK).alias("timestamp"))


def _with_endpoints(frame: pl.DataFrame, routes: Sequence[str]) -> pl.DataFrame:
    """Give each path the first route that fits it, where one does."""
    endpoint = pl.lit(None, pl.String)
    for route in reversed(routes):
        pattern = "".join(
            re.escape(part) if number % 3 == 0 else {"int": r"\d+", "path": ".+"}.get(part or "", "[^/]+")
            for number, part in enumerate(_PARAMETER.split(route))
            if number % 3 != 1
        )
        shown = _PARAMETER.sub(r"{\1}", route)
        endpoint = pl.when(pl.col("path").str.contains(f"^{pattern}$")).then(pl.lit(shown)).otherwise(endpoint)
    return frame.with_columns(endpoint.alias("endpoint"))


def _store(database: AnalyticsDatabase, frame: pl.DataFrame, position: SourcePosition) -> int:
    now_us = database.clock.now_us()
    deltas, refused = database.rollup.deltas(frame, now_us=now_us, fine_from=database.store.fine_from)
    batch = Batch(now_us, Intake(SOURCE, len(frame), refused), deltas, position=position, bulk=True)
    return database.store.write(batch).stored
