"""Reading single error events, stored and pending, newest first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.batch import ERROR_EVENT_SCHEMA
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    from collections.abc import Mapping

    import apsw

    from mockforge_analytics.model.window import Window
    from mockforge_analytics.store.pending_view import PendingView

__all__ = ["read_events"]

_COLUMNS: Final = list(ERROR_EVENT_SCHEMA)
_CASELESS: Final = frozenset({Dimension.PROTOCOL, Dimension.METHOD})
_SELECT: Final = (
    "SELECT id, timestamp_us, protocol, method, endpoint, status_code, error_type, error_message, error_category, "
    "request_id, trace_id, span_id, client_ip, user_agent, workspace_id, environment, metadata FROM error_events "
    "WHERE timestamp_us >= ? AND timestamp_us < ?"
)
_NEWEST_FIRST: Final = " ORDER BY timestamp_us DESC, id DESC"
_AMONG: Final = {
    # Absent texts are null in events and "" in filters. What is matched without regard to case is left to `_is_wanted`.
    Dimension.ENDPOINT: " AND coalesce(endpoint, '') IN (SELECT value FROM json_each(?))",
    Dimension.ERROR_TYPE: " AND coalesce(error_type, '') IN (SELECT value FROM json_each(?))",
    Dimension.ERROR_CATEGORY: " AND coalesce(error_category, '') IN (SELECT value FROM json_each(?))",
    Dimension.WORKSPACE: " AND coalesce(workspace_id, '') IN (SELECT value FROM json_each(?))",
    Dimension.ENVIRONMENT: " AND coalesce(environment, '') IN (SELECT value FROM json_each(?))",
}
_KNOWN: Final = frozenset(Dimension) & {Dimension(name) for name in _COLUMNS if name in {str(d) for d in Dimension}}


def _is_wanted(event: tuple[Any, ...], filters: Mapping[Dimension, tuple[str | StatusRange, ...]]) -> bool:
    return all(
        _matches(dimension, event[_COLUMNS.index(str(dimension))], wanted) for dimension, wanted in filters.items()
    )


def _matches(dimension: Dimension, value: Any, wanted: tuple[str | StatusRange, ...]) -> bool:
    if dimension is Dimension.STATUS:
        return any(isinstance(want, StatusRange) and want.low <= (value or 0) <= want.high for want in wanted)
    text = value or ""
    if dimension in _CASELESS:
        return any(isinstance(want, str) and want.casefold() == text.casefold() for want in wanted)
    return text in wanted


def read_events(
    connection: apsw.Connection,
    view: PendingView,
    window: Window,
    filters: Mapping[Dimension, tuple[str | StatusRange, ...]],
    limit: int,
    before: tuple[int, int] | None,
) -> pl.DataFrame:
    """Return at most `limit` events of `window`, newest first.

    Pending ones have the ids that they are stored under, unless the caps on events leave some of them out: pages that
    are read before and after a fold fit together.

    Raises:
        QueryError: a filter on something events do not know.
    """
    for dimension in filters:
        if dimension not in _KNOWN:
            message = f"error events do not know the {dimension} of a request; remove that filter"
            raise QueryError(message, field=str(dimension))
    start, end = window.start * MICROSECONDS, window.end * MICROSECONDS
    arrived = (event for part in view.staged for event in part.events)
    found = [
        (number, *event)
        for number, event in enumerate(arrived, _next_id(connection))
        if start <= event[0] < end and (before is None or (event[0], number) < before) and _is_wanted(event, filters)
    ]
    top = end if before is None else min(end, before[0] + 1)
    stored = 0
    select, values = _selected(filters)
    for row in connection.execute(select, (start, top, *values)):
        if (before is None or (row[1], row[0]) < before) and _is_wanted(row[1:], filters):
            found.append(row)
            stored += 1
            if stored >= limit:
                break
    found.sort(key=lambda row: (row[1], row[0]), reverse=True)
    return pl.DataFrame(found[:limit], schema={"id": pl.Int64, **ERROR_EVENT_SCHEMA}, orient="row")


def _selected(filters: Mapping[Dimension, tuple[str | StatusRange, ...]]) -> tuple[str, list[str]]:
    """Return the statement that reads stored events, and the values of those filters that SQLite can answer itself.

    A row that it leaves out takes a third of a microsecond, one that Python leaves out two.
    """
    known = [dimension for dimension in filters if dimension in _AMONG]
    select = "".join((_SELECT, *(_AMONG[dimension] for dimension in known), _NEWEST_FIRST))
    return select, [json.dumps(filters[dimension]) for dimension in known]


def _next_id(connection: apsw.Connection) -> int:
    rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'error_events'").fetchall()
    return as_int(rows[0][0]) + 1 if rows else 1
