"""The most active connections of a window that moves on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.model.window import floor_to

if TYPE_CHECKING:
    from mockforge_analytics.model.commit import GaugeName
    from mockforge_analytics.model.window import Window

__all__ = ["Connections"]


class Connections:
    """The largest sample of each bucket of `width` seconds and source."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._largest: dict[tuple[int, GaugeName], int] = {}

    def __len__(self) -> int:
        return len(self._largest)

    def add(self, bucket: int, name: GaugeName, value: int) -> None:
        """Note a sample."""
        key = (floor_to(bucket, self.width), name)
        self._largest[key] = max(value, self._largest.get(key, value))

    def forget_before(self, second: int) -> None:
        """Drop what is older."""
        self._largest = {key: value for key, value in self._largest.items() if key[0] >= second}

    def most(self, window: Window, width: int) -> int | None:
        """Return the most connections in `window`, None without samples: as the peaks report counts them.

        In each bucket of `width` seconds the maxima of the sources add up.
        """
        by_source: dict[tuple[int, GaugeName], int] = {}
        for (bucket, name), value in self._largest.items():
            if window.start <= bucket < window.end:
                key = (floor_to(bucket, width), name)
                by_source[key] = max(value, by_source.get(key, value))
        sums: dict[int, int] = {}
        for (bucket, _), value in by_source.items():
            sums[bucket] = sums.get(bucket, 0) + value
        return max(sums.values(), default=None)
