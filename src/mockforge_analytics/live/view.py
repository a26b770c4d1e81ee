"""One question's window as of one commit: read once, then kept up to date from what each commit adds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.live.connections import Connections
from mockforge_analytics.live.labels import Labels, matches
from mockforge_analytics.live.question import Frames
from mockforge_analytics.live.ring import Ring
from mockforge_analytics.model.cells import MEASURES, Cells
from mockforge_analytics.model.commit import GaugeName
from mockforge_analytics.model.dimensions import SCOPE_DIMENSIONS, SCOPE_SCHEMA, Dimension
from mockforge_analytics.model.histogram import Histograms
from mockforge_analytics.model.plan import ReadPlan
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity, Window, ceil_to, floor_to
from mockforge_analytics.query.cover import cover
from mockforge_analytics.query.planner import choose_granularity, finest_granularity, prepare
from mockforge_analytics.query.reports.peaks import gauge_facts
from mockforge_analytics.query.reports.series import REQUEST_GROUPS
from mockforge_analytics.query.spec import MAX_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.live.question import Question
    from mockforge_analytics.model.commit import Committed
    from mockforge_analytics.model.plan import ReadResult
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.planner import Prepared

__all__ = ["LiveView"]

Int64s = NDArray[np.int64]

_AHEAD_SECONDS: Final = 3_600  # requests from the future that are held until their time; then everything is read anew
_MAX_SLOTS: Final = 12_000  # a week of minutes
_COUNTED: Final = ("request_count", "error_count")
_GAUGE_KEY: Final = (*map(Dimension, SCOPE_SCHEMA), Dimension.SOURCE)


class LiveView:
    """The sums of a window that ends now.

    `commit` is the newest commit in them. `touched` has the starts of the chart's buckets that changed since somebody
    emptied it. Use it on one thread at a time.

    Raises:
        QueryError: the question cannot be answered as asked.
        StoreError: the database cannot be read.
    """

    def __init__(self, question: Question, snapshot: Snapshot, now_us: int) -> None:
        self.question = question
        self.commit = snapshot.commit
        self.coverage = snapshot.coverage
        self.touched: set[int] = set()
        dimension = REQUEST_GROUPS[question.group_by]
        scope = dimension is None or dimension in SCOPE_DIMENSIONS
        gauges, _ = gauge_facts(question.spec)
        self._asked = (Fact.SCOPE if scope else Fact.SERIES, Fact.SERIES, *gauges)
        self._charted = question.frames is Frames.DELTA
        prepared = self._prepare(now_us)
        self._key = _bounds(question, now_us)
        self._facts = prepared.facts
        self.window = prepared.window
        self.granularity = prepared.bucket
        self._horizon = self.window.end + _AHEAD_SECONDS
        self._ahead: list[Cells] = []
        self.labels = Labels(question.group_by, prepared.filters)
        width = self._slot_width()
        self.ring = Ring(width, -(-self.window.seconds // width) + 2)
        finest = finest_granularity(self.window, Fact.GAUGE, self.coverage) if gauges else BASE_SECONDS
        self.connections = Connections(max(finest, width))
        self._read(snapshot, prepared, dimension)
        self._most: int | None = None
        self._most_is_known = False

    def _prepare(self, now_us: int) -> Prepared:
        return prepare(self.question.spec, self.coverage, now_us, self._asked, series=True)

    def _slot_width(self) -> Granularity:
        """Return the finest width that is kept for the whole window, so that it can move on by one.

        Where that takes too many slots, as with fine history of long ago, they are wider: then everything is read anew
        when the window moves by less.
        """
        finest = finest_granularity(self.window, self._facts[0], self.coverage)
        return next(
            width
            for width in Granularity
            if width >= finest and (self.window.seconds <= width * _MAX_SLOTS or width >= self.granularity)
        )

    def _read(self, snapshot: Snapshot, prepared: Prepared, dimension: Dimension | None) -> None:
        later = Window(self.window.end, self._horizon)
        groups = () if dimension is None or not self._charted else (dimension,)
        fact = self._facts[0]
        plan = prepared.plan(fact, (), bucket=self.ring.width, histograms=True)
        self.ring.add_sums(self._cells(snapshot.read(plan), None))
        if self._charted:
            plan = prepared.plan(fact, groups, bucket=self.ring.width, measures=_COUNTED)
            self._add_counts(self._cells(snapshot.read(plan), dimension))
        newest = self.coverage.last
        if newest is not None and newest >= later.start * MICROSECONDS:
            ahead = self._plan_ahead(prepared, fact, later)
            found = snapshot.read(replace(ahead, group_by=groups, measures=MEASURES, histograms=True))
            self._ahead.append(self._cells(found, dimension if self._charted else None))
        if Fact.GAUGE in self._facts:
            sampled = prepared.plan(
                Fact.GAUGE, _GAUGE_KEY, measures=("connections_max",), bucket=self.connections.width
            )
            ahead = replace(
                self._plan_ahead(prepared, Fact.GAUGE, later), group_by=_GAUGE_KEY, measures=("connections_max",)
            )
            for plan in (sampled, ahead):
                self._add_samples(snapshot.read(plan))

    def _plan_ahead(self, prepared: Prepared, fact: Fact, window: Window) -> ReadPlan:
        slices = cover(window, fact, self.coverage, BASE_SECONDS).slices
        return ReadPlan(fact, slices, bucket=BASE_SECONDS, filters=prepared.filters)

    def _cells(self, result: ReadResult, dimension: Dimension | None) -> Cells:
        """Return the rows of `result` as cells of groups; measures that were not read are 0."""
        frame, rows = result.frame, len(result.frame)
        series = np.zeros(rows, np.int64)
        if dimension is not None:
            values = frame.get_column(dimension)
            numbers = {value: self.labels.of_value(value) for value in values.unique().to_list()}
            series = np.fromiter((numbers[value] for value in values.to_list()), np.int64, count=rows)
        measures = np.zeros((len(MEASURES), rows), np.int64)
        for row, name in enumerate(MEASURES):
            if name in frame.columns:
                measures[row] = frame.get_column(name).to_numpy()
        histograms = Histograms.empty(rows) if result.histograms is None else result.histograms
        return Cells(frame.get_column("bucket").to_numpy(), series, measures, histograms)

    def _add_samples(self, result: ReadResult) -> None:
        columns = (result.frame.get_column(name).to_list() for name in ("bucket", *_GAUGE_KEY, "connections_max"))
        for bucket, *name, value in zip(*columns, strict=True):
            self.connections.add(bucket, GaugeName(*name), value)

    def apply(self, committed: Committed) -> bool:
        """Take in what a commit added; return False where the view must be made anew.

        That is where a commit before it is missing, or more changed than was added. A commit that is in the view
        already changes nothing.

        Raises:
            QueryError: there are too many groups to follow.
        """
        if committed.number > self.commit:
            if committed.before > self.commit:
                return False
            self.commit = committed.number
            numbers = np.fromiter(map(self.labels.of_series, committed.series), np.int64, count=len(committed.series))
            for cells in committed.cells:
                self._arrive(Cells(cells.bucket, numbers[cells.series], cells.measures, cells.histograms))
            self._sample(committed)
        return not committed.rewritten

    def _sample(self, committed: Committed) -> None:
        if Fact.GAUGE not in self._facts or not len(committed.gauges):
            return
        filters = self.question.spec.filters
        wanted = [matches(name, filters) for name in committed.gauge_names]
        gauges = committed.gauges
        for bucket, name, value in zip(
            gauges.bucket.tolist(), gauges.name.tolist(), gauges.value.tolist(), strict=True
        ):
            if wanted[name] and self.window.start <= bucket < self._horizon:
                self.connections.add(bucket, committed.gauge_names[name], value)
                self._most_is_known = False

    def _arrive(self, cells: Cells) -> None:
        """Add those of `cells` that lie in the window; hold those that will."""
        known = cells.series >= 0
        later = known & (cells.bucket >= self.window.end)
        if later.any():
            soon = np.flatnonzero(later & (cells.bucket < self._horizon))
            self._ahead.append(cells.take(soon))
        inside = known & (cells.bucket >= self.window.start) & ~later
        if not inside.all():
            cells = cells.take(np.flatnonzero(inside))
        if not len(cells):
            return
        self.ring.add_sums(cells)
        if self._charted:
            self._add_counts(cells)
            width = int(self.granularity)
            self.touched.update(np.unique(cells.bucket - cells.bucket % width).tolist())

    def _add_counts(self, cells: Cells) -> None:
        self.ring.room_for(len(self.labels))
        self.ring.add_counts(cells)

    def move(self, now_us: int) -> bool:
        """Let the window end at `now_us`; return False where the view must be made anew instead.

        Raises:
            QueryError: the question can no longer be answered as asked.
        """
        key = _bounds(self.question, now_us)
        if key == self._key:
            return True
        prepared = self._prepare(now_us)
        old, new = self.window, prepared.window
        if not self._can_move(prepared):
            return False
        self._key, self.window = key, new
        self._most_is_known = False
        first = floor_to(new.start, self.granularity)
        if (
            new.start > old.start
            and self.ring.drop(Window(old.start, new.start))
            and self._charted
            and first < new.start
        ):
            self.touched.add(first)  # it is cut now, and holds less
        self.connections.forget_before(new.start)
        held, self._ahead = self._ahead, []
        for cells in held:
            self._arrive(cells)
        return True

    def _can_move(self, prepared: Prepared) -> bool:
        old, new = self.window, prepared.window
        return (
            prepared.facts == self._facts
            and old.start <= new.start < old.end
            and old.end <= new.end <= self._horizon
            and (new.start == old.start or new.start % self.ring.width == 0)
            and finest_granularity(new, self._facts[0], self.coverage) <= self.ring.width
            and -(-new.end // self.ring.width) - new.start // self.ring.width <= self.ring.slots
        )

    def active_connections(self) -> int:
        """Return the most active connections in the window, 0 where nobody reports them."""
        if not self._most_is_known:
            self._most_is_known = True
            self._most = None
            if len(self.connections):
                width, _ = choose_granularity(None, self.window, Fact.GAUGE, self.coverage, MAX_POINTS)
                self._most = self.connections.most(self.window, width)
        return self._most or 0

    def buckets(self) -> list[int]:
        """Return the starts of all buckets of the chart."""
        width = int(self.granularity)
        return list(range(floor_to(self.window.start, width), self.window.end, width))

    def part(self, bucket: int) -> Window:
        """Return the part of a bucket of the chart that lies in the window."""
        return Window(max(bucket, self.window.start), min(bucket + int(self.granularity), self.window.end))

    def parts(self, buckets: Iterable[int]) -> list[Window]:
        """Return the parts of `buckets` that lie in the window."""
        return [self.part(bucket) for bucket in buckets]


def _bounds(question: Question, now_us: int) -> tuple[int, int]:
    """Return what the effective window depends on beside the coverage: stored buckets are multiples of ten seconds."""
    now = -(-now_us // MICROSECONDS)
    return floor_to(now - (question.spec.duration or 0), BASE_SECONDS), ceil_to(now, BASE_SECONDS)
