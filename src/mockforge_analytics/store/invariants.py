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
from mockforge_analytics.model.tiers import Fact, Tier, tiers_of
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.store.findings import Finding, Level
from mockforge_analytics.store.fold import cell_rows, load_measures
from mockforge_analytics.store.keys import bucket_range, bucket_starts, dictionary_ids
from mockforge_analytics.store.rows import as_int, columns_of
from mockforge_analytics.store.sql import CELL_COLUMNS, PERCENTILE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import apsw

    from mockforge_analytics.store.reach import Reach

__all__ = ["check_cells"]

Int64s = NDArray[np.int64]

_ADVICE: Final = "restore a backup from before, or import the data again into a new database; please report this"
_DAY: Final = int(Granularity.DAY)
_SELECT: Final = Template("SELECT id, $columns FROM $table WHERE id >= ? AND id < ?")
_DAYS: Final = Template("SELECT DISTINCT (id >> 34) / $buckets FROM $table")
_FOLDED: Final = Template(
    "SELECT (((id >> 34) / $ratio) << 34) + (id & 17179869183) AS id, $sums FROM $fine "
    "WHERE id >= ? AND id < ? GROUP BY 1"
)
_PLAIN: Final = Template("SELECT id, $columns FROM $table WHERE id >= ? AND id < ?")
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
    """Yield what is wrong with the cells of the connection's snapshot.

    Raises:
        StoreCorruptError: a histogram cannot be read.
    """
    scope_of = _scope_of(connection)
    for fact in (Fact.SERIES, Fact.SCOPE):
        for tier in tiers_of(fact):
            yield from _check_each(connection, tier)
        for fine, coarse in pairwise(tiers_of(fact)):
            yield from _check_sum(connection, reach, fine, coarse)
    scopes = {tier.width: tier for tier in tiers_of(Fact.SCOPE)}
    for tier in tiers_of(Fact.SERIES):
        if tier.width in scopes:
            yield from _check_sum(connection, reach, tier, scopes[tier.width], scope_of)
    for fact in _SUMS:
        for fine, coarse in pairwise(tiers_of(fact)):
            yield from _check_plain_sum(connection, reach, fine, coarse)
    series = {tier.width: tier for tier in tiers_of(Fact.SERIES)}
    for tier in tiers_of(Fact.ERROR):
        yield from _check_errors(connection, reach, tier, series[tier.width])


def _scope_of(connection: apsw.Connection) -> Int64s:
    rows = connection.execute("SELECT id, scope_id FROM series").fetchall()
    scope_of = np.zeros(max((as_int(row[0]) for row in rows), default=0) + 1, np.int64)
    for series, scope in rows:
        scope_of[as_int(series)] = as_int(scope)
    return scope_of


def _days(connection: apsw.Connection, *tiers: Tier) -> list[int]:
    """Return the UTC midnights (seconds) of the days that have rows in any of `tiers`."""
    selects = [_DAYS.substitute(table=tier.name, buckets=_DAY // tier.width) for tier in tiers]
    return sorted({as_int(row[0]) * _DAY for select in selects for row in connection.execute(select)})


def _read(connection: apsw.Connection, tier: Tier, day: int) -> tuple[Cells, Int64s]:
    """Return the cells of a day, and their stored percentiles as an array (percentiles, cells)."""
    columns = (*MEASURES, *PERCENTILE_COLUMNS, CELL_COLUMNS[-1])
    select = _SELECT.substitute(columns=", ".join(columns), table=tier.name)
    rows: list[tuple[Any, ...]] = connection.execute(select, bucket_range(day, day + _DAY, tier.width)).fetchall()
    table, blobs = columns_of(rows, len(columns))
    measures = load_measures(table[1 : 1 + len(MEASURES)].copy())
    cells = Cells(bucket_starts(table[0], tier.width), dictionary_ids(table[0]), measures, decode(blobs))
    return cells, table[1 + len(MEASURES) :]


def _fault(what: str, faults: list[tuple[Tier, int]], total: int) -> Iterator[Finding]:
    if faults:
        tier, bucket = faults[0]
        yield Finding(Level.ERROR, f"{what}: {total} of {tier.name}, the first in the bucket of {bucket}", _ADVICE)


def _check_each(connection: apsw.Connection, tier: Tier) -> Iterator[Finding]:
    counts: list[tuple[Tier, int]] = []
    percentiles: list[tuple[Tier, int]] = []
    for day in _days(connection, tier):
        cells, stored = _read(connection, tier, day)
        wrong = cells.histograms.totals() != cells.measures[Measure.LATENCY_COUNT]
        counts += [(tier, bucket) for bucket in cells.bucket[wrong].tolist()]
        made = cell_rows(cells.measures, cells.histograms)[len(MEASURES) : -1]
        wrong = (np.array(made, np.int64).reshape(stored.shape) != stored).any(axis=0)
        percentiles += [(tier, bucket) for bucket in cells.bucket[wrong].tolist()]
    yield from _fault("histograms that do not hold the latencies counted", counts, len(counts))
    yield from _fault("stored percentiles that are not those of the histogram", percentiles, len(percentiles))


def _check_sum(
    connection: apsw.Connection, reach: Reach, fine: Tier, coarse: Tier, members: Int64s | None = None
) -> Iterator[Finding]:
    """Compare `coarse` with the sum of `fine`, its members renamed by `members` where given."""
    faults: list[tuple[Tier, int]] = []
    for day in _days(connection, fine, coarse):
        parts, _ = _read(connection, fine, day)
        if members is not None:
            parts = Cells(parts.bucket, members[parts.series], parts.measures, parts.histograms)
        made = _complete(parts.merged(coarse.width), reach, fine, coarse)
        kept = _complete(_read(connection, coarse, day)[0].merged(1), reach, fine, coarse)
        faults += [(coarse, bucket) for bucket in _differences(made, kept)]
    kind = "sums of the series" if members is not None else f"sums of {fine.name}"
    yield from _fault(f"buckets that are not the {kind}", faults, len(faults))


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


def _check_plain_sum(connection: apsw.Connection, reach: Reach, fine: Tier, coarse: Tier) -> Iterator[Finding]:
    columns, sums = _SUMS[fine.fact]
    made = _FOLDED.substitute(ratio=coarse.width // fine.width, sums=sums, fine=fine.name)
    kept = _PLAIN.substitute(columns=columns, table=coarse.name)
    faults = _compared(connection, (made, fine), (kept, coarse), lambda row: (as_int(row[0]) >> 34) * coarse.width)
    found = [(coarse, bucket) for bucket in faults if _both_cover(reach, fine, coarse, bucket)]
    yield from _fault(f"buckets that are not the sums of {fine.name}", found, len(found))


def _check_errors(connection: apsw.Connection, reach: Reach, errors: Tier, cells: Tier) -> Iterator[Finding]:
    made, kept = _ERROR_SUMS.substitute(errors=errors.name), _CELL_ERRORS.substitute(cells=cells.name)
    faults = _compared(connection, (made, errors), (kept, cells), lambda row: as_int(row[0]) * cells.width)
    found = [(errors, bucket) for bucket in faults if _both_cover(reach, errors, cells, bucket)]
    yield from _fault(f"error counts that are not those of {cells.name}", found, len(found))


def _compared(
    connection: apsw.Connection,
    made: tuple[str, Tier],
    kept: tuple[str, Tier],
    bucket: Callable[[tuple[Any, ...]], int],
) -> list[int]:
    """Return the buckets of rows that only one of two statements gives, day by day."""
    faults: set[int] = set()
    for day in _days(connection, made[1], kept[1]):
        left, right = (
            set(connection.execute(select, bucket_range(day, day + _DAY, tier.width))) for select, tier in (made, kept)
        )
        faults.update(bucket(row) for row in left ^ right)
    return sorted(faults)


def _both_cover(reach: Reach, a: Tier, b: Tier, bucket: int) -> bool:
    at = np.array([bucket])
    return bool(reach.covers(a, at)[0] and reach.covers(b, at)[0])
