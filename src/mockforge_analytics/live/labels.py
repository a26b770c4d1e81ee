"""The lines of a live chart: which one a series counts in, and whether it counts at all."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.query.reports.series import ALL_LABEL, REQUEST_GROUPS
from mockforge_analytics.query.spec import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockforge_analytics.model.commit import GaugeName, SeriesName
    from mockforge_analytics.query.spec import Filters

__all__ = ["Labels", "matches"]

_CLASS_WIDTH: Final = 100
_CASELESS: Final = frozenset({Dimension.PROTOCOL, Dimension.METHOD})
_REMEMBERED: Final = 200_000  # series; past it the memory starts afresh


def matches(name: SeriesName | GaugeName, filters: Filters) -> bool:
    """Return whether `name` passes all `filters`, as a read plan would have it."""
    return all(_passes(dimension, getattr(name, dimension), wanted) for dimension, wanted in filters.items())


def _passes(dimension: Dimension, value: str | int, wanted: Sequence[str | StatusRange]) -> bool:
    if isinstance(value, int):
        return any(isinstance(want, StatusRange) and want.low <= value <= want.high for want in wanted)
    if dimension in _CASELESS:
        return value.casefold() in (want.casefold() for want in wanted if isinstance(want, str))
    return value in wanted


class Labels:
    """Numbers the groups of a chart in the order in which they appear."""

    def __init__(self, group_by: str, filters: Filters) -> None:
        self._key = _key_of(group_by)
        self._by_class = group_by == "status_class"
        self._single = REQUEST_GROUPS[group_by] is None
        self._filters = filters
        self._numbers: dict[str | int, int] = {}
        self._known: dict[SeriesName, int] = {}
        self.keys: list[str | int] = []
        if self._single:
            self.of_key("")

    def __len__(self) -> int:
        return len(self.keys)

    def of_series(self, name: SeriesName) -> int:
        """Return the number of the group of a series, -1 where the filters leave it out."""
        known = self._known.get(name)
        if known is None:
            known = self.of_key(self._key(name)) if matches(name, self._filters) else -1
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = known
        return known

    def of_value(self, value: str | int) -> int:
        """Return the number of the group that has `value` in the dimension of the chart."""
        return self.of_key(value // _CLASS_WIDTH if self._by_class and isinstance(value, int) else value)

    def of_key(self, key: str | int) -> int:
        """Return the number of a group, a new one where it is new."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.keys)
            self.keys.append(key)
        return number

    def text(self, number: int) -> str:
        """Return what a group is called."""
        key = self.keys[number]
        if self._single:
            return ALL_LABEL
        if key in ("", 0):
            return NO_VALUE
        return f"{key}xx" if self._by_class else str(key)

    def ranked(self, totals: Sequence[int]) -> list[int]:
        """Return the groups that have requests, most first, equal ones by name; the only group always."""
        if self._single:
            return [0]
        return sorted((n for n, total in enumerate(totals) if total), key=lambda n: (-totals[n], self.keys[n]))


def _key_of(group_by: str) -> Callable[[SeriesName], str | int]:
    dimension = REQUEST_GROUPS[group_by]
    if dimension is None:
        return lambda _name: ""
    if group_by == "status_class":
        return lambda name: name.status_code // _CLASS_WIDTH
    return attrgetter(dimension)
