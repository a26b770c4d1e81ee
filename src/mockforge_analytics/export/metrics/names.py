"""A bounded number of names: the busiest get a label of their own, what is past them is one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OTHER", "BusiestNames"]

OTHER: Final = "other"
_CHURN: Final = 4  # names in the life of a process, for each that may be named at a time
_REMEMBERED: Final = 10_000  # names whose requests are counted; past it the quieter half is forgotten


class BusiestNames:
    """Names those that were ever among the `most` busiest, up to four times as many.

    A name once given stays, so that no counter falls or vanishes. What a name counted before it was given one stays
    with `OTHER`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._named: set[str] = set()
        self._requests: Counter[str] = Counter()

    def count(self, requests: Mapping[str, int]) -> bool:
        """Add to what is known of each name, and name those that are among the busiest now.

        Return whether any was named that was not before.
        """
        before = len(self._named)
        self._requests.update(requests)
        for name, _ in sorted(self._requests.items(), key=_busiest_first)[: self._most]:
            if len(self._named) >= self._most * _CHURN:
                break
            self._named.add(name)
        if len(self._requests) > _REMEMBERED:
            self._requests = Counter(dict(self._requests.most_common(_REMEMBERED // 2)))
        return len(self._named) > before

    def label(self, name: str) -> str:
        """Return `name` where it has been named, else `OTHER`."""
        return name if name in self._named else OTHER


def _busiest_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
