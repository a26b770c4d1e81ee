"""The work behind a subscription: its view kept up to date, and the frames that tell of it. One thread at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.live.frames import Chart, totals_frame
from mockforge_analytics.live.question import Frames
from mockforge_analytics.live.view import LiveView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.live.question import Question
    from mockforge_analytics.model.commit import Committed
    from mockforge_analytics.ports import Reader

__all__ = ["Projection", "Told"]

_BUILD_SECONDS: Final = 1.0  # at least between two readings of everything
_BUILD_SHARE: Final = 5  # times as long as a reading took
_LINES_SECONDS: Final = 1.0  # at least between two snapshots that are due to other lines
_QUIET_SECONDS: Final = 1.0  # until a commit is told of that changed nothing in the chart


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell.

    Attributes:
        delta: goes to all who hold the chart.
        snapshot: goes to all who need one, and to everybody where `for_all`.
        regular: goes to those who are due and get nothing else.
        again_at: when there will be more, though nothing else happens; None where that is not so.
    """

    delta: str | None = None
    snapshot: str | None = None
    for_all: bool = False
    regular: str | None = None
    again_at: float | None = None


class Projection:
    """The view of `question`, and its chart where deltas are asked for. Times `now` are those of the event loop.

    `build_at` is when everything may be read from the database next: a reading costs as much as a report.
    """

    def __init__(self, question: Question, reader: Reader, clock: Clock) -> None:
        self._question = question
        self._reader = reader
        self._clock = clock
        self._view: LiveView | None = None
        self._chart: Chart | None = None
        self._told_at = 0.0
        self._lines_at = 0.0
        self.build_at = 0.0
        self.builds = 0
        self.works = 0

    def work(self, backlog: Sequence[Committed], now: float, *, build: bool, wanted: bool, due: bool) -> Told | None:
        """Take in `backlog` and return what to tell; None where everything must be read first and that is not yet due.

        With `build` the view is made anew. `wanted` says that somebody needs a snapshot, `due` that somebody has waited
        for the interval.

        Raises:
            QueryError: the question cannot be answered.
            StoreError: the database cannot be read.
        """
        now_us = self._clock.now_us()
        view = None if build else self._current(backlog, now_us)
        if view is None:
            if now < self.build_at:
                return None
            view = self._build(now, now_us)
        self.works += 1
        if self._chart is None:
            return Told(regular=totals_frame(view, now_us))
        return self._chart_news(view, self._chart, now, now_us, wanted=wanted, due=due)

    def forget(self) -> None:
        """Drop the view."""
        self._view = self._chart = None

    def _current(self, backlog: Sequence[Committed], now_us: int) -> LiveView | None:
        view = self._view
        try:
            if view is None or not view.move(now_us):
                return None
            return view if all(map(view.apply, backlog)) else None
        except QueryError:
            return None  # what no longer fits may do so when names that are gone are forgotten

    def _build(self, now: float, now_us: int) -> LiveView:
        self.forget()
        begin = self._clock.monotonic()
        try:
            with self._reader.snapshot() as snapshot:
                view = LiveView(self._question, snapshot, now_us)
        finally:
            taken = self._clock.monotonic() - begin
            self.build_at = now + max(_BUILD_SECONDS, _BUILD_SHARE * taken)
        self.builds += 1
        self._view = view
        self._chart = Chart(view) if self._question.frames is Frames.DELTA else None
        return view

    def _chart_news(self, view: LiveView, chart: Chart, now: float, now_us: int, *, wanted: bool, due: bool) -> Told:
        if chart.has_new_lines or chart.is_new:
            if not (wanted or chart.is_new) and now < self._lines_at + _LINES_SECONDS:
                return Told(again_at=self._lines_at + _LINES_SECONDS)
            self._lines_at = self._told_at = now
            return Told(snapshot=chart.snapshot(now_us), for_all=True)
        delta, again_at = None, None
        hurry = due or wanted or now >= self._told_at + _QUIET_SECONDS
        if view.touched or (view.commit != chart.commit and hurry):
            self._told_at = now
            delta = chart.delta(now_us)
        elif view.commit != chart.commit:
            again_at = self._told_at + _QUIET_SECONDS
        # A snapshot after the delta: it says the same, so that the next delta fits to both.
        snapshot = chart.snapshot(now_us) if wanted else None
        regular = chart.tick(now_us) if due and delta is None else None
        return Told(delta, snapshot, regular=regular, again_at=again_at)
