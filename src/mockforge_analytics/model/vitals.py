"""Vital signs: what the processes that serve say of themselves, beside their traffic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CURRENT_SECONDS", "SYSTEM", "SystemVitals", "Vital", "VitalSign", "system_vitals"]

CURRENT_SECONDS: Final = 600  # a sign that is older says nothing of now


class Vital(StrEnum):
    """What a sign is of. The first four are of a process or its machine, the others of a protocol it speaks.

    The counters among them are kept as they stand, since the process started, not as what they gained.
    """

    MEMORY = "memory"  # bytes
    CPU = "cpu"  # percent
    THREADS = "threads"
    UPTIME = "uptime"  # seconds
    SESSIONS = "sessions"  # connections so far
    SESSIONS_ENDED = "sessions_ended"
    SESSION_SECONDS = "session_seconds"  # how long those that have ended lasted, together


SYSTEM: Final = (Vital.MEMORY, Vital.CPU, Vital.THREADS, Vital.UPTIME)


@dataclass(frozen=True, slots=True)
class VitalSign:
    """What the target `source` said of `name` at `seen_at` (microseconds); `protocol` is empty for `SYSTEM`."""

    source: str
    protocol: str
    workspace_id: str
    environment: str
    name: Vital
    value: float
    seen_at: int


@dataclass(frozen=True, slots=True)
class SystemVitals:
    """Several targets together; None where none of them told.

    Memory (bytes) and threads are sums, the processor's use (percent) is the average, and the time since the start
    (seconds) that of the target that started last, so that a restart of any shows.
    """

    memory_bytes: float | None
    cpu_percent: float | None
    threads: float | None
    uptime_seconds: float | None

    @property
    def is_known(self) -> bool:
        """Whether anything was told."""
        return any(
            value is not None for value in (self.memory_bytes, self.cpu_percent, self.threads, self.uptime_seconds)
        )


def system_vitals(values: Iterable[tuple[Vital, float]]) -> SystemVitals:
    """Return what the `values` of all targets come to, one a target and vital sign."""
    found: dict[Vital, list[float]] = {}
    for name, value in values:
        found.setdefault(name, []).append(value)

    def added(name: Vital) -> float | None:
        return sum(found[name]) if name in found else None

    shares, uptimes = found.get(Vital.CPU, ()), found.get(Vital.UPTIME, ())
    return SystemVitals(
        added(Vital.MEMORY),
        sum(shares) / len(shares) if shares else None,
        added(Vital.THREADS),
        min(uptimes, default=None),
    )
