"""The status of a database on a terminal."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid
from mockforge_analytics.cli.views.common import bytes_cell, count_cell, text_cell
from mockforge_analytics.cli.views.upkeep import hold_grid
from mockforge_analytics.model.vitals import SYSTEM, system_vitals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.model.status import (
        OverflowStatus,
        PositionStatus,
        RejectedSample,
        SourceStatus,
        StorageStatus,
        TierStatus,
    )
    from mockforge_analytics.model.vitals import VitalSign

__all__ = ["show_status"]

_MICROSECONDS: Final = 1_000_000
_SAMPLES: Final = 5  # shown of each list of details
_MINUTE: Final = 60
_MILLISECONDS: Final = 1_000


def show_status(status: StorageStatus, screen: Screen, now: int) -> None:
    """Print what a database holds, at `now` (seconds)."""
    screen.title(str(status.path))
    screen.pairs(_figures(status, now))
    _part(screen, "Sources", _source_grid(status.sources))
    _part(screen, "Read from Prometheus and targets", _collected_grid(status.positions, now))
    _part(screen, "What targets say of themselves", _vital_grid(status.vitals, now))
    _part(screen, "Refused", _refused_grid(status.sources))
    _part(screen, "Newest refused lines", _sample_grid(status.samples[:_SAMPLES]))
    _part(screen, "Past the cap on series (counted as __overflow__)", _overflow_grid(status.overflowed[:_SAMPLES]))
    _part(screen, "History (UTC)", _tier_grid(status))
    _part(screen, "Holds: old data that retention spares", hold_grid(status.holds))


def _part(screen: Screen, name: str, grid: Grid) -> None:
    if grid.rows:
        screen.line()
        screen.title(name)
        screen.grid(grid)


def _figures(status: StorageStatus, now: int) -> Iterator[tuple[str, str]]:
    stored = sum(source.stored for source in status.sources)
    yield "requests", f"{figures.count(stored)} stored since the beginning"
    if status.first is not None and status.last is not None:
        first, last = status.first / _MICROSECONDS, status.last / _MICROSECONDS
        yield "period", f"{figures.period(first, last, UTC, 'UTC')}, the newest {figures.ago(now - last)}"
    else:
        yield "period", "empty"
    log = f", {figures.size(status.wal_bytes)} in its write-ahead log" if status.wal_bytes else ""
    free = f", {figures.size(status.free_bytes)} of it free" if status.free_bytes else ""
    yield "size", f"{figures.size(status.database_bytes)}{free}{log}"
    yield "not folded yet", f"{figures.count(status.pending_requests)} requests (reports include them)"
    yield "schema", f"{status.schema_version}, commit {status.commit}, SQLite {status.sqlite_version}"


def _source_grid(sources: Sequence[SourceStatus]) -> Grid:
    grid = Grid(
        (
            Column("received"),
            Column("stored"),
            Column("refused"),
            Column("repeated", rank=3),
            Column("overflowed", rank=2),
            Column("last at", left=True, rank=1),
            Column("source", left=True, least=24),
        )
    )
    for source in sources:
        counts = (source.received, source.stored, source.rejected, source.deduplicated, source.overflowed)
        grid.add((*map(count_cell, counts), _instant(source.last, _MINUTE), text_cell(source.source)))
    return grid


def _collected_grid(positions: Sequence[PositionStatus], now: int) -> Grid:
    from mockforge_analytics.sources.prometheus.state import without_marks

    grid = Grid(
        (
            Column("read until", left=True),
            Column("ago", raw_unit="s"),
            Column("samples", rank=2),
            Column("resets", rank=3),
            Column("assumed", rank=1),
            Column("left out"),
            Column("source", left=True, least=24),
        )
    )
    for position in positions:
        known = without_marks(position.payload)
        if known is None:
            continue
        until, tally = known["until"] // _MILLISECONDS, known["tally"]
        lag = max(now - until, 0)
        counts = (tally["samples"], tally["resets"], tally["assumed"], sum(tally["refused"].values()))
        ago = Cell(figures.duration(lag), str(lag))
        grid.add((_instant(until, 1), ago, *map(count_cell, counts), text_cell(position.key)))
    return grid


def _vital_grid(vitals: Sequence[VitalSign], now: int) -> Grid:
    grid = Grid(
        (
            Column("memory", raw_unit="bytes"),
            Column("cpu", raw_unit="%"),
            Column("threads", rank=1),
            Column("up for", raw_unit="s"),
            Column("seen", raw_unit="s", rank=2),
            Column("target", left=True, least=24),
        )
    )
    targets: dict[str, list[VitalSign]] = {}
    for sign in vitals:
        if sign.name in SYSTEM:
            targets.setdefault(sign.source, []).append(sign)
    for source, signs in targets.items():
        known = system_vitals((sign.name, sign.value) for sign in signs)
        age = max(now - max(sign.seen_at for sign in signs) // _MICROSECONDS, 0)
        grid.add(
            (
                _known(known.memory_bytes, lambda value: figures.size(round(value))),
                _known(known.cpu_percent, lambda value: f"{value:.1f} %"),
                _known(known.threads, lambda value: figures.count(round(value))),
                _known(known.uptime_seconds, figures.duration),
                Cell(figures.duration(age), str(age)),
                text_cell(source),
            )
        )
    return grid


def _known(value: float | None, shown: Callable[[float], str]) -> Cell:
    return Cell(figures.UNKNOWN) if value is None else Cell(shown(value), f"{value:.12g}")


def _refused_grid(sources: Sequence[SourceStatus]) -> Grid:
    grid = Grid((Column("refused"), Column("reason", left=True), Column("source", left=True, least=24)))
    for source in sources:
        for reason, count in source.reasons.items():
            grid.add((count_cell(count), text_cell(reason), text_cell(source.source)))
    return grid


def _sample_grid(samples: Sequence[RejectedSample]) -> Grid:
    grid = Grid(
        (Column("reason", left=True), Column("where", left=True, rank=1, least=20), Column("line", left=True, least=30))
    )
    for sample in samples:
        grid.add((text_cell(sample.reason), text_cell(sample.place), text_cell(sample.sample)))
    return grid


def _overflow_grid(overflowed: Sequence[OverflowStatus]) -> Grid:
    grid = Grid((Column("requests"), Column("hour", left=True), Column("workspace", left=True, least=12)))
    for part in overflowed:
        grid.add((count_cell(part.requests), _instant(part.hour, _MINUTE), text_cell(part.workspace_id)))
    return grid


def _tier_grid(status: StorageStatus) -> Grid:
    grid = Grid(
        (
            Column("tier", left=True),
            Column("rows"),
            Column("size", raw_unit="bytes", rank=1),
            Column("oldest", left=True),
            Column("newest", left=True, rank=2),
            Column("complete from", left=True, rank=3),
            Column("kept", raw_unit="s"),
            Column("held", rank=4),
        )
    )
    for tier in status.tiers:
        size = status.tables.get(tier.name)
        grid.add((Cell(tier.name), count_cell(tier.rows), _size(size), *_reach(tier)))
    return grid


def _reach(tier: TierStatus) -> tuple[Cell, ...]:
    kept = Cell(figures.duration(tier.kept), str(tier.kept))
    held = Cell(figures.count(len(tier.islands)) if tier.islands else figures.UNKNOWN)
    return (
        _instant(tier.oldest, tier.width),
        _instant(tier.newest, tier.width),
        _instant(max(tier.floor, 0), tier.width),
        kept,
        held,
    )


def _size(value: int | None) -> Cell:
    return Cell(figures.UNKNOWN) if value is None else bytes_cell(value)


def _instant(seconds: int | None, width: int) -> Cell:
    if seconds is None:
        return Cell(figures.UNKNOWN)
    text = figures.instant(seconds, UTC, width=width)
    return Cell(text, text.replace(" ", "T"))
