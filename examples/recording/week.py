"""The plan of a recording: every visit of the week and the shop's bad hours, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.recording import personas
from examples.recording.clients import Pool
from examples.recording.rhythm import DAYS, HOURS_PER_DAY, arrivals
from examples.recording.scanner import scanner_client, scanner_visit
from examples.recording.steps import Session
from examples.shop_api import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from examples.recording.steps import Step

__all__ = ["faults", "plan_week"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of visitor: `visits` a day from a pool of `clients`, following the daily rhythm or not."""

    name: str
    visits: float
    clients: int
    visit: Callable[[random.Random, int], list[Step]]
    rhythmic: bool = True
    network: str | None = None


_KINDS = (
    _Kind("browser", 1_290, 900, personas.browser_visit),
    _Kind("mobile", 1_390, 400, personas.mobile_visit),
    _Kind("partner", 215, 9, personas.partner_visit, network="192.0.2.128/28"),
    _Kind("curl", 160, 40, personas.curl_visit),
    _Kind("bot", 880, 24, personas.bot_visit, rhythmic=False, network="192.0.2.160/27"),
    _Kind("monitor", 2_880, 2, personas.monitor_visit, rhythmic=False, network="192.0.2.144/30"),
    _Kind("report", 160, 3, personas.report_visit, network="192.0.2.152/29"),
)
_SCANS_PER_DAY = 95.0


def _visits(kind: _Kind, rng: random.Random, share: float) -> Iterator[Session]:
    pool_kind = "partner" if kind.name == "report" else kind.name
    pool = Pool(rng, pool_kind, kind.clients, network=kind.network)
    for day in arrivals(rng, kind.visits * share, days=DAYS, rhythmic=kind.rhythmic):
        number, client = pool.pick(rng)
        yield Session(day, client, tuple(kind.visit(rng, number)))


def _scans(rng: random.Random, share: float) -> Iterator[Session]:
    for day in arrivals(rng, _SCANS_PER_DAY * share, days=DAYS, rhythmic=False):
        yield Session(day, scanner_client(rng), tuple(scanner_visit(rng, 0)))


def plan_week(seed: int, share: float = 1.0) -> list[Session]:
    """Return the visits of a week by arrival; `share` scales how many there are (1: about 300,000 requests)."""
    sessions = [session for kind in _KINDS for session in _visits(kind, random.Random(f"{seed}/{kind.name}"), share)]
    sessions += _scans(random.Random(f"{seed}/scanner"), share)
    return sorted(sessions, key=lambda session: session.at_day)


def _fault(route: str, day: int, start_h: float, end_h: float, seconds_per_day: float, **what: float) -> Fault:
    start, end = (((day + hour / HOURS_PER_DAY) * seconds_per_day) for hour in (start_h, end_h))
    factor, share, status = what.get("factor", 1.0), what.get("errors", 0.0), int(what.get("status", 500))
    return Fault(route, start, end, latency_factor=factor, error_share=share, status=status)


def faults(seconds_per_day: float) -> list[Fault]:
    """Return the bad hours of the week, for days of `seconds_per_day` real seconds. Day 0 is the Monday."""
    return [
        _fault("checkout", 2, 13, 16.5, seconds_per_day, factor=7.0, errors=0.15, status=500),
        _fault("search", 4, 18, 19, seconds_per_day, factor=1.5, errors=0.6, status=503),
        _fault("recommendations", 4, 18.5, 19, seconds_per_day, errors=0.4, status=503),
        _fault("report", 5, 2, 5, seconds_per_day, factor=4.0),
        _fault("orders", 1, 9, 10, seconds_per_day, factor=3.0),
    ]
