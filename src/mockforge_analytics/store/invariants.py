"""What must be true of the cells of every database, whatever happened to it, checked from the rows alone.

Tiers are compared bucket by bucket where both are complete: a coarser tier is the sum of a finer one, a scope is the
sum of its series, error counts are those of the cells, percentiles are those of the histograms. A check yields one
finding for each kind of fault, with how often it was seen and the first place.
"""

from __future__ import annotations

from itertools import pairwise
from string import Template
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.cells import MEASURES, Cells, Measure
from mockforge_analytics.model.histogram_codec import decode
from mockforge_analytics.model.tiers import TIERS, Fact, Tier, tiers_of
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.store.findings import Finding, Level
from mockforge_analytics.store.fold import load_measures, stored_percentiles
from mockforge_analytics.store.keys import bucket_range, bucket_starts, dictionary_ids
from mockforge_analytics.store.rows import as_int, columns_of
from mockforge_analytics.store.sql import CELL_COLUMNS, PERCENTILE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import apsw

    from mockforge_analytics.store.reach import Reach

__all__ = ["check_cells"]

Int64s = NDArray[np.int64]
Fault = tuple[str, Tier, list[int]]

_ADVICE: Final = "restore a backup from before, or import the data again into a new database; please report this"
_DAY: Final = int(Granularity.DAY)
_SELECT: Final = Template("SELECT id, $columns FROM $table WHERE id >= ? AND id < ?")
_DAYS: Final = Template("SELECT DISTINCT (id >> 34) / $buckets FROM $table")
_FOLDED: Final = Template(
    "SELECT (((id >> 34) / $ratio) << 34) + (id & 17179869183) AS id, $sums FROM $fine "
    "WHERE id >= ? AND id < ? GROUP BY 1"
)
_ERROR_SUMS: Final = Template(
    "SELECT (e.id >> 34), s.series_id, sum(e.error_count) FROM $errors e "
    "JOIN error_series s ON s.id = e.id & 268435455 WHERE e.id >= ? AND e.id < ? GROUP BY 1, 2"
)
_CELL_ERRORS: Final = Template(
    "SELECT id >> 34, id & 268435455, error_count FROM $cells WHERE id >= ? AND id < ? AND error_count > 0"
)
_SUMS: Final = {
    # `last` of a gauge is left out: of two sources of one instant either may be it
    Fact.ERROR: ("error_count, last_seen", "sum(error_count), max(last_seen)"),
    Fact.GAUGE: (
        "total, samples, maximum, last_seen",
        "sum(total), sum(samples), max(maximum), max(last_seen)",
    ),
}


def check_cells(connection: apsw.Connection, reach: Reach) -> Iterator[Finding]:
    """Yield what is wrong with the cells of the connection's snapshot; every row is read once, day by day.

    Raises:
        StoreCorruptError: a histogram cannot be read.
    """
    faults: dict[tuple[str, str], list[int]] = {}
    scope_of = _scope_of(connection)
    for day in _days(connection, TIERS):
        for what, tier, buckets in _check_day(connection, reach, day, scope_of):
            faults.setdefault((what, tier.name), []).extend(buckets)
    for (what, name), buckets in faults.items():
        if buckets:
            where = f"{len(buckets)} of {name}, the first in the bucket of {buckets[0]}"
            yield Finding(Level.ERROR, f"{what}: {where}", _ADVICE)


def _scope_of(connection: apsw.Connection) -> Int64s:
    rows = connection.execute("SELECT id, scope_id FROM series").fetchall()
    scope_of = np.zeros(max((as_int(row[0]) for row in rows), default=0) + 1, np.int64)
    for series, scope in rows:
        scope_of[as_int(series)] = as_int(scope)
    return scope_of


def _days(connection: apsw.Connection, tiers: Iterable[Tier]) -> list[int]:
    """Return the UTC midnights (seconds) of the days that have cells in any of `tiers`."""
    selects = [
        _DAYS.substitute(table=tier.name, buckets=_DAY // tier.width) for tier in tiers if tier.fact is not Fact.CLIENT
    ]
    return sorted({as_int(row[0]) * _DAY for select in selects for row in connection.execute(select)})


def _check_day(connection: apsw.Connection, reach: Reach, day: int, scope_of: Int64s) -> Iterator[Fault]:
    """Yield the faults of a day: what is wrong, with which tier, in which buckets."""
    request_tiers = (*tiers_of(Fact.SERIES), *tiers_of(Fact.SCOPE))
    cells: dict[Tier, Cells] = {}
    for tier in request_tiers:
        cells[tier], percentiles = _read(connection, tier, day)
        yield from _check_each(tier, cells[tier], percentiles)
    for fine, coarse in _pairs(Fact.SERIES, Fact.SCOPE):
        faults = _unlike_sum(reach, (fine, cells[fine]), (coarse, cells[coarse]))
        yield f"buckets that are not the sums of {fine.name}", coarse, faults
    scopes = {tier.width: tier for tier in tiers_of(Fact.SCOPE)}
    for tier in tiers_of(Fact.SERIES):
        if tier.width in scopes:
            own = cells[tier]
            named = Cells(own.bucket, scope_of[own.series], own.measures, own.histograms)
            scope = scopes[tier.width]
            faults = _unlike_sum(reach, (tier, named), (scope, cells[scope]))
            yield "buckets that are not the sums of the series", scope, faults
    for fine, coarse in _pairs(*_SUMS):
        faults = _unlike_plain(connection, reach, day, fine, coarse)
        yield f"buckets that are not the sums of {fine.name}", coarse, faults
    series = {tier.width: tier for tier in tiers_of(Fact.SERIES)}
    for tier in tiers_of(Fact.ERROR):
        faults = _unlike_errors(connection, reach, day, tier, series[tier.width])
        yield f"error counts that are not those of {series[tier.width].name}", tier, faults


def _pairs(*facts: Fact) -> list[tuple[Tier, Tier]]:
    return [pair for fact in facts for pair in pairwise(tiers_of(fact))]


def _read(connection: apsw.Connection, tier: Tier, day: int) -> tuple[Cells, Int64s]:
    """Return the cells of a day, and their stored percentiles as an array (percentiles, cells)."""
    columns = (*MEASURES, *PERCENTILE_COLUMNS, CELL_COLUMNS[-1])
    select = _SELECT.substitute(columns=", ".join(columns), table=tier.name)
    rows: list[tuple[Any, ...]] = connection.execute(select, bucket_range(day, day + _DAY, tier.width)).fetchall()
    table, blobs = columns_of(rows, len(columns))
    measures = load_measures(table[1 : 1 + len(MEASURES)].copy())
    cells = Cells(bucket_starts(table[0], tier.width), dictionary_ids(table[0]), measures, decode(blobs))
    return cells, table[1 + len(MEASURES) :]


def _check_each(tier: Tier, cells: Cells, percentiles: Int64s) -> Iterator[Fault]:
    wrong = cells.histograms.totals() != cells.measures[Measure.LATENCY_COUNT]
    yield "histograms that do not hold the latencies counted", tier, cells.bucket[wrong].tolist()
    wrong = (stored_percentiles(cells.measures, cells.histograms) != percentiles).any(axis=0)
    yield "stored percentiles that are not those of the histogram", tier, cells.bucket[wrong].tolist()


def _unlike_sum(reach: Reach, fine: tuple[Tier, Cells], coarse: tuple[Tier, Cells]) -> list[int]:
    """Return the buckets in which the cells of `coarse` are not the sums of those of `fine`, both being complete."""
    made = fine[1].merged(coarse[0].width)
    return _differences(*(_complete(cells, reach, fine[0], coarse[0]) for cells in (made, coarse[1].merged(1))))


def _complete(cells: Cells, reach: Reach, fine: Tier, coarse: Tier) -> Cells:
    return cells.take(np.flatnonzero(reach.covers(fine, cells.bucket) & reach.covers(coarse, cells.bucket)))


def _differences(a: Cells, b: Cells) -> list[int]:
    """Return the buckets of `a` and `b`, both ordered by bucket and series, that are not the same in both."""
    if np.array_equal(a.bucket, b.bucket) and np.array_equal(a.series, b.series):
        unlike = (a.measures != b.measures).any(axis=0)
        same = np.array_equal(a.histograms.offsets, b.histograms.offsets)
        if same:
            entries = (a.histograms.index != b.histograms.index) | (a.histograms.count != b.histograms.count)
            unlike[a.histograms.owners()[entries]] = True
        else:
            unlike |= np.diff(a.histograms.offsets) != np.diff(b.histograms.offsets)
        return sorted(set(a.bucket[unlike].tolist()))
    left = set(zip(a.bucket.tolist(), a.series.tolist(), a.measures[Measure.REQUESTS].tolist(), strict=True))
    right = set(zip(b.bucket.tolist(), b.series.tolist(), b.measures[Measure.REQUESTS].tolist(), strict=True))
    return sorted({bucket for bucket, _, _ in left ^ right})


def _unlike_plain(connection: apsw.Connection, reach: Reach, day: int, fine: Tier, coarse: Tier) -> list[int]:
    columns, sums = _SUMS[fine.fact]
    made = _FOLDED.substitute(ratio=coarse.width // fine.width, sums=sums, fine=fine.name)
    kept = _SELECT.substitute(columns=columns, table=coarse.name)
    rows = _unlike_rows(connection, day, (made, fine), (kept, coarse))
    return _covered(reach, fine, coarse, {(as_int(row[0]) >> 34) * int(coarse.width) for row in rows})


def _unlike_errors(connection: apsw.Connection, reach: Reach, day: int, errors: Tier, cells: Tier) -> list[int]:
    made, kept = _ERROR_SUMS.substitute(errors=errors.name), _CELL_ERRORS.substitute(cells=cells.name)
    rows = _unlike_rows(connection, day, (made, errors), (kept, cells))
    return _covered(reach, errors, cells, {as_int(row[0]) * int(cells.width) for row in rows})


def _unlike_rows(
    connection: apsw.Connection, day: int, made: tuple[str, Tier], kept: tuple[str, Tier]
) -> set[tuple[Any, ...]]:
    """Return the rows of a day that only one of two statements gives."""
    left, right = (
        set(connection.execute(select, bucket_range(day, day + _DAY, tier.width))) for select, tier in (made, kept)
    )
    return left ^ right


def _covered(reach: Reach, a: Tier, b: Tier, buckets: set[int]) -> list[int]:
    at = np.array(sorted(buckets), np.int64)
    return [int(bucket) for bucket in at[reach.covers(a, at) & reach.covers(b, at)]]
