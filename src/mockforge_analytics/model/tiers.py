"""The tiers of history, as data: which widths are kept of which facts, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mockforge_analytics.model.window import Granularity

__all__ = ["TIERS", "Fact", "Tier", "tiers_of"]


class Fact(StrEnum):
    """What a tier holds cells of."""

    SERIES = "series"  # requests by protocol, method, endpoint, status, workspace, environment
    SCOPE = "scope"  # requests by protocol, workspace, environment
    ERROR = "error"  # error counts by series, type and category
    GAUGE = "gauge"  # active connections by scope and source
    CLIENT = "client"  # requests by scope, client address and user agent


@dataclass(frozen=True, slots=True)
class Tier:
    """One table of cells.

    Attributes:
        fact: what the cells are of.
        width: seconds of a bucket.
        setting: the retention setting that rules it (`AnalyticsConfig.retention`).
        block: seconds; retention deletes whole blocks, the buckets of the next coarser tier, so that the finer edge of
            every window that the coarser tier can fill still exists.
    """

    fact: Fact
    width: Granularity
    setting: str
    block: int

    @property
    def name(self) -> str:
        """The tier's name in tables and in `status`, such as ``series_minute``."""
        return f"{self.fact}_{_NAMES[self.width]}"


_NAMES: Final = {
    Granularity.TEN_SECONDS: "10s",
    Granularity.MINUTE: "minute",
    Granularity.FIFTEEN_MINUTES: "15m",
    Granularity.HOUR: "hour",
    Granularity.SIX_HOURS: "6h",
    Granularity.DAY: "day",
}
_LIVE: Final = "live_hours"
_MINUTE: Final = "minute_aggregates_days"
_HOUR: Final = "hour_aggregates_days"
_DAY: Final = "day_aggregates_days"
_PATTERNS: Final = "traffic_patterns_days"
_CLIENTS: Final = "client_analytics_days"

TIERS: Final = (
    Tier(Fact.SERIES, Granularity.TEN_SECONDS, _LIVE, Granularity.MINUTE),
    Tier(Fact.SERIES, Granularity.MINUTE, _MINUTE, Granularity.HOUR),
    Tier(Fact.SERIES, Granularity.HOUR, _HOUR, Granularity.DAY),
    Tier(Fact.SERIES, Granularity.SIX_HOURS, _HOUR, Granularity.DAY),
    Tier(Fact.SERIES, Granularity.DAY, _DAY, Granularity.DAY),
    Tier(Fact.SCOPE, Granularity.TEN_SECONDS, _LIVE, Granularity.MINUTE),
    Tier(Fact.SCOPE, Granularity.MINUTE, _MINUTE, Granularity.FIFTEEN_MINUTES),
    Tier(Fact.SCOPE, Granularity.FIFTEEN_MINUTES, _PATTERNS, Granularity.DAY),
    Tier(Fact.SCOPE, Granularity.DAY, _DAY, Granularity.DAY),
    Tier(Fact.ERROR, Granularity.MINUTE, _MINUTE, Granularity.HOUR),
    Tier(Fact.ERROR, Granularity.HOUR, _HOUR, Granularity.DAY),
    Tier(Fact.ERROR, Granularity.DAY, _DAY, Granularity.DAY),
    Tier(Fact.GAUGE, Granularity.TEN_SECONDS, _LIVE, Granularity.MINUTE),
    Tier(Fact.GAUGE, Granularity.MINUTE, _MINUTE, Granularity.HOUR),
    Tier(Fact.GAUGE, Granularity.HOUR, _HOUR, Granularity.DAY),
    Tier(Fact.GAUGE, Granularity.DAY, _DAY, Granularity.DAY),
    Tier(Fact.CLIENT, Granularity.HOUR, _CLIENTS, Granularity.DAY),
)


def tiers_of(fact: Fact) -> tuple[Tier, ...]:
    """Return the tiers of `fact`, finest first."""
    return tuple(tier for tier in TIERS if tier.fact is fact)
