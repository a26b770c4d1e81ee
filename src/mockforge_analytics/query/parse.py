"""Strings and mappings become a `QuerySpec`, or a `QueryError` that names the field."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.spec import MAX_LIMIT, MAX_STATUS, NO_VALUE, Order, QuerySpec, clipped
from mockforge_analytics.query.times import parse_duration, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["AUTO", "PARAMETERS", "parse_granularity", "parse_spec", "parse_status"]

AUTO: Final = "auto"
_ABSENT: Final = frozenset({NO_VALUE, "none"})
_CODE: Final = re.compile(r"\d{1,3}", re.ASCII)
_CLASS: Final = re.compile(r"([1-9])xx", re.ASCII)
_RANGE: Final = re.compile(r"(\d{1,3})-(\d{1,3})", re.ASCII)
_CLASS_WIDTH: Final = 100

# A comma is a character of paths, agents and messages like any other: these take several values by repetition only.
_WHOLE: Final = (Dimension.ENDPOINT, Dimension.AGENT, Dimension.AGENT_FAMILY, Dimension.ERROR_TYPE)
_LISTED: Final = (
    Dimension.PROTOCOL,
    Dimension.METHOD,
    Dimension.WORKSPACE,
    Dimension.ENVIRONMENT,
    Dimension.ERROR_CATEGORY,
    Dimension.CLIENT,
)
_TIMES: Final = ("start_time", "end_time", "duration", "last")
PARAMETERS: Final = (*_TIMES, *_LISTED, *_WHOLE, Dimension.STATUS, "limit", "granularity", "order")


def parse_spec(
    parameters: Mapping[str, object],
    now_us: int,
    *,
    default_duration: int | None = None,
    zone: tzinfo = UTC,
) -> QuerySpec:
    """Return the question that `parameters` (names of `PARAMETERS`) ask at `now_us`.

    None, empty text and empty lists count as not given. ``(none)`` as a filter value asks for requests without one.
    `last` is `duration` counted back from now. Where no duration and not both bounds are given, `default_duration`
    (seconds) is taken; without it the window is open on that side. `zone` is that of times without an offset.

    Raises:
        QueryError: a name is unknown or a value is not understood; `field` names it.
    """
    given = {name: texts for name, values in parameters.items() if (texts := _texts(name, values))}
    if unknown := sorted(set(given) - set(PARAMETERS)):
        message = f"{unknown[0]} is not a parameter of reports; accepted are {', '.join(PARAMETERS)}"
        raise QueryError(message, field=unknown[0])
    start, end, duration = _bounds(given, now_us, zone)
    if duration is None and (start is None or end is None):
        duration = default_duration
    return QuerySpec(
        start=start,
        end=end,
        duration=duration,
        protocol=_filter(given, Dimension.PROTOCOL),
        endpoint=_filter(given, Dimension.ENDPOINT),
        method=_filter(given, Dimension.METHOD),
        status_code=parse_status(given.get(Dimension.STATUS, ())),
        workspace_id=_filter(given, Dimension.WORKSPACE),
        environment=_filter(given, Dimension.ENVIRONMENT),
        error_type=_filter(given, Dimension.ERROR_TYPE),
        error_category=_filter(given, Dimension.ERROR_CATEGORY),
        client_ip=_filter(given, Dimension.CLIENT),
        user_agent=_filter(given, Dimension.AGENT),
        user_agent_family=_filter(given, Dimension.AGENT_FAMILY),
        limit=_limit(_single(given, "limit")),
        granularity=parse_granularity(_single(given, "granularity")),
        order=_order(_single(given, "order")),
    )


def parse_status(texts: Iterable[str]) -> tuple[StatusRange, ...]:
    """Return the ranges that codes (``404``), classes (``4xx``), ranges (``400-418``) and comma lists stand for."""
    return tuple(dict.fromkeys(_status(part) for text in texts for part in text.split(",") if part.strip()))


def parse_granularity(text: str | None) -> Granularity | None:
    """Return the granularity named `text`; None for None and ``auto``."""
    if text is None or text.lower() == AUTO:
        return None
    for granularity in Granularity:
        if granularity.label == text.lower():
            return granularity
    accepted = ", ".join(granularity.label for granularity in Granularity)
    message = f"granularity {clipped(text)} is not known; accepted are {accepted} and {AUTO}"
    raise QueryError(message, field="granularity")


def _texts(name: str, values: object) -> tuple[str, ...]:
    if values is None:
        return ()
    several = tuple(values) if isinstance(values, list | tuple | set | frozenset) else (values,)
    for value in several:
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            message = f"{name} cannot be {value!r}; accepted are text and numbers"
            raise QueryError(message, field=name)
    return tuple(text for value in several if (text := str(value).strip()))


def _single(given: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    values = given.get(name, ())
    if len(values) > 1:
        message = f"{name} is given {len(values)} times; it takes one value"
        raise QueryError(message, field=name)
    return values[0] if values else None


def _bounds(
    given: Mapping[str, tuple[str, ...]], now_us: int, zone: tzinfo
) -> tuple[int | None, int | None, int | None]:
    start, end, duration, last = (_single(given, name) for name in _TIMES)
    if last is not None and (start or end or duration):
        message = "last counts back from now and cannot be combined with start_time, end_time or duration"
        raise QueryError(message, field="last")
    if last is not None:
        return None, None, parse_duration(last, "last")
    return (
        None if start is None else parse_instant(start, now_us, "start_time", zone=zone),
        None if end is None else parse_instant(end, now_us, "end_time", zone=zone, up=True),
        None if duration is None else parse_duration(duration),
    )


def _filter(given: Mapping[str, tuple[str, ...]], name: Dimension) -> tuple[str, ...]:
    texts: Iterable[str] = given.get(name, ())
    if name not in _WHOLE:
        texts = (cleaned for text in texts for part in text.split(",") if (cleaned := part.strip()))
    return tuple(dict.fromkeys("" if text == NO_VALUE else text for text in texts))


def _status(text: str) -> StatusRange:
    cleaned = text.strip().lower()
    if cleaned in _ABSENT:
        return StatusRange(0, 0)
    if _CODE.fullmatch(cleaned):
        return StatusRange(int(cleaned), int(cleaned))
    if match := _CLASS.fullmatch(cleaned):
        low = int(match[1]) * _CLASS_WIDTH
        return StatusRange(low, low + _CLASS_WIDTH - 1)
    if (match := _RANGE.fullmatch(cleaned)) and int(match[1]) <= int(match[2]):
        return StatusRange(int(match[1]), int(match[2]))
    message = (
        f"status_code {clipped(text)} is not known; accepted are codes from 0 to {MAX_STATUS} such as 404, "
        f"classes such as 4xx, ranges such as 400-418, and {NO_VALUE}"
    )
    raise QueryError(message, field=Dimension.STATUS)


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LIMIT_DIGITS and int(text) >= 1):
        message = f"limit {clipped(text)} is not a number of rows; accepted is 1 to {MAX_LIMIT}"
        raise QueryError(message, field="limit")
    return int(text)


_LIMIT_DIGITS: Final = 15


def _order(text: str | None) -> Order | None:
    if text is None:
        return None
    column, _, direction = text.partition(":")
    if direction not in ("", "asc", "desc"):
        message = f"order {clipped(text)} has an unknown direction; accepted are COLUMN, COLUMN:desc and COLUMN:asc"
        raise QueryError(message, field="order")
    return Order(column.strip(), direction == "asc")
