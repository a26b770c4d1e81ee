"""Traffic analytics for mock servers and APIs: access logs in, right numbers out.

The names below are the library. They are loaded when they are first used, so that importing the package stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mockforge_analytics.collection import MappingConfig, PrometheusSource, ScrapeTarget
    from mockforge_analytics.config import AnalyticsConfig, load_config
    from mockforge_analytics.errors import AnalyticsError
    from mockforge_analytics.runtime.collectors.aggregator import MetricsAggregator
    from mockforge_analytics.runtime.collectors.scraper import MetricsScraper
    from mockforge_analytics.runtime.database import AnalyticsDatabase
    from mockforge_analytics.runtime.imports import ImportOptions, import_log
    from mockforge_analytics.runtime.service import analytics_router, create_app
    from mockforge_analytics.sources.asgi.middleware import AnalyticsMiddleware
    from mockforge_analytics.sources.asgi.reporter import Reporter
    from mockforge_analytics.sources.asgi.settings import CaptureSettings, DeliverySettings

__all__ = [
    "AnalyticsConfig",
    "AnalyticsDatabase",
    "AnalyticsError",
    "AnalyticsMiddleware",
    "CaptureSettings",
    "DeliverySettings",
    "ImportOptions",
    "MappingConfig",
    "MetricsAggregator",
    "MetricsScraper",
    "PrometheusSource",
    "Reporter",
    "ScrapeTarget",
    "analytics_router",
    "create_app",
    "import_log",
    "load_config",
]

_HOMES: Final = {
    "AnalyticsConfig": "mockforge_analytics.config",
    "AnalyticsDatabase": "mockforge_analytics.runtime.database",
    "AnalyticsError": "mockforge_analytics.errors",
    "AnalyticsMiddleware": "mockforge_analytics.sources.asgi.middleware",
    "CaptureSettings": "mockforge_analytics.sources.asgi.settings",
    "DeliverySettings": "mockforge_analytics.sources.asgi.settings",
    "ImportOptions": "mockforge_analytics.runtime.imports",
    "MappingConfig": "mockforge_analytics.collection",
    "MetricsAggregator": "mockforge_analytics.runtime.collectors.aggregator",
    "MetricsScraper": "mockforge_analytics.runtime.collectors.scraper",
    "PrometheusSource": "mockforge_analytics.collection",
    "ScrapeTarget": "mockforge_analytics.collection",
    "analytics_router": "mockforge_analytics.runtime.service",
    "create_app": "mockforge_analytics.runtime.service",
    "Reporter": "mockforge_analytics.sources.asgi.reporter",
    "import_log": "mockforge_analytics.runtime.imports",
    "load_config": "mockforge_analytics.config",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
