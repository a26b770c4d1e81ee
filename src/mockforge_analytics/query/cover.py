"""How a window is put together from the buckets of a fact's tiers.

::

    window          |---------------------------------|
    day                      |--------|
    hour                 |---|        |----------|
    minute          |----|                       |----|
    slices          |minute|hour| day |   hour   |minute|
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.plan import Slice
from mockforge_analytics.model.tiers import Fact, Tier, tiers_of
from mockforge_analytics.model.window import BASE_SECONDS, MICROSECONDS, Granularity, Window, ceil_to, floor_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockforge_analytics.model.plan import Coverage

__all__ = ["Cover", "cover", "kept_part", "snap"]

# The newest and oldest request say nothing of gauge samples, which come from elsewhere.
_FACTS_OF_REQUESTS: Final = frozenset({Fact.SERIES, Fact.SCOPE, Fact.ERROR, Fact.CLIENT})


@dataclass(frozen=True, slots=True)
class Cover:
    """`slices` to read, ascending and disjoint, and the `holes` of the window that no tier holds any more."""

    slices: tuple[Slice, ...]
    holes: tuple[Window, ...]


def cover(window: Window, fact: Fact, coverage: Coverage, bucket: int | None = None) -> Cover:
    """Return the coarsest whole buckets that hold exactly the requests of `window`.

    With `bucket` only tiers are read whose width divides it, so that no read bucket spans two of them. Where no request
    is as old as the window's start, or as new as its end, the coarse bucket around that bound is read whole: it holds
    the same requests, and is one row instead of many.
    """
    quiet = _quiet(window, fact, coverage)
    slices: list[Slice] = []
    holes = [window]
    for tier in reversed(tiers_of(fact)):
        if bucket is not None and bucket % tier.width:
            continue
        left: list[Window] = []
        for hole in holes:
            parts = _whole_buckets(coverage, tier, _reach(hole, quiet, tier.width))
            slices += [Slice(tier, part) for part in parts]
            left += _without(hole, parts)
        holes = left
    return Cover(tuple(sorted(slices, key=lambda piece: piece.window)), tuple(sorted(holes)))


def snap(window: Window, facts: Iterable[Fact], coverage: Coverage) -> Window:
    """Return `window` with both bounds moved outward to bucket starts of the finest tier kept there, of every fact.

    What no tier of a fact holds any more is cut off at the ends first; where that leaves nothing, the window comes back
    snapped to the finest width there is.
    """
    facts = tuple(facts)
    inside = kept_part(window, facts, coverage)
    if inside is None:
        return window.snapped(BASE_SECONDS)
    for _ in Granularity:  # a bound that one fact moves may have to move on for another, to a wider bucket each time
        start = min(_outward(inside.start, fact, coverage).start for fact in facts)
        end = max(_outward(inside.end - 1, fact, coverage).end for fact in facts)
        snapped = Window(min(start, inside.start), max(end, inside.end))
        if snapped == inside:
            break
        inside = snapped
    return inside


def kept_part(window: Window, facts: Iterable[Fact], coverage: Coverage) -> Window | None:
    """Return `window` without the ends that some fact holds nothing of, or None where nothing is left."""
    start, end = window.start, window.end
    for fact in facts:
        if _finest(start, fact, coverage) is None:
            later = [part.start for part in _kept(Window(start, window.end), fact, coverage)]
            if not later:
                return None
            start = min(later)
        if _finest(end - 1, fact, coverage) is None:
            earlier = [part.end for part in _kept(Window(window.start, end), fact, coverage)]
            if not earlier:
                return None
            end = max(earlier)
    return Window(start, end) if start < end else None


def _quiet(window: Window, fact: Fact, coverage: Coverage) -> tuple[bool, bool]:
    """Return whether there are no requests before the window, and whether there are none after it."""
    if fact not in _FACTS_OF_REQUESTS or coverage.first is None or coverage.last is None:
        return False, False
    return coverage.first >= window.start * MICROSECONDS, coverage.last < window.end * MICROSECONDS


def _reach(hole: Window, quiet: tuple[bool, bool], width: int) -> Window:
    """Return `hole`, widened to whole buckets where the window is quiet; its inner bounds are bucket starts."""
    before, after = quiet
    return Window(
        floor_to(hole.start, width) if before else hole.start, ceil_to(hole.end, width) if after else hole.end
    )


def _whole_buckets(coverage: Coverage, tier: Tier, window: Window) -> list[Window]:
    """Return the parts of `window` that whole buckets of `tier` fill, ascending and disjoint."""
    parts = coverage.ranges(tier, window)
    aligned = ((ceil_to(part.start, tier.width), floor_to(part.end, tier.width)) for part in parts)
    return [Window(start, end) for start, end in aligned if start < end]


def _without(hole: Window, parts: Sequence[Window]) -> Iterator[Window]:
    start = hole.start
    for part in parts:
        if start < part.start:
            yield Window(start, part.start)
        start = part.end
    if start < hole.end:
        yield Window(start, hole.end)


def _kept(window: Window, fact: Fact, coverage: Coverage) -> list[Window]:
    return [part for tier in tiers_of(fact) for part in coverage.ranges(tier, window)]


def _finest(second: int, fact: Fact, coverage: Coverage) -> Window | None:
    """Return the bucket around `second` of the finest tier that is complete there, or None."""
    for tier in tiers_of(fact):
        bucket = Window(floor_to(second, tier.width), floor_to(second, tier.width) + tier.width)
        if _whole_buckets(coverage, tier, bucket):
            return bucket
    return None


def _outward(second: int, fact: Fact, coverage: Coverage) -> Window:
    return _finest(second, fact, coverage) or Window(second, second + 1)
