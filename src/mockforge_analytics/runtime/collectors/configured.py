"""The collectors that the settings of a database ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockforge_analytics.runtime.collectors.collector import Collector
    from mockforge_analytics.runtime.database import AnalyticsDatabase

__all__ = ["collectors_of"]


def collectors_of(database: AnalyticsDatabase) -> tuple[Collector, ...]:
    """Return one collector for each Prometheus server and target of the settings, which the caller closes.

    Raises:
        ConfigError: certificates cannot be read, or a preset is unknown.
    """
    config = database.config
    if not config.prometheus and not config.scrape:
        return ()
    from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
    from mockforge_analytics.runtime.collectors.scraper import MetricsScraper

    return (
        *(MetricsAggregator(database, source) for source in config.prometheus),
        *(MetricsScraper(database, target) for target in config.scrape),
    )
