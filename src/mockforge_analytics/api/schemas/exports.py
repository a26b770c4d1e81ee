"""The rows of exports (contract section 4.9)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mockforge_analytics.api.schemas.common import Bytes, Count, Milliseconds, UnixSeconds

__all__ = ["ExportedCell"]

Latency = Annotated[float | None, Field(ge=0, description="milliseconds, null where none is known", examples=[12.25])]


class ExportedCell(TypedDict):
    """The requests of one series in one bucket; latencies are milliseconds, null where none is known."""

    id: Annotated[int, Field(description="counts the rows of this export from 1", examples=[1])]
    timestamp: Annotated[UnixSeconds, Field(description="start of the bucket, Unix seconds")]
    protocol: Annotated[str, Field(examples=["HTTP"])]
    method: Annotated[str | None, Field(examples=["GET"])]
    endpoint: Annotated[str | None, Field(examples=["/users/:id"])]
    status_code: Annotated[int | None, Field(examples=[200])]
    workspace_id: str | None
    environment: str | None
    request_count: Count
    error_count: Count
    latency_sum: Annotated[Milliseconds, Field(description="milliseconds, 0 where no latency is known")]
    latency_min: Latency
    latency_max: Latency
    latency_p50: Latency
    latency_p95: Latency
    latency_p99: Latency
    bytes_sent: Bytes
    bytes_received: Bytes
    active_connections: Annotated[None, Field(description="always null: connections belong to no series")]
    created_at: Annotated[UnixSeconds, Field(description="end of the bucket, Unix seconds")]
