"""When a failed delivery is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

    from mockforge_analytics.sources.asgi.settings import DeliverySettings

__all__ = ["Backoff"]

_LEAST_SHARE: Final = 0.5  # of the wait: workers that failed together come back one after the other


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that grow by `factor` from `first` to `cap` seconds, for at most `total` seconds."""

    first: float
    factor: float
    cap: float
    total: float

    @classmethod
    def of(cls, settings: DeliverySettings) -> Backoff:
        """Return that of `settings`."""
        return cls(settings.retry_first, settings.retry_factor, settings.retry_cap, settings.retry_total)

    def wait(self, failures: int, asked: float | None, random: Random) -> float:
        """Return seconds until the next attempt after so many `failures`, never less than the receiver `asked` for."""
        longest = min(self.cap, self.first * self.factor ** (failures - 1))
        return max(longest * random.uniform(_LEAST_SHARE, 1), asked or 0.0)
