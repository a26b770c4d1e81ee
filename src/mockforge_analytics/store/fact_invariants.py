"""What must be true of names, totals, ledger, holds and pending rows: checked from the rows alone."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.model.tiers import TIERS, Fact, tiers_of
from mockforge_analytics.model.window import MICROSECONDS, Granularity
from mockforge_analytics.store.findings import Finding, Level
from mockforge_analytics.store.fold_progress import load_progress, waiting_rows
from mockforge_analytics.store.holds import list_holds, without
from mockforge_analytics.store.reach import DAY_TIER, load_reach
from mockforge_analytics.store.rows import as_bytes, as_int
from mockforge_analytics.store.staged import decode_staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

    from mockforge_analytics.store.reach import Reach

__all__ = ["check_facts", "check_reach"]

_FLOOR_SLACK: Final = 2 * int(Granularity.DAY)  # a tier that is new to a database begins tomorrow
_RESTORE: Final = "restore a backup from before, or import the data again into a new database; please report this"
_NAMELESS: Final = Template(
    "SELECT count(*) FROM (SELECT DISTINCT id & 268435455 AS member FROM $cells) WHERE member NOT IN "
    "(SELECT id FROM $names)"
)
_NAMES: Final = {
    Fact.SERIES: "series",
    Fact.SCOPE: "scope",
    Fact.ERROR: "error_series",
    Fact.GAUGE: "gauge_series",
}
_NAMELESS_CLIENTS: Final = (
    "SELECT count(*) FROM client_hour WHERE agent_id NOT IN (SELECT id FROM agent) "
    "OR scope_id NOT IN (SELECT id FROM scope)"
)
_WRONG_SLOTS: Final = (
    "SELECT count(*) FROM series_day c JOIN series s ON s.id = c.id & 268435455 JOIN scope p ON p.id = s.scope_id "
    "WHERE (c.id >> 28) & 63 <> p.slot"
)
_WRONG_TOTALS: Final = (
    "SELECT count(*), min(t.endpoint) FROM endpoint_total t LEFT JOIN (SELECT s.scope_id AS p, s.endpoint AS e, "
    "s.method AS m, sum(request_count) AS a, sum(error_count) AS b, sum(latency_count) AS c, sum(latency_sum) AS d, "
    "sum(bytes_sent) AS f, sum(bytes_received) AS g FROM series_day k JOIN series s ON s.id = k.id & 268435455 "
    "GROUP BY 1, 2, 3) ON p = t.scope_id AND e = t.endpoint AND m = t.method WHERE CASE WHEN t.first_seen >= ?1 THEN "
    "a IS NOT t.request_count OR b IS NOT t.error_count OR c IS NOT t.latency_count OR d IS NOT t.latency_sum "
    "OR f IS NOT t.bytes_sent OR g IS NOT t.bytes_received ELSE coalesce(a, 0) > t.request_count END"
)
_WRONG_LEDGER: Final = (
    "SELECT count(*), min(source) FROM ledger WHERE received <> stored + deduplicated + rejected "
    "OR overflowed > stored OR rejected <> (SELECT coalesce(sum(value), 0) FROM json_each(reasons))"
)
_WRONG_VITALS: Final = (
    "SELECT count(*) FROM vital_hour WHERE hour % 3600 <> 0 OR samples < 1 OR last > maximum "
    "OR total > maximum * samples * 1.000001 OR last_seen / 1000000 NOT BETWEEN hour AND hour + 3599"
)
_MORE_CLIENTS: Final = (
    "SELECT count(*) FROM "
    "(SELECT id >> 43 AS hour, scope_id, sum(request_count) AS n FROM client_hour GROUP BY 1, 2) c JOIN "
    "(SELECT (id >> 34) / 4 AS hour, id & 268435455 AS scope_id, sum(request_count) AS n FROM scope_15m "
    "GROUP BY 1, 2) p ON p.hour = c.hour AND p.scope_id = c.scope_id WHERE c.n > p.n AND c.hour * 3600 >= ?"
)


def check_facts(connection: apsw.Connection, reach: Reach) -> Iterator[Finding]:
    """Yield what is wrong with names, totals, ledger and pending rows."""
    yield from _check_names(connection)
    yield from _check_totals(connection, reach)
    yield from _check_ledger(connection)
    yield from _check_vitals(connection)
    yield from _check_pending(connection)


def _first(connection: apsw.Connection, select: str, *values: int) -> tuple[Any, ...]:
    return connection.execute(select, values).fetchall()[0]


def _check_names(connection: apsw.Connection) -> Iterator[Finding]:
    for tier in TIERS:
        if tier.fact is Fact.CLIENT:
            (nameless,) = _first(connection, _NAMELESS_CLIENTS)
        else:
            select = _NAMELESS.substitute(cells=tier.name, names=_NAMES[tier.fact])
            (nameless,) = _first(connection, select)
        if nameless:
            yield Finding(Level.ERROR, f"{nameless} names used in {tier.name} do not exist", _RESTORE)
    (misplaced,) = _first(connection, _WRONG_SLOTS)
    if misplaced:
        yield Finding(Level.ERROR, f"{misplaced} cells of series_day lie under a wrong workspace", _RESTORE)


def _check_totals(connection: apsw.Connection, reach: Reach) -> Iterator[Finding]:
    wrong, endpoint = _first(connection, _WRONG_TOTALS, reach.floors[DAY_TIER.name] * MICROSECONDS)
    if wrong:
        what = f"{wrong} endpoint totals are not the sums of their days, the first of {endpoint!r}"
        yield Finding(Level.ERROR, what, _RESTORE)
    (fifteen,) = (tier for tier in tiers_of(Fact.SCOPE) if tier.width is Granularity.FIFTEEN_MINUTES)
    (more,) = _first(connection, _MORE_CLIENTS, reach.floors[fifteen.name])
    if more:
        yield Finding(Level.ERROR, f"client rows count more requests than there were, in {more} hours", _RESTORE)


def _check_ledger(connection: apsw.Connection) -> Iterator[Finding]:
    wrong, source = _first(connection, _WRONG_LEDGER)
    if wrong:
        what = (
            f"{wrong} ledger rows do not add up (received = stored + deduplicated + rejected), the first of {source!r}"
        )
        yield Finding(Level.ERROR, what, _RESTORE)
    stored, counted = _first(
        connection,
        "SELECT (SELECT coalesce(sum(stored), 0) FROM ledger), (SELECT coalesce(sum(request_count), 0) "
        "FROM endpoint_total)",
    )
    waiting = [part for _, parts in waiting_rows(connection) for part in parts]
    stored += sum(row.stored for part in waiting for row in part.ledger)
    counted += sum(part.requests for part in waiting)
    if stored != counted:
        what = f"the ledger says {stored} requests were stored, the endpoint totals and pending rows count {counted}"
        yield Finding(Level.ERROR, what, _RESTORE)


def _check_vitals(connection: apsw.Connection) -> Iterator[Finding]:
    (wrong,) = _first(connection, _WRONG_VITALS)
    if wrong:
        yield Finding(Level.ERROR, f"{wrong} rows of vital_hour contradict themselves", _RESTORE)


def check_reach(connection: apsw.Connection, now: int) -> Iterator[Finding]:
    """Yield what is wrong with floors, islands and holds; `now` in seconds. Everything else needs the floors."""
    reach = load_reach(connection)
    holds = [hold.window for hold in list_holds(connection)]
    for tier in TIERS:
        floor = reach.floors.get(tier.name)
        if floor is None:
            yield Finding(Level.ERROR, f"the tier {tier.name} has no floor", "open the database once for writing")
        elif floor > now + _FLOOR_SLACK:
            what = f"{tier.name} refuses everything before {floor}, which is in the future: a clock was wrong"
            yield Finding(Level.ERROR, what, "set the clock right and import into a new database")
        for island in reach.islands.get(tier.name, ()):
            if without(island, holds):
                what = f"{tier.name} keeps {island.start} to {island.end} though no hold covers it"
                yield Finding(Level.WARNING, what, "harmless; `retention run` cannot delete it")


def _check_pending(connection: apsw.Connection) -> Iterator[Finding]:
    names = {as_int(row[0]) for row in connection.execute("SELECT id FROM series")}
    left = dict(waiting_rows(connection))
    for number, requests, payload in connection.execute("SELECT id, requests, payload FROM pending"):
        written = sum(part.requests for part in decode_staged(as_bytes(payload)))
        known = names.issuperset(series for part in left[number] for series in part.cells.series.tolist())
        if not known or written != requests:
            yield Finding(Level.ERROR, f"the pending row {number} is not what was written", _RESTORE)
    progress = load_progress(connection)
    if progress is not None:
        waiting = sum(part.requests for number, parts in left.items() if number <= progress.last for part in parts)
        if waiting != progress.requests:
            what = f"a fold in parts says that it has left {progress.requests} requests, there are {waiting}"
            yield Finding(Level.ERROR, what, _RESTORE)
