"""`MetricsScraper`: reads what one target exposes at `/metrics`, without a Prometheus server."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import numpy as np

from mockforge_analytics.errors import SourceError
from mockforge_analytics.runtime.collectors.collector import Collector
from mockforge_analytics.sources.prometheus.detection import absent_rules, chosen_presets, rules_of, wanted_names
from mockforge_analytics.sources.prometheus.exposition import (
    ACCEPT,
    ACCEPT_TEXT,
    ScrapeLimits,
    is_openmetrics,
    parse_exposition,
)
from mockforge_analytics.sources.prometheus.series import NAME, RawSeries
from mockforge_analytics.sources.prometheus.watch import UP

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.collection import ScrapeTarget
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.sources.prometheus.connection import Answer, Connection

__all__ = ["MetricsScraper", "scrape"]

_MILLISECONDS: Final = 1_000


class MetricsScraper(Collector):
    """Reads the counters, histograms and gauges that one target exposes.

    What a target counted while nobody read it belongs to the time between two readings; what it counted before a
    restart and after the last reading is lost, as it is to any reader.
    """

    def __init__(self, database: AnalyticsDatabase, settings: ScrapeTarget) -> None:
        """Prepare to read; nothing is asked before the first cycle.

        Raises:
            ConfigError: the certificates of `settings` cannot be read, or a preset is unknown.
        """
        super().__init__(database, settings, f"scrape:{settings.label}")
        self._target = settings
        chosen_presets(settings, ())  # to hear at once of a name that is none

    def _read(self, stopped: Callable[[], bool]) -> None:
        history = self.history
        now = self._now
        self.status = replace(self.status, target=now / _MILLISECONDS)
        series = scrape(self.connection, self._target, now)
        names = {raw.labels[NAME] for raw in series}
        presets = chosen_presets(self._target, names)
        self._use(presets)
        before = history.until
        if before is not None and now <= before:
            message = f"the clock stands before the last reading of {self.status.source}: it is read again once past it"
            raise SourceError(message)
        rules = rules_of(self._target, presets)
        wanted = wanted_names(rules)
        useful = [raw for raw in series if raw.labels[NAME] in wanted]
        absent = absent_rules(self._target, names)
        history.store(rules, useful, now - 1 if before is None else before, now, absent=absent)
        self._tell()


def scrape(connection: Connection, target: ScrapeTarget, now: int) -> list[RawSeries]:
    """Return what `target` exposes at the time `now` (milliseconds), and `UP`.

    Raises:
        SourceError: it cannot be reached, refuses, answers something else, or past a limit.
    """
    labels = {"job": "scrape", "instance": urlsplit(target.url).netloc}
    limits = ScrapeLimits(samples=target.max_samples)
    answer = _exposition(connection, ACCEPT)
    try:
        series = parse_exposition(answer.body, answer.content_type, now, labels, limits)
    except SourceError:
        if not is_openmetrics(answer.content_type):
            raise
        # Real programs break the rules of OpenMetrics; most of them write the older format as well, and rightly.
        answer = _exposition(connection, ACCEPT_TEXT)
        series = parse_exposition(answer.body, answer.content_type, now, labels, limits)
    return [*series, RawSeries({NAME: UP, **labels}, np.array([now]), np.ones(1))]


def _exposition(connection: Connection, accept: str) -> Answer:
    answer = connection.get(accept=accept)
    if not answer.is_fine:
        message = f"the target at {connection.address} answered {answer.status}"
        raise SourceError(message)
    return answer
