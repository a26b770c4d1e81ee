"""Typed answers of the reports. Percent run from 0 to 100, latencies are milliseconds, None means unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mockforge_analytics.model.window import Granularity, Window
    from mockforge_analytics.query.figures import Latency
    from mockforge_analytics.query.spec import Filters

__all__ = [
    "CountSeries",
    "EndpointRow",
    "Endpoints",
    "ErrorEvents",
    "ErrorGroup",
    "Errors",
    "LatencyDistribution",
    "LatencyTrends",
    "Line",
    "Moment",
    "Overview",
    "PatternCell",
    "Peak",
    "Peaks",
    "ProtocolRow",
    "Protocols",
    "Report",
    "Requests",
    "StatusClassRow",
    "StatusCodes",
    "StatusRow",
    "Totals",
    "TrafficPatterns",
    "TrafficRow",
    "Value",
    "Values",
    "WeekCell",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What every answer carries.

    Attributes:
        window: the effective window, which all sums cover and all rates divide by.
        granularity: the width of the buckets of a time series, None where there is none.
        commit: the newest commit the answer has seen; all its parts come from that one state.
        warnings: what the reader must know to read the figures right.
        filters: the filters that hold for every figure.
    """

    window: Window
    granularity: Granularity | None
    commit: int
    warnings: tuple[str, ...]
    filters: Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRow:
    """The traffic of one group; `share` is its part of all requests of the answer in percent."""

    request_count: int
    share: float
    error_count: int
    error_rate: float
    latency: Latency
    bytes_sent: int
    bytes_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolRow(TrafficRow):
    """The traffic of one protocol."""

    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow(TrafficRow):
    """The traffic of one endpoint: a protocol, a method and a path template, None where there is none."""

    protocol: str
    method: str | None
    endpoint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow(TrafficRow):
    """The traffic of one status code, None for requests without one."""

    status_code: int | None


@dataclass(frozen=True, slots=True)
class StatusClassRow:
    """The traffic of one class of status codes, such as ``4xx``; ``none`` for requests without a code."""

    status_class: str
    request_count: int
    share: float


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in Unix seconds: it lies in ``at <= t < at + resolution``; with resolution 0 it is exact."""

    at: float
    resolution: int


@dataclass(frozen=True, slots=True)
class Peak:
    """The busiest bucket: `count` in the `seconds` from `start` on, which is `rate` a second."""

    rate: float
    count: int
    start: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Report):
    """The figures of a window as a whole.

    `active_connections` is None where no source reports them or the filters cannot be answered for them.
    """

    total_requests: int
    total_errors: int
    error_rate: float
    latency: Latency
    requests_per_second: float
    total_bytes_sent: int
    total_bytes_received: int
    active_connections: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(Totals):
    """The figures of a window on one page.

    `peak`, `first_request` and `last_request` are None in a window without requests.
    """

    peak: Peak | None
    first_request: Moment | None
    last_request: Moment | None
    status_classes: tuple[StatusClassRow, ...]
    top_protocols: tuple[ProtocolRow, ...]
    top_endpoints: tuple[EndpointRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests(Report):
    """Requests over time, one series a protocol, zero-filled.

    `frame` has ``protocol``, ``timestamp`` (bucket start, seconds), ``request_count``, ``error_count`` and
    ``requests_per_second``; series after series in the order of `protocols` (most requests first), each of the same
    number of buckets, ascending.
    """

    protocols: tuple[str, ...]
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a chart, a value a bucket: what is counted, the errors among it, and what is counted a second."""

    label: str
    total: int
    counts: NDArray[np.int64]
    errors: NDArray[np.int64]
    per_second: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountSeries(Report):
    """Counts over time, zero-filled: every line has a value for each of `starts` (seconds), largest lines first.

    The lines add up to everything that is counted; where there were more than the limit, the last one is the rest.
    """

    starts: NDArray[np.int64]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTrends(Report):
    """Latencies over time: `frame` has every bucket, ascending, with null latencies where none is known.

    Columns: ``timestamp`` (bucket start, seconds), ``request_count``, ``latency_count`` and, in milliseconds,
    ``avg_latency_ms``, ``p50_latency_ms``, ``p95_latency_ms``, ``p99_latency_ms``, ``min_latency_ms``,
    ``max_latency_ms``.
    """

    frame: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyDistribution(Report):
    """How the latencies spread: `frame` has one row a histogram bucket that is not empty, ascending.

    Columns: ``lower_ms`` (exclusive), ``upper_ms`` (inclusive), ``count``, ``share`` and ``cumulative_share``.
    """

    total_requests: int
    latency: Latency
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """The errors of one type and category: `count` is exact, `endpoints` the most affected ones, most errors first."""

    error_type: str
    error_category: str
    count: int
    share: float
    endpoints: tuple[str, ...]
    endpoint_count: int
    last_occurrence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors(Report):
    """Errors by type and category, most frequent first; `group_count` groups before the limit."""

    total_errors: int
    group_count: int
    groups: tuple[ErrorGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvents(Report):
    """A page of stored single errors, newest first: ``id`` and the columns of `ERROR_EVENT_SCHEMA`.

    A bounded sample is stored a minute; `Errors` has the exact counts. `next_page` is what to ask the next page with,
    None on the last one.
    """

    frame: pl.DataFrame
    next_page: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints(Report):
    """Endpoints in the asked order; `endpoint_count` of them before the limit.

    Where asked, `trends` has the requests of each row in equal buckets of `trend_seconds` from `trend_start` on, the
    first and the last of which may be cut by the window.
    """

    total_requests: int
    endpoint_count: int
    rows: tuple[EndpointRow, ...]
    trends: tuple[tuple[int, ...], ...] | None = None
    trend_start: int | None = None
    trend_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocols(Report):
    """Protocols, most requests first."""

    total_requests: int
    rows: tuple[ProtocolRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCodes(Report):
    """Status codes, most requests first, and their classes, ascending."""

    total_requests: int
    rows: tuple[StatusRow, ...]
    classes: tuple[StatusClassRow, ...]


@dataclass(frozen=True, slots=True)
class PatternCell:
    """One hour of one local day, of which `seconds` lie in the window: 7200 where clocks go back and it is doubled."""

    day: date
    hour: int
    day_of_week: int
    request_count: int
    error_count: int
    latency_count: int
    average_latency: float | None
    seconds: int


@dataclass(frozen=True, slots=True)
class WeekCell:
    """One hour of the week, all weeks of the window added up; Sunday is day 0."""

    day_of_week: int
    hour: int
    request_count: int
    error_count: int
    latency_count: int
    average_latency: float | None
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPatterns(Report):
    """Requests by local hour of `zone`: `cells` are hours with traffic, `week` is 7 x 24, Sunday first."""

    zone: str
    cells: tuple[PatternCell, ...]
    week: tuple[WeekCell, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a dimension, None for absent, and how many requests (or errors) have it."""

    value: str | int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Values(Report):
    """Values of a dimension, most frequent first; `value_count` matched before the limit."""

    dimension: str
    value_count: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks(Report):
    """The busiest buckets of the finest width kept for the whole window; None where there was nothing."""

    requests: Peak | None
    errors: Peak | None
    bytes_sent: Peak | None
    bytes_received: Peak | None
    active_connections: int | None
