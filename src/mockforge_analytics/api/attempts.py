"""How often an address has shown a wrong token lately."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mockforge_analytics.clock import Clock

__all__ = ["Attempts"]

_MOST: Final = 10  # wrong tokens an address may show in so many seconds
_SECONDS: Final = 60.0
_ADDRESSES: Final = 10_000  # remembered at a time


class Attempts:
    """Counts failures by address, in bounded memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def fail(self, address: str) -> int:
        """Count a failure; return how many seconds the address must wait, 0 where it may try again at once."""
        now = self._clock.monotonic()
        times = self._failures.setdefault(address, deque(maxlen=_MOST))
        self._failures.move_to_end(address)
        if len(self._failures) > _ADDRESSES:
            self._failures.popitem(last=False)
        while times and now - times[0] > _SECONDS:
            times.popleft()
        if len(times) == _MOST:
            return int(times[0] + _SECONDS - now) + 1
        times.append(now)
        return 0
