"""What a store must hold and answer, worked out one request at a time from nothing but the rules."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.tiers import TIERS, Fact, Tier
from tests.support.naive import Req, error_names
from tests.support.stores import DAY, HOUR, MICROS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockforge_analytics.config import RetentionConfig
    from mockforge_analytics.model.plan import ReadPlan

LIVE = 10  # seconds; tiers of this width are never held


def value_of(request: Req, dimension: Dimension) -> str | int:
    kind, category = error_names(request)
    values: dict[Dimension, str | int] = {
        Dimension.PROTOCOL: request.protocol,
        Dimension.WORKSPACE: request.workspace,
        Dimension.ENVIRONMENT: request.environment,
        Dimension.METHOD: request.method,
        Dimension.ENDPOINT: request.endpoint,
        Dimension.STATUS: request.status,
        Dimension.ERROR_TYPE: kind,
        Dimension.ERROR_CATEGORY: category,
        Dimension.CLIENT: request.client,
        Dimension.AGENT: request.agent,
        Dimension.AGENT_FAMILY: request.agent.partition("/")[0],
        Dimension.AGENT_VERSION: "",
    }
    return values[dimension]


def matches(request: Req, plan: ReadPlan) -> bool:
    for dimension, wanted in plan.filters.items():
        value = value_of(request, dimension)
        if isinstance(value, int):
            if not any(isinstance(w, StatusRange) and w.low <= value <= w.high for w in wanted):
                return False
        elif dimension in (Dimension.PROTOCOL, Dimension.METHOD):
            if value.lower() not in [str(w).lower() for w in wanted]:
                return False
        elif value not in wanted:
            return False
    return plan.fact is not Fact.ERROR or request.is_error


def sums(requests: Sequence[Req], fact: Fact) -> tuple[int, ...]:
    """Return the measures of a group, in the order of `plan.measures` of its fact; min and max None without latency."""
    if fact is Fact.ERROR:
        return len(requests), max(r.micros for r in requests)
    known = [round(r.latency * MICROS) for r in requests if r.latency is not None]
    both = (len(requests), sum(r.is_error for r in requests), len(known), sum(known))
    traffic = (sum(r.sent for r in requests), sum(r.received for r in requests))
    if fact is Fact.CLIENT:
        return (*both, *traffic, len({r.client for r in requests}))
    return (*both, min(known, default=0), max(known, default=0), *traffic)


def nearest_rank(latencies: Iterable[float], quantile: float) -> float:
    ordered = sorted(latencies)
    return ordered[math.ceil(round(quantile * len(ordered), 9)) - 1]


@dataclass
class Exact:
    """The requests each tier keeps, floors, islands and holds: what the store should come to."""

    retention: RetentionConfig
    created: int
    kept: dict[str, list[Req]] = field(default_factory=lambda: defaultdict(list))
    islands: set[int] = field(default_factory=set)
    holds: dict[str, tuple[int, int]] = field(default_factory=dict)
    waiting: list[tuple[float, float]] = field(default_factory=list)
    floors: dict[str, int] = field(default_factory=dict)
    received: int = 0
    stored: int = 0
    refused: int = 0
    repeated: int = 0

    def __post_init__(self) -> None:
        self.raise_floors(self.created)

    def raise_floors(self, now: int, tiers: Sequence[Tier] = TIERS) -> None:
        for tier in tiers:
            unit = HOUR if tier.setting == "live_hours" else DAY
            due = (now - getattr(self.retention, tier.setting) * unit) // tier.block * tier.block
            self.floors[tier.name] = max(self.floors.get(tier.name, 0), due)

    def keeps(self, tier: Tier, at: float) -> bool:
        held = tier.width > LIVE and int(at) // DAY * DAY in self.islands
        return held or int(at) // tier.width * tier.width >= self.floors[tier.name]

    def hold(self, requests: Sequence[Req], reason: str) -> None:
        highest = max(self.floors[tier.name] for tier in TIERS if tier.width > LIVE)
        for day in sorted({int(r.at) // DAY * DAY for r in requests if int(r.at) // LIVE * LIVE < highest}):
            kept = all(self.keeps(tier, day) for tier in TIERS if tier.width > LIVE)
            if day not in self.islands:
                if kept or self.has_rows(day):
                    continue
                self.islands.add(day)
            start, end = self.holds.get(reason, (day, day + DAY))
            self.holds[reason] = (min(start, day), max(end, day + DAY))

    def has_rows(self, day: int) -> bool:
        stored = any(day <= r.at < day + DAY for r in self.kept["series_day"])
        return stored or any(first < day + DAY and last >= day for first, last in self.waiting)

    def write(self, requests: Sequence[Req], *, reason: str | None, bulk: bool) -> int:
        """Take `requests`; return how many are stored."""
        if reason is not None:
            self.hold(requests, reason)
        day_tier = next(tier for tier in TIERS if tier.name == "series_day")
        taken = [r for r in requests if self.keeps(day_tier, r.at)]
        for tier in TIERS:
            self.kept[tier.name] += [r for r in taken if self.keeps(tier, r.at)]
        if taken and not bulk:
            self.waiting.append((min(r.at for r in taken), max(r.at for r in taken)))
        self.received += len(requests)
        self.stored += len(taken)
        self.refused += len(requests) - len(taken)
        return len(taken)

    def retain(self, now: int, *, live_only: bool) -> None:
        tiers = [tier for tier in TIERS if tier.width == LIVE or not live_only]
        self.raise_floors(now, tiers)
        for tier in tiers:
            self.kept[tier.name] = [r for r in self.kept[tier.name] if self.keeps(tier, r.at)]

    def lift(self, reason: str) -> None:
        start, end = self.holds.pop(reason)
        for day in range(start, end, DAY):
            if not any(a <= day < b for a, b in self.holds.values()):
                self.islands.discard(day)

    def answer(self, plan: ReadPlan) -> dict[tuple[Any, ...], list[Req]]:
        """Return the requests of each row of the answer, by (bucket, group…) or (group…)."""
        groups: dict[tuple[Any, ...], list[Req]] = defaultdict(list)
        for piece in plan.slices:
            for request in self.kept[piece.tier.name]:
                bucket = int(request.at) // piece.tier.width * piece.tier.width
                if piece.window.start <= bucket < piece.window.end and matches(request, plan):
                    key = tuple(value_of(request, dimension) for dimension in plan.group_by)
                    at = () if plan.bucket is None else (bucket // plan.bucket * plan.bucket,)
                    groups[(*at, *key)].append(request)
        return dict(groups)
