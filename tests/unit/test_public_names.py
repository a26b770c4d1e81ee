"""The names of the library: locked, and loaded only when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mockforge_analytics
from tests.cli.support import environment

HEAVY = ("apsw", "numpy", "polars", "pydantic")


def test_the_public_names_are_these() -> None:
    assert mockforge_analytics.__all__ == [
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


@pytest.mark.parametrize("name", mockforge_analytics.__all__)
def test_each_is_there(name: str) -> None:
    assert getattr(mockforge_analytics, name).__name__ == name
    assert name in dir(mockforge_analytics)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = mockforge_analytics.nothing


def test_importing_the_package_is_light() -> None:
    code = f"import sys, mockforge_analytics; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
