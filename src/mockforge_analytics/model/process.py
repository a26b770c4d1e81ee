"""What a process takes of its machine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ProcessUsage"]


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """Memory it holds, processor time in percent of one core over the last seconds, threads, and how long it runs."""

    memory_bytes: int
    cpu_percent: float
    threads: int
    uptime_seconds: float
