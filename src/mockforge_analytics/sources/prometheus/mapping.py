"""What metric families mean: which one counts requests, and which labels tell what they were."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DIMENSIONS", "Kind", "Preset", "Rule"]

DIMENSIONS: Final = ("protocol", "method", "endpoint", "path", "status", "workspace_id", "environment", "error_type")


class Kind(StrEnum):
    """What the samples of a family are."""

    REQUESTS = "requests"  # a counter of requests
    DURATION = "duration"  # a histogram of latencies
    BYTES_SENT = "bytes_sent"  # a counter of bytes, or the sum of a histogram of sizes
    BYTES_RECEIVED = "bytes_received"
    CONNECTIONS = "connections"  # a gauge of what is open or in flight
    MEMORY = "memory"  # a gauge; this and those below are the names of `model.vitals.Vital`
    CPU = "cpu"
    THREADS = "threads"
    UPTIME = "uptime"
    SESSIONS = "sessions"  # a counter of connections, kept as it stands
    SESSIONS_ENDED = "sessions_ended"
    SESSION_SECONDS = "session_seconds"

    @property
    def is_counted(self) -> bool:
        """Whether what its counters and histograms gain are requests, latencies or bytes."""
        return self in (Kind.REQUESTS, Kind.DURATION, Kind.BYTES_SENT, Kind.BYTES_RECEIVED)


@dataclass(frozen=True, slots=True)
class Rule:
    """One family of metrics.

    Attributes:
        metric: the name of the samples; of a histogram without ``_bucket``.
        kind: what it measures.
        labels: for each of `DIMENSIONS` the label that holds it, of several joined by ``|`` the first that is set.
        constants: the value of a dimension where no label holds it, or where the label is empty.
        unit: seconds in one of its units (0.001 for milliseconds); of sizes bytes in one of its units.
        counts_requests: whether what a histogram has observed are the requests themselves.
        detail_of: the metric of another rule that counts the same requests in less detail; what that one counts beyond
            this one is kept, so that nothing counts twice.
        only: values of labels that a series must have to be taken.
    """

    metric: str
    kind: Kind
    labels: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    unit: float = 1.0
    counts_requests: bool = False
    detail_of: str | None = None
    only: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells this rule from others of the same source."""
        return ",".join((self.kind, self.metric, *(f"{name}={value}" for name, value in sorted(self.only.items()))))

    def within(self, constants: Mapping[str, str]) -> Rule:
        """Return the same rule with more `constants`; its own hold."""
        return replace(self, constants={**constants, **self.constants})

    @property
    def sample_names(self) -> tuple[str, ...]:
        """The names of the samples that are read for this rule."""
        if self.kind is Kind.DURATION:
            return (f"{self.metric}_bucket", f"{self.metric}_sum", self.metric)
        return (self.metric,)


@dataclass(frozen=True, slots=True)
class Preset:
    """The rules of one kind of server; it is recognised by having any of the metrics `signs`."""

    name: str
    title: str
    signs: tuple[str, ...]
    rules: tuple[Rule, ...]
