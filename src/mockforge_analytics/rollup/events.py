"""Single errors: a bounded sample of what failed, in full."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.batch import ERROR_EVENT_SCHEMA
from mockforge_analytics.model.cardinality import rank_in_group
from mockforge_analytics.model.codes import Integers, Values, bucket_key, encode, frame_of, group
from mockforge_analytics.model.dimensions import ABSENT_STATUS
from mockforge_analytics.model.window import MICROSECONDS, Granularity
from mockforge_analytics.rollup.sums import category_names, series_columns
from mockforge_analytics.rollup.text import LIMITS, clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.config import CapConfig
    from mockforge_analytics.model.request import RequestTable
    from mockforge_analytics.rollup.requests import Requests

__all__ = ["error_events", "merge_events"]

Int64s = NDArray[np.int64]
_Key = tuple[Integers, int]

_MINUTE: Final = Granularity.MINUTE * MICROSECONDS
_NO_EVENTS: Final = pl.DataFrame(schema=ERROR_EVENT_SCHEMA)
_FEW: Final = 256  # events; expressions of Polars take 500 µs for one and for all
_MAY_BE_ABSENT: Final = tuple(ERROR_EVENT_SCHEMA.keys() - {"timestamp", "protocol", "error_type", "error_category"})
_TRUNCATED: Final = "truncated"
_FREE_TEXTS: Final = ("error_message", "request_id", "trace_id", "span_id")


def error_events(table: RequestTable, requests: Requests, caps: CapConfig) -> tuple[pl.DataFrame, Int64s]:
    """Return a sample of the failed requests of `table`, columns of `ERROR_EVENT_SCHEMA`, and the row of each in it.

    They are ordered by time.

    Of each (workspace, endpoint, error type, minute) the first `caps.error_events_per_minute` by time are candidates,
    and of the candidates of each (workspace, minute) the first `caps.error_events_per_minute_total` stay; ties in order
    of the table. Unlike elsewhere in deltas, what is absent is null: events are stored and shown as they are.
    """
    failures = requests.failures
    if not len(failures):
        return _NO_EVENTS, failures.row
    picked = _sample(requests, caps)
    rows = failures.row[picked]
    raw = {name: table.picked(name, rows) for name in (*_FREE_TEXTS, "metadata")}
    columns: dict[str, Values] = {
        "timestamp": requests.timestamp[rows],
        **series_columns(requests, rows),
        "error_type": failures.type.rows(picked),
        "error_category": category_names(failures.category[picked]),
        **{name: clean(raw[name], LIMITS[name]) for name in _FREE_TEXTS},
        **{name: requests.texts[name].rows(rows) for name in ("client_ip", "user_agent")},
        "metadata": _bounded_json(raw["metadata"]),
    }
    if len(rows) <= _FEW:
        few = {name: _nulled(name, column) for name, column in columns.items()}
        return frame_of(few, ERROR_EVENT_SCHEMA), rows
    return frame_of(columns, ERROR_EVENT_SCHEMA).with_columns(
        pl.when(pl.col(name) != _nothing(name)).then(pl.col(name)).alias(name) for name in _MAY_BE_ABSENT
    ), rows


def _nothing(name: str) -> int | str:
    return ABSENT_STATUS if name == "status_code" else ""


def _nulled(name: str, column: Values) -> list[Any]:
    """Return a column of few events with null for what is absent."""
    values: list[Any] = column.tolist() if isinstance(column, np.ndarray) else list(column)
    if name not in _MAY_BE_ABSENT:
        return values
    nothing = _nothing(name)
    return [None if value == nothing else value for value in values]


def merge_events(parts: Sequence[pl.DataFrame], caps: CapConfig) -> pl.DataFrame:
    """Return the events of `parts`, ordered by time, as far as the caps of `error_events` leave room for them."""
    filled = [part for part in parts if part.height]
    if len(filled) < 2:  # noqa: PLR2004 - nothing to merge
        return filled[0] if filled else parts[0]
    events = pl.concat(filled, rechunk=True)
    time = events.get_column("timestamp").to_numpy()
    order = np.argsort(time, kind="stable")
    minute = bucket_key(time[order], _MINUTE)
    codes = {name: encode(events.get_column(name)) for name in ("workspace_id", "endpoint", "error_type")}
    workspace, endpoint, kind = ((column.of_row[order], len(column)) for column in codes.values())
    merged: pl.DataFrame = events[order[_within_caps(minute, workspace, endpoint, kind, caps)]]
    return merged


def _sample(requests: Requests, caps: CapConfig) -> Int64s:
    """Return which failures are kept, ordered by time."""
    failures = requests.failures
    order = np.argsort(requests.timestamp[failures.row], kind="stable")
    row = failures.row[order]
    minute = bucket_key(requests.timestamp[row], _MINUTE)
    workspace = (requests.texts["workspace_id"].of_row[row], len(requests.texts["workspace_id"]))
    endpoint = (requests.texts["endpoint"].of_row[row], len(requests.texts["endpoint"]))
    kind = (failures.type.of_row[order], len(failures.type))
    return order[_within_caps(minute, workspace, endpoint, kind, caps)]


def _within_caps(minute: _Key, workspace: _Key, endpoint: _Key, kind: _Key, caps: CapConfig) -> Int64s:
    """Return which of the events, which are ordered by time, the caps leave room for."""
    alike = group(minute, workspace, endpoint, kind)
    few = np.flatnonzero(rank_in_group(alike.of_row) < caps.error_events_per_minute)
    together = group((minute[0][few], minute[1]), (workspace[0][few], workspace[1]))
    return few[rank_in_group(together.of_row) < caps.error_events_per_minute_total]


def _bounded_json(texts: pl.Series) -> pl.Series:
    """Return `texts` (JSON objects), a longer one replaced by an object that holds its beginning as ``truncated``."""
    limit = LIMITS["metadata"]
    cleaned = clean(texts, limit)
    if cleaned is texts:
        return texts
    long = (texts.str.len_chars() > limit).fill_null(False)
    if not long.any():
        return cleaned
    rows = long.arg_true()
    # JSON escapes at most every character of a clean text, with one backslash each.
    beginnings = cleaned[rows].str.head((limit - len(json.dumps({_TRUNCATED: ""}))) // 2)
    return cleaned.scatter(rows, [json.dumps({_TRUNCATED: text}, ensure_ascii=False) for text in beginnings])
