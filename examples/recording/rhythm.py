"""When requests arrive: the rhythm of a week, in days since Monday 00:00 UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

__all__ = ["DAYS", "HOURS_PER_DAY", "WEEKDAY_WEIGHTS", "arrivals", "weight"]

DAYS = 7
HOURS_PER_DAY = 24
_NIGHT_AND_MORNING = (0.42, 0.30, 0.23, 0.20, 0.21, 0.30, 0.50, 0.80, 1.05, 1.20, 1.28, 1.32)
_AFTERNOON_AND_EVENING = (1.38, 1.34, 1.26, 1.22, 1.24, 1.32, 1.48, 1.64, 1.72, 1.55, 1.12, 0.72)
_HOUR_WEIGHTS = (*_NIGHT_AND_MORNING, *_AFTERNOON_AND_EVENING)
WEEKDAY_WEIGHTS = (1.05, 1.00, 1.02, 1.04, 1.10, 0.92, 0.87)
_MAX_WEIGHT = max(_HOUR_WEIGHTS) * max(WEEKDAY_WEIGHTS)


def weight(day: float) -> float:
    """Return the load at a moment of the week relative to its mean (about 1), linear between the hours."""
    hour = day % 1 * HOURS_PER_DAY
    before, share = int(hour), hour % 1
    now, then = _HOUR_WEIGHTS[before], _HOUR_WEIGHTS[(before + 1) % HOURS_PER_DAY]
    return (now + (then - now) * share) * WEEKDAY_WEIGHTS[int(day) % DAYS]


def arrivals(rng: random.Random, per_day: float, *, days: float, rhythmic: bool = True) -> Iterator[float]:
    """Yield ascending arrival times in days: a Poisson process of `per_day` on average, thinned to the rhythm.

    Thinning: Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979.
    """
    rate = per_day * (_MAX_WEIGHT if rhythmic else 1.0)
    day = rng.expovariate(rate)
    while day < days:
        if not rhythmic or rng.random() * _MAX_WEIGHT < weight(day):
            yield day
        day += rng.expovariate(rate)
