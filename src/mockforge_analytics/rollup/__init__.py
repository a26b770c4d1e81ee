"""The rollup stage: a frame of requests in, deltas out."""

from mockforge_analytics.rollup.stage import Rollup

__all__ = ["Rollup"]
