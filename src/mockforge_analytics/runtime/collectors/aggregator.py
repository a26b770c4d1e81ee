"""`MetricsAggregator`: reads what a Prometheus server has collected and keeps it as traffic history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import InputTooLargeError, SourceError
from mockforge_analytics.runtime.collectors.collector import Collector
from mockforge_analytics.sources.prometheus.client import PrometheusClient, selector
from mockforge_analytics.sources.prometheus.detection import AUTO, absent_rules, chosen_presets, rules_of, wanted_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.collection import PrometheusSource
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.prometheus.mapping import Rule

__all__ = ["MetricsAggregator"]

_MILLISECONDS: Final = 1_000
_CHUNK: Final = 10 * 60 * _MILLISECONDS  # of history read at once while catching up, to begin with
_LEAST_CHUNK: Final = 10 * _MILLISECONDS
_MOST_CHUNK: Final = 6 * 3_600 * _MILLISECONDS
_MANY_SAMPLES: Final = 500_000  # of one reading; past it the next pieces of history are smaller
_FEW: Final = 8  # times fewer than many, and they are larger


class MetricsAggregator(Collector):
    """Reads the counters, histograms and gauges of one Prometheus server.

    Every cycle asks for the raw samples since the last one, at most one request in some minutes of history, and commits
    what they add, the last samples and how far it has read in one transaction: a restart neither repeats nor misses
    anything, and downtime of either side is made up for from the server's own history.
    """

    def __init__(self, database: AnalyticsDatabase, settings: PrometheusSource) -> None:
        """Prepare to read; nothing is asked before the first cycle.

        Raises:
            ConfigError: the certificates of `settings` cannot be read, or a preset is unknown.
        """
        super().__init__(database, settings, f"prometheus:{settings.label}")
        self._source = settings
        self._client = PrometheusClient(self.connection)
        self._chunk = _CHUNK
        self._absent: frozenset[str] = frozenset()
        chosen_presets(settings, ())  # to hear at once of a name that is none

    def _read(self, stopped: Callable[[], bool]) -> None:
        source, history = self._source, self.history
        interval = source.interval_seconds * _MILLISECONDS
        until = (self._now - source.delay_seconds * _MILLISECONDS) // interval * interval
        position = until - source.history_seconds * _MILLISECONDS if history.until is None else history.until
        self.status = replace(self.status, target=until / _MILLISECONDS)
        rules = self._rules()
        selection = selector(wanted_names(rules), source.matchers)
        while position < until and not stopped():
            position = self._read_piece(rules, selection, position, until)
        if history.until is None:  # no history is wanted: what follows counts from here on
            self._read_piece(rules, selection, until - interval, until)

    def _rules(self) -> tuple[Rule, ...]:
        source = self._source
        names = self._client.metric_names(source.matchers) if AUTO in source.presets else frozenset[str]()
        presets = chosen_presets(source, names)
        self._absent = absent_rules(source, names)
        self._use(presets)
        return rules_of(source, presets)

    def _read_piece(self, rules: tuple[Rule, ...], selection: str, position: int, until: int) -> int:
        """Read and store from `position` on, not past `until`; return where that ends."""
        end = min(position + self._chunk, until)
        try:
            reading = self._client.samples(selection, position, end)
        except InputTooLargeError as error:
            if end - position <= _LEAST_CHUNK:
                raise SourceError(str(error)) from error
            self._chunk = max((end - position) // 4, _LEAST_CHUNK)
            return position
        if reading.samples > _MANY_SAMPLES:
            self._chunk = max((end - position) // 2, _LEAST_CHUNK)
        elif reading.samples * _FEW < _MANY_SAMPLES and end - position == self._chunk:
            self._chunk = min(self._chunk * 2, _MOST_CHUNK)
        incomplete = bool(reading.warnings)
        self.history.store(rules, reading.series, position, end, absent=self._absent, incomplete=incomplete)
        self.status = replace(self.status, warnings=reading.warnings)
        self._tell()
        return end
