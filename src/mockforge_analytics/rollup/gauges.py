"""Samples of active connections, and of vital signs, with the names that requests get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.rollup.protocols import canonical_protocols
from mockforge_analytics.rollup.text import LIMITS, clean

if TYPE_CHECKING:
    import polars as pl

__all__ = ["clean_gauges", "clean_vitals"]

_SOURCE_LIMIT: Final = 128  # characters


def clean_gauges(gauges: pl.DataFrame) -> pl.DataFrame:
    """Return `gauges` (columns of `GAUGE_SCHEMA`) with canonical protocols and texts fit to be stored."""
    if gauges.is_empty():
        return gauges
    protocols = clean(canonical_protocols(gauges["protocol"]), LIMITS["protocol"])
    return _with_clean_texts(gauges).with_columns(protocols.alias("protocol"))


def clean_vitals(vitals: pl.DataFrame) -> pl.DataFrame:
    """Return `vitals` (columns of `VITAL_SCHEMA`) with texts fit to be stored; their protocols are ours already."""
    return vitals if vitals.is_empty() else _with_clean_texts(vitals)


def _with_clean_texts(samples: pl.DataFrame) -> pl.DataFrame:
    limits = {"workspace_id": LIMITS["workspace_id"], "environment": LIMITS["environment"], "source": _SOURCE_LIMIT}
    return samples.with_columns(clean(samples[name], limit).alias(name) for name, limit in limits.items())
