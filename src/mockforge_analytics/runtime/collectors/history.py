"""Samples become history: counted, and stored together with how far they go."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.batch import Batch, Intake, SourcePosition
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.status import Tally
from mockforge_analytics.model.window import BASE_SECONDS, Granularity
from mockforge_analytics.rollup.gauges import clean_gauges, clean_vitals
from mockforge_analytics.sources.prometheus.counters import NEVER
from mockforge_analytics.sources.prometheus.counting import start
from mockforge_analytics.sources.prometheus.gauges import connection_samples
from mockforge_analytics.sources.prometheus.state import load_state, save_state
from mockforge_analytics.sources.prometheus.vitals import vital_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import RawSeries

__all__ = ["CollectedHistory"]

_MILLISECONDS: Final = 1_000


class CollectedHistory:
    """Stores what a source has counted. What it adds, its last samples and how far it goes are one transaction.

    A restart therefore neither repeats nor misses anything.
    """

    def __init__(self, database: AnalyticsDatabase, source: str) -> None:
        """Go on where `source` ended.

        Raises:
            SourceError: where it ended cannot be read.
        """
        self.source = source
        self._database = database
        with database.store.snapshot() as snapshot:
            payload = snapshot.source_positions(source).get(source)
        self._counting, self.tally = (start(), Tally()) if payload is None else load_state(payload)

    @property
    def until(self) -> int | None:
        """Everything up to here is counted, in milliseconds; None before the first reading."""
        return None if self._counting.until == NEVER else self._counting.until

    def store(
        self,
        rules: Sequence[Rule],
        series: Sequence[RawSeries],
        after: int,
        until: int,
        *,
        absent: frozenset[str],
        incomplete: bool = False,
    ) -> None:
        """Count the samples of `series` later than `after` up to `until` (milliseconds) by `rules`, and commit that.

        `absent` are keys of rules that have no series at all; see `Counting.take`.

        Raises:
            StoreError: nothing of it is stored; it may be repeated.
        """
        database = self._database
        now_us = database.clock.now_us()
        fine = until // _MILLISECONDS >= database.store.fine_from
        width = (BASE_SECONDS if fine else int(Granularity.MINUTE)) * _MILLISECONDS
        taken = self._counting.take(rules, series, until, width, absent)
        requests = int(taken.counted.measures[Measure.REQUESTS].sum())
        vitals, left_out = vital_samples(rules, series, self.source, after)
        tally = _added(
            self.tally,
            Tally(
                requests,
                sum(len(raw.seen) for raw in series),
                taken.resets,
                taken.assumed,
                int(incomplete),
                Counter(taken.refused) + Counter(left_out),
            ),
        )
        batch = Batch(
            now_us,
            Intake(self.source, requests),
            database.rollup.counted(taken.counted),
            gauges=clean_gauges(connection_samples(rules, series, self.source, after)),
            vitals=clean_vitals(vitals),
            position=SourcePosition(self.source, save_state(taken.after, tally)),
            widest=taken.widest,
        )
        database.store.write(batch)
        self._counting, self.tally = taken.after, tally


def _added(known: Tally, more: Tally) -> Tally:
    return Tally(
        known.requests + more.requests,
        known.samples + more.samples,
        known.resets + more.resets,
        known.assumed + more.assumed,
        known.incomplete + more.incomplete,
        dict(Counter(known.refused) + Counter(more.refused)),
    )
