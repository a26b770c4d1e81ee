"""What a caller may ask of a report: one value, checked once, understood the same by every edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import Dimension, ErrorCategory
from mockforge_analytics.model.plan import StatusRange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockforge_analytics.model.window import Granularity

__all__ = [
    "MAX_DURATION_SECONDS",
    "MAX_FILTER_VALUES",
    "MAX_LIMIT",
    "MAX_POINTS",
    "MAX_STATUS",
    "MAX_TEXT",
    "MAX_TIME_SECONDS",
    "NO_VALUE",
    "Filters",
    "Order",
    "QuerySpec",
    "check_text",
    "clipped",
    "describe_filters",
]

MAX_LIMIT: Final = 10_000  # rows of a list in an answer
MAX_POINTS: Final = 22_000  # buckets of a time series: two weeks of minutes, or the days from 1970 to 2030
MAX_FILTER_VALUES: Final = 200  # values of one filter
MAX_TEXT: Final = 4_096  # characters of one filter value
MAX_STATUS: Final = 999
_SHOWN: Final = 80  # characters of a wrong value that a message repeats
MAX_TIME_SECONDS: Final = 253_402_300_800  # year 10000; numbers past it are milliseconds taken for seconds
MAX_DURATION_SECONDS: Final = 200 * 366 * 86_400

Filters = dict[Dimension, tuple[str | StatusRange, ...]]


@dataclass(frozen=True, slots=True)
class Order:
    """Sort rows by `column`, largest first unless `ascending`."""

    column: str
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class QuerySpec:
    """One question. Filters of several values match any of them; all filters together must match.

    Attributes:
        start: first second of the window, Unix time.
        end: first second after the window. With `start` alone the window ends `duration` later, or now.
        duration: seconds; with one bound it gives the other, with none it counts back from now. Without any of the
            three the window is everything the database holds.
        protocol: matched without regard to case, as `method` is. The text ``""`` matches requests without a value.
        status_code: ranges of codes; ``StatusRange(0, 0)`` matches requests without one.
        limit: rows of a list; None leaves it to the report. It caps the answer, never what is summed.
        granularity: width of the buckets of a time series; None chooses one that gives about 60 to 300 points.
        preferred: width taken where `granularity` is None, or the next coarser one that is kept for the whole window
            and does not give too many points.
        order: how a list is sorted; None leaves it to the report.
        workspace_bound: the asker may see the workspaces of `workspace_id` only, so that filter is never left out.
        max_points: a time series that would have more points is given in coarser buckets, with a warning.

    Raises:
        QueryError: a value is out of bounds; `field` names it.
    """

    start: int | None = None
    end: int | None = None
    duration: int | None = None
    protocol: tuple[str, ...] = ()
    endpoint: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    status_code: tuple[StatusRange, ...] = ()
    workspace_id: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    error_type: tuple[str, ...] = ()
    error_category: tuple[str, ...] = ()
    client_ip: tuple[str, ...] = ()
    user_agent: tuple[str, ...] = ()
    user_agent_family: tuple[str, ...] = ()
    limit: int | None = None
    granularity: Granularity | None = None
    preferred: Granularity | None = None
    order: Order | None = None
    max_points: int = MAX_POINTS
    workspace_bound: bool = False

    def __post_init__(self) -> None:
        _check_number("start_time", self.start, 0, MAX_TIME_SECONDS)
        _check_number("end_time", self.end, 0, MAX_TIME_SECONDS)
        _check_number("duration", self.duration, 1, MAX_DURATION_SECONDS)
        _check_number("limit", self.limit, 1, MAX_LIMIT)
        _check_number("max_points", self.max_points, 1, None)
        for dimension, values in self.filters.items():
            _check_values(dimension, values)

    @property
    def filters(self) -> Filters:
        """The filters that are set, in the order of the fields."""
        return {name: values for name in _FILTER_FIELDS if (values := getattr(self, name))}


_FILTER_FIELDS: Final = (
    Dimension.PROTOCOL,
    Dimension.ENDPOINT,
    Dimension.METHOD,
    Dimension.STATUS,
    Dimension.WORKSPACE,
    Dimension.ENVIRONMENT,
    Dimension.ERROR_TYPE,
    Dimension.ERROR_CATEGORY,
    Dimension.CLIENT,
    Dimension.AGENT,
    Dimension.AGENT_FAMILY,
)


def _check_number(field: str, value: int | None, low: int, high: int | None) -> None:
    if value is None or (value >= low and (high is None or value <= high)):
        return
    accepted = f"at least {low}" if high is None else f"from {low} to {high}"
    message = f"{field} is {value}; accepted is a whole number {accepted}"
    raise QueryError(message, field=field)


def _check_values(dimension: Dimension, values: tuple[str | StatusRange, ...]) -> None:
    if len(values) > MAX_FILTER_VALUES:
        message = f"{dimension} has {len(values)} values; at most {MAX_FILTER_VALUES} are accepted"
        raise QueryError(message, field=dimension)
    for value in values:
        if isinstance(value, StatusRange) is not (dimension is Dimension.STATUS):
            message = f"{dimension} cannot be {value!r}; status codes are StatusRange values, everything else is text"
            raise QueryError(message, field=dimension)
        if isinstance(value, StatusRange):
            _check_status(value)
        else:
            check_text(dimension, value)
            if dimension is Dimension.ERROR_CATEGORY:
                _check_category(value)


def _check_status(value: StatusRange) -> None:
    if not 0 <= value.low <= value.high <= MAX_STATUS:
        message = f"status_code {value.low}-{value.high} is not a range within 0 to {MAX_STATUS}"
        raise QueryError(message, field=Dimension.STATUS)


def _check_category(value: str) -> None:
    if value and value not in tuple(ErrorCategory):
        message = (
            f"error_category {clipped(value)} is not known; accepted are {', '.join(ErrorCategory)} and {NO_VALUE}"
        )
        raise QueryError(message, field=Dimension.ERROR_CATEGORY)


def clipped(text: str) -> str:
    """Return the beginning of a wrong value in quotes, as messages repeat it; … where it goes on."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def check_text(field: str, value: str) -> None:
    """Return if `value` is text that can be looked for.

    Raises:
        QueryError: it is too long, or holds characters that no stored text has.
    """
    if len(value) > MAX_TEXT:
        message = f"{field} has a value of {len(value)} characters; at most {MAX_TEXT} are accepted"
        raise QueryError(message, field=field)
    # A lone surrogate cannot be bound to a statement, a NUL ends the text for some of SQLite's functions.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        message = f"{field} {clipped(value)} holds a character that no stored text has (NUL or half a surrogate pair)"
        raise QueryError(message, field=field)


def describe_filters(filters: Mapping[Dimension, tuple[str | StatusRange, ...]]) -> dict[str, list[str]]:
    """Return `filters` as text values that `parse_spec` reads back."""
    return {str(name): [_describe(value) for value in values] for name, values in filters.items()}


def _describe(value: str | StatusRange) -> str:
    if isinstance(value, str):
        return value or NO_VALUE
    if value.low == value.high:
        return str(value.low) if value.low else NO_VALUE
    return f"{value.low}-{value.high}"


NO_VALUE: Final = "(none)"  # how a filter asks for requests that have no value there
