"""Positions with too many values collapse: what identifiers look like need not be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.model.dimensions import OVERFLOW
from mockforge_analytics.rollup.segments import PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ANY", "FANOUT", "AdaptiveTemplates"]

ANY: Final = ":any"
FANOUT: Final = 100  # distinct segments under one parent that are still names
_MEMORY: Final = 100_000  # remembered (parent, segment) pairs; about 20 MB
_LEVELS: Final = 16  # segments deeper than this collapse into one
_IS_NAME: Final = ~pl.col("segment").is_in(["", ANY, *PLACEHOLDERS])
_PAIRS: Final[dict[str, type[pl.DataType]]] = {"parent": pl.String, "segment": pl.String}


class AdaptiveTemplates:
    """Learns which positions of a path hold names and which hold values.

    A position is told by the templated path before it, its parent. Once a parent was seen with more than `fanout`
    distinct segments, each of them becomes ``:any``, for good; placeholders such as ``:id`` do not count and stay. What
    lies deeper than 16 segments collapses into one ``:any``. State carries over from one call to the next, so an
    endpoint depends on what was seen before it. At most about `memory` segments are remembered; when they are more, the
    most crowded parents collapse until half of the memory is free. Not safe to share between threads.
    """

    def __init__(self, known_endpoints: Iterable[str] = (), fanout: int = FANOUT, memory: int = _MEMORY) -> None:
        self._fanout = fanout
        self._memory = memory
        self._known = pl.DataFrame(schema=_PAIRS)
        self._collapsed = pl.Series(dtype=pl.String)
        self._changed = False
        endpoints = [endpoint for endpoint in known_endpoints if endpoint != OVERFLOW]
        if endpoints:
            self._collapse(pl.Series(sorted(set(_parents_of_any(endpoints))), dtype=pl.String))
            self.endpoints(pl.Series(endpoints, dtype=pl.String))

    def changed(self) -> bool:
        """Return whether a position collapsed since this was last asked: earlier answers are then out of date."""
        changed, self._changed = self._changed, False
        return changed

    def remembered(self) -> int:
        """Return how many segments are remembered."""
        return len(self._known)

    def endpoints(self, templates: pl.Series) -> pl.Series:
        """Return `templates` (paths with identifiers replaced) with crowded positions collapsed.

        All of `templates` are learnt before the first is answered.
        """
        endpoints = self._walk(templates, learn=True)
        if len(self._known) > self._memory:
            self._make_room()
            endpoints = self._walk(templates, learn=False)
        return endpoints

    def _walk(self, templates: pl.Series, *, learn: bool) -> pl.Series:
        segments = templates.str.split("/")
        depth = segments.list.len()
        deepest = depth.max()
        paths = pl.DataFrame({"segments": segments, "depth": depth}).with_columns(parent=pl.lit(""))
        for level in range(min(deepest if isinstance(deepest, int) else 0, _LEVELS)):
            paths = paths.with_columns(segment=pl.col("segments").list.get(level, null_on_oob=True))
            if learn:
                self._learn(paths)
            collapsed = _IS_NAME & pl.col("parent").is_in(self._collapsed.implode())
            segment = pl.when(collapsed).then(pl.lit(ANY)).otherwise(pl.col("segment"))
            paths = paths.with_columns(parent=pl.col("parent") + (segment + "/").fill_null(""))
        rest = pl.when(pl.col("depth") > _LEVELS).then(pl.col("parent") + ANY)
        return paths.select(rest.otherwise(pl.col("parent").str.strip_suffix("/"))).to_series()

    def _learn(self, paths: pl.DataFrame) -> None:
        names = paths.lazy().filter(_IS_NAME & ~pl.col("parent").is_in(self._collapsed.implode()))
        pairs = names.select("parent", "segment").unique().collect()
        new = pairs.join(self._known, on=["parent", "segment"], how="anti")
        if not new.height:
            return
        self._known = pl.concat([self._known, new])
        fanout = self._known.group_by("parent").len()
        self._collapse(fanout.filter(pl.col("len") > self._fanout)["parent"])

    def _collapse(self, parents: pl.Series) -> None:
        if not len(parents):
            return
        self._collapsed = pl.concat([self._collapsed, parents]).unique()
        self._known = self._known.filter(~pl.col("parent").is_in(parents.implode()))
        self._changed = True

    def _make_room(self) -> None:
        self._known = self._known.filter(self._reachable(self._known["parent"]))
        self._collapsed = self._collapsed.filter(self._reachable(self._collapsed))
        fanout = self._known.group_by("parent").len().sort("len", "parent", descending=[True, False])
        before = fanout["len"].cum_sum() - fanout["len"]
        self._collapse(fanout.filter(len(self._known) - before > self._memory // 2)["parent"])

    def _reachable(self, parents: pl.Series) -> pl.Series:
        """Return which of `parents` no collapse above them has made into another path."""
        return (parents == "") | (self._walk(parents.str.strip_suffix("/"), learn=False) + "/" == parents)


def _parents_of_any(endpoints: Iterable[str]) -> Iterator[str]:
    for endpoint in endpoints:
        segments = endpoint.split("/")
        for level, segment in enumerate(segments):
            if segment == ANY:
                yield "".join(name + "/" for name in segments[:level])
