"""Every figure of the reports: name, unit, formula, what it is made of, how it merges, and what it means.

The docs and the dashboard are made from this list; a table may only show columns that are in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LABELS", "METRICS", "Merge", "Metric", "Unit"]


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


_LATENCY: Final = ("latency_histogram", "latency_min", "latency_max")
_ERROR_BOUND: Final = "at most 1.09 % from the exact nearest-rank value"
_ENTRIES: Final = (
    Metric(
        "request_count",
        Unit.REQUESTS,
        "Σ request_count",
        ("request_count",),
        Merge.SUM,
        "Requests whose time lies in the window or bucket.",
    ),
    Metric(
        "total_requests",
        Unit.REQUESTS,
        "Σ request_count",
        ("request_count",),
        Merge.SUM,
        "All requests of the window that the filters let through.",
    ),
    Metric(
        "error_count",
        Unit.ERRORS,
        "Σ error_count",
        ("error_count",),
        Merge.SUM,
        "Requests with a status code of 400 or more, or marked as failed by a protocol that has no such codes.",
    ),
    Metric(
        "total_errors",
        Unit.ERRORS,
        "Σ error_count",
        ("error_count",),
        Merge.SUM,
        "All errors of the window that the filters let through.",
    ),
    Metric(
        "error_rate",
        Unit.PERCENT,
        "100 × Σ error_count / Σ request_count",
        ("error_count", "request_count"),
        Merge.FROM_PARTS,
        "The part of the requests that are errors; 0 without requests.",
    ),
    Metric(
        "share",
        Unit.PERCENT,
        "100 × count / Σ count",
        ("request_count", "error_count"),
        Merge.FROM_PARTS,
        "The part of all that is counted in the answer which this row makes up.",
    ),
    Metric(
        "cumulative_share",
        Unit.PERCENT,
        "100 × Σ count up to the row / Σ count",
        ("latency_histogram",),
        Merge.HISTOGRAM,
        "The part of the known latencies that are at most the upper bound of the row.",
    ),
    Metric(
        "requests_per_second",
        Unit.PER_SECOND,
        "Σ request_count / seconds of the effective window",
        ("request_count",),
        Merge.FROM_PARTS,
        "Requests a second, on average over the effective window; for a bucket, over its part inside the window.",
    ),
    Metric(
        "latency_count",
        Unit.REQUESTS,
        "Σ latency_count",
        ("latency_count",),
        Merge.SUM,
        "Requests whose latency is known; where it is 0 every latency is unknown.",
    ),
    Metric(
        "avg_latency_ms",
        Unit.MILLISECONDS,
        "Σ latency_sum / Σ latency_count",
        ("latency_sum", "latency_count"),
        Merge.FROM_PARTS,
        "The mean of the known latencies.",
    ),
    Metric(
        "p50_latency_ms",
        Unit.MILLISECONDS,
        "latency at rank ⌈0.50 · n⌉",
        _LATENCY,
        Merge.HISTOGRAM,
        f"Half of the known latencies are at most this (median), {_ERROR_BOUND}.",
    ),
    Metric(
        "p95_latency_ms",
        Unit.MILLISECONDS,
        "latency at rank ⌈0.95 · n⌉",
        _LATENCY,
        Merge.HISTOGRAM,
        f"95 % of the known latencies are at most this, {_ERROR_BOUND}.",
    ),
    Metric(
        "p99_latency_ms",
        Unit.MILLISECONDS,
        "latency at rank ⌈0.99 · n⌉",
        _LATENCY,
        Merge.HISTOGRAM,
        f"99 % of the known latencies are at most this, {_ERROR_BOUND}.",
    ),
    Metric(
        "min_latency_ms",
        Unit.MILLISECONDS,
        "min latency_min",
        ("latency_min",),
        Merge.MINIMUM,
        "The shortest known latency, exact to the microsecond.",
    ),
    Metric(
        "max_latency_ms",
        Unit.MILLISECONDS,
        "max latency_max",
        ("latency_max",),
        Merge.MAXIMUM,
        "The longest known latency, exact to the microsecond.",
    ),
    Metric(
        "latency_sum",
        Unit.MILLISECONDS,
        "Σ latency_sum",
        ("latency_sum",),
        Merge.SUM,
        "The sum of the known latencies.",
    ),
    Metric(
        "bytes_sent",
        Unit.BYTES,
        "Σ bytes_sent",
        ("bytes_sent",),
        Merge.SUM,
        "Bytes sent to clients; a request of unknown size counts as 0.",
    ),
    Metric(
        "bytes_received",
        Unit.BYTES,
        "Σ bytes_received",
        ("bytes_received",),
        Merge.SUM,
        "Bytes received from clients; a request of unknown size counts as 0.",
    ),
    Metric(
        "total_bytes_sent",
        Unit.BYTES,
        "Σ bytes_sent",
        ("bytes_sent",),
        Merge.SUM,
        "All bytes sent to clients in the window.",
    ),
    Metric(
        "total_bytes_received",
        Unit.BYTES,
        "Σ bytes_received",
        ("bytes_received",),
        Merge.SUM,
        "All bytes received from clients in the window.",
    ),
    Metric(
        "active_connections",
        Unit.CONNECTIONS,
        "max over buckets of Σ over sources of max samples",
        ("connections_max",),
        Merge.MAXIMUM,
        "The most connections open at once: exact for one source, never below the truth for several.",
    ),
    Metric(
        "peak_requests_per_second",
        Unit.PER_SECOND,
        "max request_count of a bucket / its width",
        ("request_count",),
        Merge.FROM_PARTS,
        "Requests a second of the busiest bucket, which is as wide as said above under peaks.",
    ),
    Metric(
        "peak_rate",
        Unit.PER_SECOND,
        "max of a bucket / its width",
        ("request_count", "error_count", "bytes_sent", "bytes_received"),
        Merge.FROM_PARTS,
        "What the busiest bucket had a second; it is as wide as said above under peaks.",
    ),
    Metric(
        "peak_count",
        Unit.NONE,
        "max of a bucket",
        ("request_count", "error_count", "bytes_sent", "bytes_received"),
        Merge.FROM_PARTS,
        "What the busiest bucket had in all.",
    ),
    Metric(
        "peak_start",
        Unit.INSTANT,
        "start of the busiest bucket",
        ("request_count",),
        Merge.FROM_PARTS,
        "When the busiest bucket began; of equal ones the first.",
    ),
    Metric(
        "peak_seconds",
        Unit.SECONDS,
        "width of the bucket",
        (),
        Merge.FROM_PARTS,
        "How long the busiest bucket is: the resolution of a peak.",
    ),
    Metric(
        "first_request",
        Unit.INSTANT,
        "min timestamp",
        ("request_count",),
        Merge.MINIMUM,
        "When the first request came in: at or after this, and before this plus its resolution.",
    ),
    Metric(
        "last_request",
        Unit.INSTANT,
        "max timestamp",
        ("request_count",),
        Merge.MAXIMUM,
        "When the last request came in: at or after this, and before this plus its resolution.",
    ),
    Metric(
        "first_request_resolution",
        Unit.SECONDS,
        "width of the finest bucket, 0 where exact",
        (),
        Merge.FROM_PARTS,
        "How finely the time of the first request is known.",
    ),
    Metric(
        "last_request_resolution",
        Unit.SECONDS,
        "width of the finest bucket, 0 where exact",
        (),
        Merge.FROM_PARTS,
        "How finely the time of the last request is known.",
    ),
    Metric(
        "last_occurrence",
        Unit.INSTANT,
        "max timestamp",
        ("last_seen",),
        Merge.MAXIMUM,
        "When the newest error of the group happened.",
    ),
    Metric(
        "endpoint_count",
        Unit.ENDPOINTS,
        "number of distinct endpoints",
        ("error_count",),
        Merge.DISTINCT,
        "Endpoints that had errors of the group.",
    ),
    Metric(
        "unique_clients",
        Unit.CLIENTS,
        "number of distinct client addresses",
        ("unique_clients",),
        Merge.DISTINCT,
        "Client addresses seen in the window; an estimate, and marked so, past the cap on stored clients.",
    ),
    Metric(
        "count",
        Unit.NONE,
        "Σ count",
        ("request_count", "error_count", "latency_histogram"),
        Merge.SUM,
        "How many requests, errors or latencies the row stands for.",
    ),
    Metric(
        "lower_ms",
        Unit.MILLISECONDS,
        "2^(i/32)",
        ("latency_histogram",),
        Merge.HISTOGRAM,
        "The bound that every latency of the row is above.",
    ),
    Metric(
        "upper_ms",
        Unit.MILLISECONDS,
        "2^((i+1)/32)",
        ("latency_histogram",),
        Merge.HISTOGRAM,
        "The bound that no latency of the row is above.",
    ),
    Metric(
        "covered_seconds",
        Unit.SECONDS,
        "seconds of the hour inside the window",
        (),
        Merge.SUM,
        "How much of the local hour the window has: 7200 where clocks go back and the hour comes twice.",
    ),
)
METRICS: Final[Mapping[str, Metric]] = MappingProxyType({metric.name: metric for metric in _ENTRIES})

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "timestamp": "The start of the bucket, or the time of the event, in Unix seconds.",
        "protocol": "The protocol of the requests, such as HTTP or gRPC.",
        "method": "The method of the requests, empty where the protocol has none.",
        "endpoint": "The path template, such as /users/:id.",
        "endpoints": "The endpoints with most errors of the group, most first.",
        "status_code": "The status code, empty where the protocol has none.",
        "status_class": "The hundred of the status code, such as 4xx, or none.",
        "workspace_id": "The workspace the requests belong to.",
        "environment": "The environment the requests belong to, such as prod.",
        "error_type": "What kind of failure it was.",
        "error_category": "client_error, server_error, network_error, timeout_error or other.",
        "error_message": "The message that came with the error.",
        "request_id": "The id the source gave the request.",
        "trace_id": "The trace the request belongs to.",
        "span_id": "The span of the request in its trace.",
        "metadata": "A JSON object with what else the source knew.",
        "client_ip": "The address of the client.",
        "user_agent": "The user agent as sent.",
        "agent_families": "The families of the user agents of the client, most requests first.",
        "top_endpoints": "The endpoints the client asked most, most requests first.",
        "date": "The local date.",
        "hour": "The local hour, 0 to 23.",
        "day_of_week": "The day of the week, 0 is Sunday.",
        "dimension": "What the values are of.",
        "value": "A value of the dimension, empty for requests without one.",
        "measure": "What the peak is of.",
        "id": "The number of the event in the database.",
    }
)
