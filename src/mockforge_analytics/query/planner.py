"""From a question to read plans, in pure steps: window, filters, facts, snap, granularity, cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.dimensions import SCOPE_DIMENSIONS, SERIES_DIMENSIONS, Dimension
from mockforge_analytics.model.plan import Coverage, ReadPlan
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import MICROSECONDS, Granularity, Window
from mockforge_analytics.query.cover import cover, snap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mockforge_analytics.query.spec import Filters, QuerySpec

__all__ = [
    "AUTO_POINTS",
    "FACT_DIMENSIONS",
    "Prepared",
    "cell_granularity",
    "check_dimensions",
    "check_filters",
    "choose_fact",
    "choose_granularity",
    "finest_granularity",
    "format_instant",
    "prepare",
    "resolve_window",
]

AUTO_POINTS: Final = 300  # points an automatic granularity gives at most, where the history is fine enough
_EMPTY_SECONDS: Final = 3_600  # of the window of an empty database, which holds no first and last request

FACT_DIMENSIONS: Final = {
    Fact.SCOPE: SCOPE_DIMENSIONS,
    Fact.SERIES: SERIES_DIMENSIONS,
    Fact.ERROR: SERIES_DIMENSIONS | {Dimension.ERROR_TYPE, Dimension.ERROR_CATEGORY},
    Fact.GAUGE: SCOPE_DIMENSIONS | {Dimension.SOURCE},
    Fact.CLIENT: SCOPE_DIMENSIONS
    | {Dimension.CLIENT, Dimension.AGENT, Dimension.AGENT_FAMILY, Dimension.AGENT_VERSION},
}
_HELD_BY: Final = {
    Fact.SCOPE: "totals",
    Fact.SERIES: "series of requests",
    Fact.ERROR: "error counts",
    Fact.GAUGE: "active connections",
    Fact.CLIENT: "client rows",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question that is ready to be read.

    Attributes:
        window: the effective window, whole buckets of the finest tiers kept at its bounds.
        facts: what the report asked for, each answered by the fact that stands in its place.
        granularity: the width of the buckets, None where the report has no time series.
    """

    window: Window
    facts: tuple[Fact, ...]
    granularity: Granularity | None
    filters: Filters
    coverage: Coverage
    warnings: tuple[str, ...]

    @property
    def bucket(self) -> Granularity:
        """The width of the buckets of the time series that the question was prepared for."""
        if self.granularity is None:
            message = "this question was not prepared as a time series"
            raise QueryError(message, field="granularity")
        return self.granularity

    def plan(
        self,
        fact: Fact,
        group_by: tuple[Dimension, ...] = (),
        *,
        measures: tuple[str, ...] = MEASURES,
        bucket: int | None = None,
        histograms: bool = False,
        order_by: str | None = None,
        limit: int | None = None,
        filters: Filters | None = None,
    ) -> ReadPlan:
        """Return the plan that reads the effective window of `fact`; `filters` narrow those of the question."""
        return ReadPlan(
            fact,
            cover(self.window, fact, self.coverage, bucket).slices,
            group_by,
            bucket,
            {**self.filters, **(filters or {})},
            measures,
            histograms,
            order_by,
            limit,
        )


def prepare(
    spec: QuerySpec,
    coverage: Coverage,
    now_us: int,
    facts: Sequence[Fact],
    *,
    series: bool = False,
    without: Dimension | None = None,
) -> Prepared:
    """Return `spec` ready to be read from `facts`, of which `Fact.SCOPE` may be answered by `Fact.SERIES`.

    With `series` the report has a time series, read from the first of `facts`. A filter on `without` is left out.

    Raises:
        QueryError: a filter or the granularity cannot be answered, or the window is wrong.
    """
    asked, warnings = resolve_window(spec, coverage, now_us)
    left_out = None if without is Dimension.WORKSPACE and spec.workspace_bound else without
    filters = {name: values for name, values in spec.filters.items() if name is not left_out}
    chosen = tuple(choose_fact(filters, asked, coverage) if fact is Fact.SCOPE else fact for fact in facts)
    check_filters(filters, chosen)
    window = snap(asked, chosen, coverage)
    warnings += [*_history_warnings(asked, window, chosen, coverage), *_coarse_warnings(window, chosen, coverage)]
    granularity = None
    if series:
        granularity, coarser = choose_granularity(
            spec.granularity, window, chosen[0], coverage, spec.max_points, spec.preferred
        )
        warnings += coarser
    return Prepared(window, chosen, granularity, filters, coverage, tuple(dict.fromkeys(warnings)))


def resolve_window(spec: QuerySpec, coverage: Coverage, now_us: int) -> tuple[Window, list[str]]:
    """Return the window that is asked for, and warnings. It ends with the current second or the newest request.

    Raises:
        QueryError: it ends before it starts.
    """
    now = -(-now_us // MICROSECONDS)
    first = now - _EMPTY_SECONDS if coverage.first is None else coverage.first // MICROSECONDS
    newest = now if coverage.last is None else coverage.last // MICROSECONDS + 1
    start, end, warnings = _bounds(spec, now, first, newest)
    if start >= end:
        field = "end_time" if spec.end is not None else "start_time"
        message = (
            f"the window would start at {format_instant(start)} and end at {format_instant(end)}; it must end later"
        )
        raise QueryError(message, field=field)
    latest = max(now, newest)
    return Window(start, min(end, latest) if start < latest else end), warnings


def _bounds(spec: QuerySpec, now: int, first: int, newest: int) -> tuple[int, int, list[str]]:
    start, end, duration = spec.start, spec.end, spec.duration
    if start is not None and end is not None:
        ignored = duration is not None and duration != end - start
        return start, end, ["duration is not used, because start_time and end_time are both given"] if ignored else []
    if duration is not None:
        if start is not None:
            return start, start + duration, []
        end = now if end is None else end
        return max(end - duration, 0), end, []
    if end is not None:
        return min(first, end - 1), end, []
    if start is not None:
        return start, max(now, newest), []
    return first, newest, []


def choose_fact(filters: Collection[Dimension], window: Window, coverage: Coverage) -> Fact:
    """Return `Fact.SCOPE` where it knows all of `filters` and is kept as finely as the series, else `Fact.SERIES`."""
    if not SCOPE_DIMENSIONS.issuperset(filters):
        return Fact.SERIES
    return min((Fact.SCOPE, Fact.SERIES), key=lambda fact: _coarseness(window, fact, coverage))


def _coarseness(asked: Window, fact: Fact, coverage: Coverage) -> tuple[int, int, int]:
    """Return how much of a window is cut off, by how much it is widened, and the width of the finest buckets."""
    effective = snap(asked, (fact,), coverage)
    inside = asked.intersection(effective)
    kept = inside.seconds if inside else 0
    return asked.seconds - kept, effective.seconds - kept, finest_granularity(effective, fact, coverage)


def check_filters(filters: Collection[Dimension], facts: Iterable[Fact]) -> None:
    """Return if every one of `facts` tells requests apart by all of `filters`.

    Raises:
        QueryError: one does not; the message says which filters it knows.
    """
    for fact in facts:
        check_dimensions(filters, FACT_DIMENSIONS[fact], _HELD_BY[fact])


def check_dimensions(filters: Collection[Dimension], known: Collection[Dimension], what: str) -> None:
    """Return if `known`, the dimensions that tell `what` apart, has all of `filters`.

    Raises:
        QueryError: it has not; the message says what it has.
    """
    for name in filters:
        if name not in known:
            accepted = ", ".join(dimension for dimension in Dimension if dimension in known)
            message = f"{name} cannot filter this report: {what} are only told apart by {accepted}"
            raise QueryError(message, field=name)


def choose_granularity(
    asked: Granularity | None,
    window: Window,
    fact: Fact,
    coverage: Coverage,
    max_points: int,
    preferred: Granularity | None = None,
) -> tuple[Granularity, list[str]]:
    """Return the width of the buckets of a time series over `window`, and warnings.

    Where none is asked it is the first from `preferred` on that is kept and gives at most `max_points`, without
    `preferred` one that gives at most `AUTO_POINTS`.

    Raises:
        QueryError: the history is kept only in coarser buckets than `asked`, or even days give too many points.
    """
    finest = finest_granularity(window, fact, coverage)
    if asked is not None and asked < finest:
        message = (
            f"granularity {asked.label} is no longer kept for {_format_window(window)}; "
            f"the finest possible is {finest.label}"
        )
        raise QueryError(message, field="granularity")
    most = min(AUTO_POINTS, max_points) if asked is None and preferred is None else max_points
    coarser = [width for width in Granularity if width >= (asked or max(finest, preferred or finest))]
    granularity = next((width for width in coarser if _points(window, width) <= most), coarser[-1])
    if _points(window, granularity) > max_points:
        message = f"{_format_window(window)} is longer than {max_points} {granularity.label}s; ask for a shorter window"
        raise QueryError(message, field="granularity")
    if asked is None or granularity is asked:
        return granularity, []
    return granularity, [
        f"granularity {asked.label} would give {_points(window, asked)} points, more than {max_points}: "
        f"the answer has buckets of {granularity.label}"
    ]


def cell_granularity(asked: Granularity | None, window: Window, fact: Fact, coverage: Coverage) -> Granularity:
    """Return the width of exported cells: as asked, else minutes or the finest width kept for the whole window.

    Raises:
        QueryError: the history is kept only in coarser buckets than `asked`.
    """
    if asked is None:
        return max(Granularity.MINUTE, finest_granularity(window, fact, coverage))
    return choose_granularity(asked, window, fact, coverage, _points(window, asked))[0]


def finest_granularity(window: Window, fact: Fact, coverage: Coverage) -> Granularity:
    """Return the finest width for which `fact` is still kept everywhere in `window`.

    Every coarser width is a multiple of it, so it is possible too.
    """
    kept_at_all = cover(window, fact, coverage).holes
    return next(width for width in Granularity if cover(window, fact, coverage, width).holes == kept_at_all)


def _points(window: Window, width: int) -> int:
    return window.snapped(width).seconds // width


def _history_warnings(asked: Window, window: Window, facts: Sequence[Fact], coverage: Coverage) -> list[str]:
    holes = {hole for fact in facts for hole in cover(window, fact, coverage).holes}
    if window.start > asked.start:
        holes.add(Window(asked.start, window.start))
    if window.end < asked.end:
        holes.add(Window(window.end, asked.end))
    return [f"no history is kept of {_format_window(hole)}" for hole in sorted(holes)]


def _coarse_warnings(window: Window, facts: Sequence[Fact], coverage: Coverage) -> list[str]:
    coarse = coverage.coarse
    if coarse is None or not {Fact.SERIES, Fact.SCOPE}.intersection(facts) or not coarse.window.intersection(window):
        return []
    return [
        "some latencies were collected as histograms with wide buckets: a percentile is right within its bucket, whose "
        f"upper bound is up to {coarse.width:.3g} times the lower"
    ]


def _format_window(window: Window) -> str:
    return f"{format_instant(window.start)} to {format_instant(window.end)}"


def format_instant(second: int) -> str:
    """Return a Unix second as text such as ``2025-01-31 12:00:00Z``; past the year 9999 as the number."""
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"second {second}"
