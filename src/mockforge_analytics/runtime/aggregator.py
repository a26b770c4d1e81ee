"""`MetricsAggregator`: reads what a Prometheus server has collected and keeps it as traffic history."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import SourceError
from mockforge_analytics.model.batch import Batch, Intake, SourcePosition
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity
from mockforge_analytics.sources.prometheus.client import selector
from mockforge_analytics.sources.prometheus.counters import NEVER
from mockforge_analytics.sources.prometheus.counting import START_TIME, Counting, start
from mockforge_analytics.sources.prometheus.created import created_name
from mockforge_analytics.sources.prometheus.gauges import connection_samples
from mockforge_analytics.sources.prometheus.state import load_state, save_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.prometheus.client import PrometheusClient, Reading
    from mockforge_analytics.sources.prometheus.mapping import Rule

__all__ = ["AggregatorStatus", "MetricsAggregator"]

_log = logging.getLogger(__name__)

_MILLISECONDS: Final = 1_000
_CHUNK: Final = 10 * 60 * _MILLISECONDS  # of history read at once while catching up
_LEAST_CHUNK: Final = 60 * _MILLISECONDS
_MANY_SAMPLES: Final = 1_000_000  # of one reading; past it the next pieces of history are smaller


@dataclass(frozen=True, slots=True)
class AggregatorStatus:
    """How far a source has been read.

    `until` is the time (seconds) up to which everything is counted, None before the first reading; `target` where the
    reading under way wants to get. `error` is why the last cycle failed, None where it did not.
    """

    source: str
    until: float | None
    target: float | None
    requests: int
    samples: int
    resets: int
    assumed: int
    refused: Mapping[str, int]
    warnings: Sequence[str]
    error: str | None


class MetricsAggregator:
    """Reads the counters, histograms and gauges of `rules` from one Prometheus server.

    Every cycle asks for the raw samples since the last one, at most one request in ten minutes of history, and commits
    what they add, the last samples and how far it has read in one transaction: a restart neither repeats nor misses
    anything, and downtime of either side is made up for from the server's own history.
    """

    def __init__(
        self,
        database: AnalyticsDatabase,
        client: PrometheusClient,
        rules: Sequence[Rule],
        *,
        name: str,
        interval_seconds: int = 60,
        delay_seconds: int = 15,
        history_seconds: int = 86_400,
        matchers: Mapping[str, str] | None = None,
    ) -> None:
        """Name the source `name`; read each `interval_seconds`, `delay_seconds` behind now, `history_seconds` at first.

        The delay leaves slow scrapes the time to arrive. `matchers` are label values that every series must have.
        """
        self._database = database
        self._client = client
        self._rules = rules
        self._interval = interval_seconds * _MILLISECONDS
        self._delay = delay_seconds * _MILLISECONDS
        self._history = history_seconds * _MILLISECONDS
        self._key = f"prometheus:{name}"
        samples = [sample for rule in rules for sample in rule.sample_names]
        names = [*samples, *map(created_name, samples), START_TIME]
        self._selection = selector(names, matchers)
        self._chunk = _CHUNK
        self._counting = self._stored()
        self.status = AggregatorStatus(self._key, self._until, None, 0, 0, 0, 0, {}, (), None)

    def _stored(self) -> Counting:
        with self._database.store.snapshot() as snapshot:
            payload = snapshot.source_positions(self._key).get(self._key)
        return start() if payload is None else load_state(payload, self._rules)

    @property
    def _until(self) -> float | None:
        return None if self._counting.until == NEVER else self._counting.until / _MILLISECONDS

    def cycle(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Read and store everything up to the last whole interval; `stopped` is asked between pieces of history.

        A failure leaves what is stored so far, is told in `status`, and the next cycle goes on from there.
        """
        now = self._database.clock.now_us() // (MICROSECONDS // _MILLISECONDS)
        until = (now - self._delay) // self._interval * self._interval
        position = until - self._history if self._counting.until == NEVER else self._counting.until
        self.status = replace(self.status, target=until / _MILLISECONDS)
        try:
            while position < until and not stopped():
                end = min(position + self._chunk, until)
                reading = self._client.samples(self._selection, position, end)
                self._store(reading, position, end)
                if reading.samples > _MANY_SAMPLES:
                    self._chunk = max(self._chunk // 2, _LEAST_CHUNK)
                position = end
        except SourceError as error:
            _log.warning("%s: %s", self._key, error)
            self.status = replace(self.status, error=str(error))
            return
        self.status = replace(self.status, error=None)

    def _store(self, reading: Reading, position: int, end: int) -> None:
        database = self._database
        now_us = database.clock.now_us()
        fine = end // _MILLISECONDS >= database.store.fine_from
        width = (BASE_SECONDS if fine else int(Granularity.MINUTE)) * _MILLISECONDS
        taken = self._counting.take(self._rules, reading.series, end, width)
        requests = int(taken.counted.measures[Measure.REQUESTS].sum())
        batch = Batch(
            now_us,
            Intake(self._key, requests),
            database.rollup.counted(taken.counted),
            gauges=connection_samples(self._rules, reading.series, self._key, position),
            position=SourcePosition(self._key, save_state(taken.after, self._rules)),
        )
        database.store.write(batch)
        self._counting = taken.after
        known = self.status
        self.status = replace(
            known,
            until=self._until,
            requests=known.requests + requests,
            samples=known.samples + reading.samples,
            resets=known.resets + taken.resets,
            assumed=known.assumed + taken.assumed,
            refused={name: known.refused.get(name, 0) + n for name, n in taken.refused.items()} | dict(known.refused)
            if taken.refused
            else known.refused,
            warnings=reading.warnings,
        )
