"""Samples of active connections with the names that requests get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.rollup.protocols import canonical_protocols
from mockforge_analytics.rollup.text import LIMITS, clean

if TYPE_CHECKING:
    import polars as pl

__all__ = ["clean_gauges"]

_SOURCE_LIMIT: Final = 128  # characters


def clean_gauges(gauges: pl.DataFrame) -> pl.DataFrame:
    """Return `gauges` (columns of `GAUGE_SCHEMA`) with canonical protocols and texts fit to be stored."""
    if gauges.is_empty():
        return gauges
    protocols = clean(canonical_protocols(gauges["protocol"]), LIMITS["protocol"])
    limits = {"workspace_id": LIMITS["workspace_id"], "environment": LIMITS["environment"], "source": _SOURCE_LIMIT}
    texts = [clean(gauges[name], limit).alias(name) for name, limit in limits.items()]
    return gauges.with_columns(protocols.alias("protocol"), *texts)
