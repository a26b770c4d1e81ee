"""Raw fields as text to the request schema, and the reason where a value makes no sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.sources.accesslog.fields import LINE, Field
from mockforge_analytics.sources.accesslog.target import method_and_path, split_request
from mockforge_analytics.sources.accesslog.text import MAX_AGENT_CHARS, clean_client, clean_text, unescape
from mockforge_analytics.sources.accesslog.times import AUTO, parse_times

__all__ = ["REASON", "Labels", "Units", "normalise"]

REASON: Final = "reason"

_MIN_STATUS: Final = 100
_MAX_STATUS: Final = 599
_MAX_REQUEST_ID_CHARS: Final = 128


@dataclass(frozen=True, slots=True)
class Labels:
    """What is written to every imported request."""

    protocol: str = "HTTP"
    workspace_id: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Units:
    """How the numbers of a format are to be read: `latency` in seconds a unit, `time` as `parse_times` takes it."""

    latency: float = 1.0
    time: str = AUTO


def normalise(
    raw: pl.DataFrame, units: Units, labels: Labels, *, has_controls: bool, has_escapes: bool
) -> pl.DataFrame:
    """Return the columns of `REQUEST_SCHEMA`, `LINE` and `REASON` (null where the row is a request) for raw fields.

    Those are texts, or numbers where the reader of the lines saw digits; a time as a number is microseconds.

    `has_controls` says whether control characters may occur in the values; they become U+FFFD. `has_escapes` says
    whether user agents are escaped as servers do it in text logs.
    """
    time = raw.get_column(Field.TIME)
    timestamp = parse_times(time, units.time) if time.dtype == pl.String else time
    status, bad_status = _status(raw.get_column(Field.STATUS))
    sent, bad_sent = _size(raw.get_column(Field.SIZE))
    received, bad_received = _size(raw.get_column(Field.RECEIVED))
    latency, bad_latency = _latency(raw.get_column(Field.LATENCY), units.latency)
    method, path = _method_and_path(raw)
    agent = _present(raw.get_column(Field.AGENT))
    agent = unescape(agent) if has_escapes else agent
    request_id = _present(raw.get_column(Field.REQUEST_ID))
    known: dict[str, pl.Series | pl.Expr] = {
        "timestamp": timestamp,
        "protocol": pl.lit(labels.protocol),
        "method": method,
        "path": clean_text(path, has_controls=has_controls),
        "status_code": status,
        "latency": latency,
        "bytes_sent": sent,
        "bytes_received": received,
        "client_ip": clean_client(_client(raw), has_controls=has_controls),
        "user_agent": clean_text(agent, has_controls=has_controls, limit=MAX_AGENT_CHARS),
        "workspace_id": pl.lit(labels.workspace_id, pl.String),
        "environment": pl.lit(labels.environment, pl.String),
        "request_id": clean_text(request_id, has_controls=has_controls, limit=_MAX_REQUEST_ID_CHARS),
    }
    columns = [known.get(name, pl.lit(None, dtype())).alias(name) for name, dtype in REQUEST_SCHEMA.items()]
    reason = _first_reason(
        {
            "request": _no_request(raw),
            "time": timestamp.is_null(),
            "status": bad_status,
            "size": bad_sent | bad_received,
            "latency": bad_latency,
        }
    )
    return raw.select(LINE).with_columns(columns).with_columns(reason)


def _first_reason(faults: dict[str, pl.Series]) -> pl.Series:
    rows = len(next(iter(faults.values())))
    reason = pl.repeat(None, rows, dtype=pl.String, eager=True).alias(REASON)
    for name, fault in reversed(faults.items()):
        if fault.any():
            reason = reason.set(fault, name)
    return reason


def _no_request(raw: pl.DataFrame) -> pl.Series:
    fields = (Field.STATUS, Field.REQUEST, Field.METHOD, Field.TARGET)
    return raw.select(pl.all_horizontal(pl.col(field).is_null() for field in fields)).to_series()


def _present(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String or values.null_count() == len(values):
        return values
    absent = (values == "-") | (values == "")
    return values.set(absent, None) if absent.any() else values


def _method_and_path(raw: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    method, target = (_present(raw.get_column(Field.METHOD)), _present(raw.get_column(Field.TARGET)))
    request = _present(raw.get_column(Field.REQUEST))
    if request.null_count() < len(request):
        line_method, line_target = split_request(request)
        method, target = _first(method, line_method), _first(target, line_target)
    return method_and_path(method, target)


def _client(raw: pl.DataFrame) -> pl.Series:
    """Return the peer, or where the format names no peer, the list of addresses it forwarded for."""
    return _first(_present(raw.get_column(Field.CLIENT)), _present(raw.get_column(Field.FORWARDED)))


def _first(preferred: pl.Series, other: pl.Series) -> pl.Series:
    if other.null_count() == len(other):
        return preferred
    if preferred.null_count() == len(preferred):
        return other
    return preferred.zip_with(preferred.is_not_null(), other)


def _status(raw: pl.Series) -> tuple[pl.Series, pl.Series]:
    given = _present(raw)
    number = given.cast(pl.Int32, strict=False)
    bad = given.is_not_null() & ~number.is_between(_MIN_STATUS, _MAX_STATUS).fill_null(value=False)
    if not bad.any():
        return number, bad
    unanswered = (number == 0).fill_null(value=False)
    return number.set(bad, None), bad & ~unanswered


def _size(raw: pl.Series) -> tuple[pl.Series, pl.Series]:
    given = _present(raw)
    number = given.cast(pl.Int64, strict=False)
    bad = given.is_not_null() & ~(number >= 0).fill_null(value=False)
    none_sent = given.is_null() & raw.is_not_null()
    return number.set(none_sent, 0) if none_sent.any() else number, bad


def _latency(raw: pl.Series, seconds_per_unit: float) -> tuple[pl.Series, pl.Series]:
    given = _present(raw)
    number = given.cast(pl.Float64, strict=False)
    bad = given.is_not_null() & ~((number >= 0) & number.is_finite()).fill_null(value=False)
    return number * seconds_per_unit if seconds_per_unit != 1.0 else number, bad
