"""A small shop over HTTP: the example API of the package's demo, to run and to look at by itself."""

from __future__ import annotations

from mockforge_analytics.demo.shop.app import create_app
from mockforge_analytics.demo.shop.latency import Fault

__all__ = ["Fault", "create_app"]
