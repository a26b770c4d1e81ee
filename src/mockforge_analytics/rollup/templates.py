"""Paths become endpoints, by the level of templating that is set."""

from __future__ import annotations

import re
from threading import Lock
from typing import TYPE_CHECKING, Final

import polars as pl

from mockforge_analytics.config import Templating
from mockforge_analytics.model.codes import encode
from mockforge_analytics.rollup.adaptive import AdaptiveTemplates
from mockforge_analytics.rollup.segment_memory import SegmentMemory
from mockforge_analytics.rollup.segments import MAX_SEGMENT, MAYBE_IDENTIFIER, template_segments
from mockforge_analytics.rollup.text import ELLIPSIS, LIMITS, clean, clean_few, cut

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_PATH", "MAX_SEGMENTS", "Templates"]

MAX_PATH: Final = 4_096  # characters of a path that are looked at
_MOST_BYTES_A_CHARACTER: Final = 4
MAX_SEGMENTS: Final = 64  # segments of a path that are kept
_CACHE: Final = 50_000  # paths; about 15 MB
_FEW: Final = 256  # paths; to look at the segments of each takes 2 µs a path, to ask Polars 5 ms for one and for all
_CACHED_BATCH: Final = 4_096  # distinct paths; above, computing anew costs no more than looking up
_DEEP: Final = rf"^((?:[^/]*/){{{MAX_SEGMENTS}}}).+"
_LAST_NUMBER: Final = r"/(?:[0-9]{1,7}|[0-9]{9,})$"
_INNER_NUMBER: Final = r"/(?:[0-9]{1,7}|[0-9]{9,})/"
_NUMBER: Final = re.compile(r"/(?![0-9]{8}[/\n])[0-9]+(?=[/\n])")  # the same, in lines that end in a line feed
_NUMBER_OF_ONE: Final = re.compile(r"/(?![0-9]{8}(?:/|\Z))[0-9]+(?=/|\Z)")
_SESSION: Final = r"(?i);(?:jsessionid|phpsessid|sid)=[^/;]*"


class Templates:
    """Endpoints of paths at one level of templating. Safe to share between threads.

    ``none`` keeps paths as they are, ``identifiers`` applies the rules of `rollup.segments` to each segment and drops
    session ids behind a semicolon, ``adaptive`` also collapses positions with too many values (`rollup.adaptive`).
    """

    def __init__(self, level: Templating, known_endpoints: Iterable[str] = ()) -> None:
        self._level = level
        self._adaptive = AdaptiveTemplates(known_endpoints) if level is Templating.ADAPTIVE else None
        self._cache: dict[str, str] = {}
        self._segments = SegmentMemory()
        self._lock = Lock()

    def endpoints(self, paths: pl.Series) -> pl.Series:
        """Return the endpoint of each of the distinct `paths`, clean and bounded; that of ``""`` is ``""``."""
        if self._level is Templating.NONE:
            return clean(paths, LIMITS["endpoint"])
        if len(paths) <= _FEW:
            return pl.Series(self.few_endpoints(paths.to_list()), dtype=pl.String)
        numbered = encode(_numbers(paths))
        return self._shared(numbered.values)[numbered.of_row]

    def few_endpoints(self, paths: list[str]) -> list[str]:
        """Return what `endpoints` does, for a few paths."""
        if self._level is Templating.NONE:
            return clean_few(paths, LIMITS["endpoint"])
        numbered = _few_numbers(paths)
        distinct = list(dict.fromkeys(numbered))
        with self._lock:
            endpoints = dict(zip(distinct, self._remembered(distinct), strict=True))
        return [endpoints[path] for path in numbered]

    def _shared(self, paths: pl.Series) -> pl.Series:
        with self._lock:
            if len(paths) <= _CACHED_BATCH:
                return pl.Series(self._remembered(paths.to_list()), dtype=pl.String)
            return self._computed(_identifiers(paths))

    def _remembered(self, wanted: list[str]) -> list[str]:
        missing = [path for path in wanted if path not in self._cache]
        if missing:
            if len(self._cache) + len(missing) > _CACHE:
                self._cache.clear()
                missing = wanted
            endpoints = self._listed(missing)
            if self._cache and self._adaptive is not None and self._adaptive.changed():
                self._cache.clear()
                missing, endpoints = wanted, self._listed(wanted)
            self._cache.update(zip(missing, endpoints, strict=True))
        return [self._cache[path] for path in wanted]

    def _listed(self, paths: list[str]) -> list[str]:
        few = self._few(paths) if len(paths) <= _FEW else None
        if few is not None and self._adaptive is None:
            return clean_few(few, LIMITS["endpoint"])
        texts = _identifiers(pl.Series(paths, dtype=pl.String)) if few is None else pl.Series(few, dtype=pl.String)
        endpoints: list[str] = self._computed(texts).to_list()
        return endpoints

    def _computed(self, identified: pl.Series) -> pl.Series:
        codes = encode(identified)
        endpoints = codes.values if self._adaptive is None else self._adaptive.endpoints(codes.values)
        return clean(endpoints, LIMITS["endpoint"])[codes.of_row]

    def _few(self, texts: list[str]) -> list[str]:
        """Return what `_identifiers` does, for a few paths."""
        plain = [path for path in texts if _is_plain(path)]
        templates = dict(zip(plain, self._segments.templates(plain), strict=True))
        if rest := [path for path in texts if path not in templates]:
            templates.update(zip(rest, _identifiers(pl.Series(rest, dtype=pl.String)).to_list(), strict=True))
        return [templates[path] for path in texts]


def _is_plain(path: str) -> bool:
    """Return whether nothing but its segments decides what becomes of `path`."""
    return len(path) <= MAX_PATH and ";" not in path and path.count("/") < MAX_SEGMENTS


def _numbers(paths: pl.Series) -> pl.Series:
    """Return `paths` with segments of digits replaced, as the rules replace them.

    Most identifiers are numbers. This takes 0.2 µs a path where the rules for each distinct segment take 3, and leaves
    few distinct paths to them. Eight digits may be a date, and paths of more than `MAX_PATH` are cut before.
    """
    numbered = paths.str.replace(_LAST_NUMBER, "/:id")
    for _ in range(2):  # neighbours share a slash
        if numbered.str.contains(_INNER_NUMBER).any():
            numbered = numbered.str.replace_all(_INNER_NUMBER, "/:id/")
    long = paths.str.len_bytes() > MAX_PATH
    return paths.zip_with(long, numbered) if long.any() else numbered


def _few_numbers(paths: list[str]) -> list[str]:
    """Return what `_numbers` does: 0.3 µs a path, and for a thousand of them in two thirds of its time."""
    text = "\n".join((*paths, ""))
    numbered = _NUMBER.sub("/:id", text).split("\n")[:-1]
    if len(numbered) != len(paths):  # a path has a line feed
        numbered = [_NUMBER_OF_ONE.sub("/:id", path) for path in paths]
    if max(map(len, paths), default=0) * _MOST_BYTES_A_CHARACTER <= MAX_PATH:
        return numbered
    return [path if len(path.encode()) > MAX_PATH else other for path, other in zip(paths, numbered, strict=True)]


def _identifiers(paths: pl.Series) -> pl.Series:
    rows = (paths.str.contains(MAYBE_IDENTIFIER) | (paths.str.len_bytes() > MAX_SEGMENT)).arg_true()
    if not len(rows):
        return paths
    picked = cut(paths[rows], MAX_PATH)
    if picked.str.contains(";", literal=True).any():
        picked = picked.str.replace_all(_SESSION, "")
    if picked.str.len_bytes().gt(MAX_SEGMENTS).any():
        picked = picked.str.replace(_DEEP, "${1}" + ELLIPSIS)
    segments = picked.str.split("/")
    distinct = segments.explode().unique()
    templates = template_segments(distinct)
    differ = distinct != templates
    if not differ.any():
        return paths if picked.equals(paths[rows]) else paths.clone().scatter(rows, picked)
    joined = segments.list.eval(pl.element().replace(distinct.filter(differ), templates.filter(differ))).list.join("/")
    return paths.clone().scatter(rows, joined)
