"""The cells of a window as frames, newest first, a bounded piece at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.dimensions import SERIES_SCHEMA, Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import Granularity, Window
from mockforge_analytics.query.figures import Sums
from mockforge_analytics.query.planner import cell_granularity, prepare
from mockforge_analytics.query.reports.common import header
from mockforge_analytics.query.results import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["CellExport", "cell_frames", "export_cells", "started"]

_KEY: Final = (
    Dimension.PROTOCOL,
    Dimension.METHOD,
    Dimension.ENDPOINT,
    Dimension.STATUS,
    Dimension.WORKSPACE,
    Dimension.ENVIRONMENT,
)
_PIECE_REQUESTS: Final = 20_000  # quiet stretches are read together up to so many requests, which bounds their cells
_PIECE_BUCKETS: Final = 60  # buckets that are looked at together to tell quiet stretches from busy ones
_PIECE_ROWS: Final = 5_000  # rows that become text at once
_MILLI: Final = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellExport(Report):
    """A stream of `chunks` of text, rows being cells of `granularity` width. Its snapshot must stay open meanwhile."""

    chunks: Iterator[str]


def export_cells(snapshot: Snapshot, spec: QuerySpec, now_us: int) -> Prepared:
    """Return the question ready for `cell_frames`: minutes, or the finest width that is kept for the whole window.

    Raises:
        QueryError: the question cannot be answered as asked.
    """
    coverage = snapshot.coverage
    prepared = prepare(spec, coverage, now_us, (Fact.SCOPE, Fact.SERIES))
    return replace(prepared, granularity=cell_granularity(spec.granularity, prepared.window, Fact.SERIES, coverage))


def started(snapshot: Snapshot, prepared: Prepared, chunks: Iterator[str]) -> CellExport:
    """Return the stream with what every answer carries."""
    return CellExport(**header(snapshot, prepared), chunks=chunks)


def cell_frames(snapshot: Snapshot, prepared: Prepared, limit: int | None) -> Iterator[pl.DataFrame]:
    """Yield the cells of the window, newest bucket first, in frames of at most a few thousand rows, `limit` in all.

    Columns: ``timestamp`` (bucket start, seconds), the six dimensions (null where absent), the counts, and in
    milliseconds ``latency_sum`` (0 where unknown) and ``latency_avg``, ``latency_min``, ``latency_max``,
    ``latency_p50``, ``latency_p95``, ``latency_p99`` (null where unknown).
    """
    left = limit
    for piece in _pieces(snapshot, prepared):
        frame = _cells(snapshot, replace(prepared, window=_within(piece, prepared.window)))
        if left is not None:
            frame = frame.head(left)
            left -= len(frame)
        yield from frame.iter_slices(_PIECE_ROWS)
        if left == 0:
            return


def _pieces(snapshot: Snapshot, prepared: Prepared) -> Iterator[Window]:
    """Yield windows that together hold every cell, newest first, none of which holds too many."""
    piece: Window | None = None
    held = 0
    for stretch, count in _stretches(snapshot, prepared):
        if piece is not None and held + count > _PIECE_REQUESTS:
            yield piece
            piece = None
        held = count if piece is None else held + count
        piece = Window(stretch.start, stretch.end if piece is None else piece.end)
    if piece is not None:
        yield piece


def _stretches(snapshot: Snapshot, prepared: Prepared) -> Iterator[tuple[Window, int]]:
    """Yield stretches with traffic and their requests, newest first: single buckets where it is busy, else more."""
    span = next((width for width in Granularity if width >= _PIECE_BUCKETS * prepared.bucket), Granularity.DAY)
    for stretch, count in _profile(snapshot, prepared, span):
        if count <= _PIECE_REQUESTS:
            yield stretch, count
        else:
            inside = replace(prepared, window=_within(stretch, prepared.window))
            yield from _profile(snapshot, inside, prepared.bucket)


def _profile(snapshot: Snapshot, prepared: Prepared, width: Granularity) -> Iterator[tuple[Window, int]]:
    plan = prepared.plan(prepared.facts[0], measures=("request_count",), bucket=width)
    frame = snapshot.read(plan).frame.sort("bucket", descending=True)
    for bucket, count in frame.select("bucket", "request_count").iter_rows():
        yield Window(bucket, bucket + width), count


def _within(piece: Window, window: Window) -> Window:
    return Window(max(piece.start, window.start), min(piece.end, window.end))


def _cells(snapshot: Snapshot, prepared: Prepared) -> pl.DataFrame:
    result = snapshot.read(prepared.plan(Fact.SERIES, _KEY, bucket=prepared.bucket, histograms=True))
    sums = Sums.of(result, *MEASURES)
    latencies = sums.latencies()
    texts = [pl.col(name).replace("", None) for name in _KEY if SERIES_SCHEMA[name] is pl.String]
    quantiles = latencies.quantiles
    frame = result.frame.select(
        pl.col("bucket").alias("timestamp"),
        *texts,
        pl.col(Dimension.STATUS).replace(0, None),
        "request_count",
        "error_count",
        "bytes_sent",
        "bytes_received",
        latency_sum=pl.Series(np.where(latencies.count > 0, sums["latency_sum"], 0) / _MILLI),
        latency_avg=_known(latencies.average),
        latency_min=_known(latencies.minimum),
        latency_max=_known(latencies.maximum),
        latency_p50=_known(quantiles[:, 0]),
        latency_p95=_known(quantiles[:, 1]),
        latency_p99=_known(quantiles[:, 2]),
    )
    return frame.sort("timestamp", descending=True, maintain_order=True)


def _known(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> pl.Series:
    return pl.Series(values, nan_to_null=True)
