"""Where batches go: what the courier asks of a receiver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.sources.asgi.event import ConnectionsSample, Event

__all__ = ["Outcome", "Shipment", "Sink", "Verdict"]


class Verdict(Enum):
    """What an attempt came to."""

    DELIVERED = auto()
    RETRY = auto()  # the same shipment may be welcome later
    REFUSED = auto()  # it never will be


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt: of a delivered batch the receiver may have `rejected` some; `wait` is what it asked for (seconds)."""

    verdict: Verdict
    rejected: int = 0
    wait: float | None = None
    reason: str = ""


class Shipment(Protocol):
    """A packed batch. Every attempt sends the same content under the same key, so that it counts once."""

    def send(self, timeout: float) -> Outcome:
        """Try once; `timeout` (seconds) bounds each step on the way. Never raises."""


class Sink(Protocol):
    """A receiver of batches."""

    def pack(self, events: Sequence[Event], samples: Sequence[ConnectionsSample], key: str) -> Shipment:
        """Return `events` and `samples` as one shipment under `key`."""

    def close(self) -> None:
        """Let connections go."""
