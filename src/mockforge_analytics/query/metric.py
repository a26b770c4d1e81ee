"""What a figure of the reports is: its name, its unit, and how it merges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Merge", "Metric", "Unit"]


class Unit(StrEnum):
    """What a number counts; times are Unix seconds."""

    REQUESTS = "requests"
    ERRORS = "errors"
    EVENTS = "events"
    PERCENT = "%"
    MILLISECONDS = "ms"
    BYTES = "bytes"
    PER_SECOND = "1/s"
    BYTES_PER_SECOND = "bytes/s"
    CONNECTIONS = "connections"
    CLIENTS = "clients"
    ENDPOINTS = "endpoints"
    SECONDS = "s"
    INSTANT = "Unix s"
    NONE = ""


class Merge(StrEnum):
    """How the figures of two disjoint windows or groups become that of both together."""

    SUM = "sum"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    FROM_PARTS = "recomputed from the merged inputs"
    HISTOGRAM = "read from the merged histogram"
    DISTINCT = "distinct count of both together"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure. `inputs` are the stored sums it is made of, `definition` is one sentence."""

    name: str
    unit: Unit
    formula: str
    inputs: tuple[str, ...]
    merge: Merge
    definition: str
