"""Traffic patterns: requests by local date and hour, and by hour of the week."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import MICROSECONDS, Granularity, Window
from mockforge_analytics.query.cover import cover
from mockforge_analytics.query.fill import Grid
from mockforge_analytics.query.planner import finest_granularity, format_instant, prepare
from mockforge_analytics.query.reports.common import header
from mockforge_analytics.query.results import PatternCell, TrafficPatterns, WeekCell
from mockforge_analytics.query.spec import clipped

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["MAX_DAYS", "traffic_patterns"]

Int64s = NDArray[np.int64]

MAX_DAYS: Final = 3_660
_MEASURES: Final = ("request_count", "error_count", "latency_count", "latency_sum")
_HOURS: Final = 24
_DAYS: Final = 7
_FIRST_WEEKDAY: Final = 4  # 1970-01-01 was a Thursday; Sunday is 0
_MICROSECONDS: Final = 1_000.0  # in a millisecond
_EPOCH: Final = date(1970, 1, 1)
_WIDTHS: Final = tuple(width for width in reversed(Granularity) if width <= Granularity.HOUR)


@dataclass(frozen=True, slots=True, eq=False)
class _LocalHours:
    """The sums of each local hour with traffic: `key` is days since 1970 times 24 plus the hour, ascending."""

    key: Int64s
    sums: dict[str, Int64s]
    all_keys: Int64s
    all_seconds: Int64s


def traffic_patterns(
    snapshot: Snapshot, spec: QuerySpec, now_us: int, *, zone: str = "UTC", days: int | None = None
) -> TrafficPatterns:
    """Return the traffic of each hour of the window in the local time of `zone` (a name of the IANA database).

    With `days` the window starts at 0:00 local time so many days before today. Without any bound it is all history
    that is kept finely enough.

    Raises:
        QueryError: the zone is not known, or its hours cannot be told apart in the history that is kept.
    """
    local = _zone(zone)
    if days is not None:
        spec = _last_days(spec, days, local, now_us)
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.SCOPE,))
    width = _exact_width(prepared.window, zone)
    prepared = _kept(prepared, width, zone, open_start=spec.start is None and spec.duration is None)
    hours = _read(snapshot, prepared, width, zone)
    return TrafficPatterns(**header(snapshot, prepared), zone=zone, cells=_cells(hours), week=_week(hours))


def _zone(name: str) -> ZoneInfo:
    try:
        zone = ZoneInfo(name)
        pl.Series([0], dtype=pl.Datetime("us", name))  # Polars carries its own copy of the database
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.PolarsError):
        message = f"zone {clipped(name)} is not known; accepted are names of the IANA database such as Europe/Berlin"
        raise QueryError(message, field="zone") from None
    return zone


def _last_days(spec: QuerySpec, days: int, zone: ZoneInfo, now_us: int) -> QuerySpec:
    if not 1 <= days <= MAX_DAYS:
        message = f"days is {days}; accepted is 1 to {MAX_DAYS}"
        raise QueryError(message, field="days")
    if spec.start is not None or spec.duration is not None:
        message = "days gives the start of the window and cannot be combined with start_time or duration"
        raise QueryError(message, field="days")
    today = datetime.fromtimestamp(now_us // MICROSECONDS, zone).date()
    midnight = datetime.combine(today - timedelta(days=days), time(), zone)
    return replace(spec, start=max(int(midnight.astimezone(UTC).timestamp()), 0))


def _local_hours(seconds: Int64s, zone: str) -> Int64s:
    """Return for each instant its local day since 1970 times 24 plus its local hour."""
    if zone == "UTC":
        return seconds // Granularity.HOUR
    moments = pl.from_epoch(pl.col("second"), time_unit="s").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    local = moments.dt.replace_time_zone(None).dt.epoch("s")
    keys: Int64s = pl.DataFrame({"second": seconds}).select(local).to_series().to_numpy() // Granularity.HOUR
    return keys


def _exact_width(window: Window, zone: str) -> Granularity:
    """Return the widest buckets of which every one lies in a single local hour."""
    for width in _WIDTHS:
        starts = Grid(window, width).starts
        first, last = np.split(_local_hours(np.concatenate([starts, starts + (width - 1)]), zone), 2)
        if np.array_equal(first, last):
            return width
    message = f"the hours of {zone} did not start at whole multiples of 10 seconds in the window; ask for zone UTC"
    raise QueryError(message, field="zone")


def _kept(prepared: Prepared, width: Granularity, zone: str, *, open_start: bool) -> Prepared:
    """Return `prepared` if its window is kept in buckets of `width`; with `open_start` shortened to where it is."""
    fact, window, coverage = prepared.facts[0], prepared.window, prepared.coverage
    gone = cover(window, fact, coverage, width).holes
    missing = [hole for hole in gone if hole not in cover(window, fact, coverage).holes]
    if not missing:
        return prepared
    start = missing[-1].end
    if open_start and start < window.end:
        warning = f"hours are only kept from {format_instant(start)} on; older history is left out"
        return replace(prepared, window=Window(start, window.end), warnings=(*prepared.warnings, warning))
    finest = finest_granularity(window, fact, coverage).label
    message = (
        f"the hours of {zone} need buckets of {width.label} from {format_instant(window.start)} on, but only "
        f"{finest} is kept of all of it; ask for a window from {format_instant(start)} on"
    )
    if width < Granularity.HOUR:
        message += (
            ", for a zone with whole hours such as UTC, or with no filters but protocol, workspace_id, environment"
        )
    raise QueryError(message, field="start_time" if width is Granularity.HOUR else "zone")


def _read(snapshot: Snapshot, prepared: Prepared, width: Granularity, zone: str) -> _LocalHours:
    grid = Grid(prepared.window, width)
    frame = snapshot.read(prepared.plan(prepared.facts[0], measures=_MEASURES, bucket=width)).frame
    keys = _local_hours(grid.starts, zone)
    all_keys, every = np.unique(keys, return_inverse=True)
    seconds = np.zeros(len(all_keys), np.int64)
    np.add.at(seconds, every, grid.seconds)
    found, group = np.unique(keys[grid.rows(frame.get_column("bucket").to_numpy())], return_inverse=True)
    sums = {name: np.zeros(len(found), np.int64) for name in _MEASURES}
    for name, merged in sums.items():
        np.add.at(merged, group, frame.get_column(name).to_numpy())
    return _LocalHours(found, sums, all_keys, seconds)


def _cells(hours: _LocalHours) -> tuple[PatternCell, ...]:
    seconds = hours.all_seconds[np.searchsorted(hours.all_keys, hours.key)]
    columns = (hours.key.tolist(), *(hours.sums[name].tolist() for name in _MEASURES), seconds.tolist())
    return tuple(
        PatternCell(
            day=_EPOCH + timedelta(days=key // _HOURS),
            hour=key % _HOURS,
            day_of_week=(key // _HOURS + _FIRST_WEEKDAY) % _DAYS,
            request_count=requests,
            error_count=errors,
            latency_count=count,
            average_latency=_average(total, count),
            seconds=covered,
        )
        for key, requests, errors, count, total, covered in zip(*columns, strict=True)
    )


def _week(hours: _LocalHours) -> tuple[WeekCell, ...]:
    sums = np.zeros((len(_MEASURES), _DAYS * _HOURS), np.int64)
    slot = _slots(hours.key)
    for merged, name in zip(sums, _MEASURES, strict=True):
        np.add.at(merged, slot, hours.sums[name])
    seconds = np.zeros(_DAYS * _HOURS, np.int64)
    np.add.at(seconds, _slots(hours.all_keys), hours.all_seconds)
    return tuple(
        WeekCell(*divmod(number, _HOURS), requests, errors, count, _average(total, count), covered)
        for number, (requests, errors, count, total, covered) in enumerate(
            zip(*sums.tolist(), seconds.tolist(), strict=True)
        )
    )


def _average(total: int, count: int) -> float | None:
    """Return the average in milliseconds of latencies that add up to `total` microseconds, None where there is none."""
    return total / count / _MICROSECONDS if count else None


def _slots(keys: Int64s) -> Int64s:
    """Return the hour of the week of each local hour, Sunday 0:00 being 0."""
    return (keys + _FIRST_WEEKDAY * _HOURS) % (_DAYS * _HOURS)
