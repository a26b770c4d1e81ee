"""A small shop over HTTP: an example API with realistic routes, failures and response times."""

from __future__ import annotations

from examples.shop_api.app import create_app
from examples.shop_api.latency import Fault

__all__ = ["Fault", "create_app"]
