"""The cells of a window as files (contract section 4.9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mockforge_analytics.api.encoding import accepted_encoding, encoding_headers
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.parameters import EXPORT_GRANULARITY, EXPORT_LIMIT, FILTERS, TIMES, documented, question
from mockforge_analytics.api.schemas.exports import ExportedCell
from mockforge_analytics.api.services import Provided
from mockforge_analytics.api.streaming import ExportResponse, OpenExport
from mockforge_analytics.export.csv import cells_csv
from mockforge_analytics.export.json import cells_json
from mockforge_analytics.model.window import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.api.services import Services
    from mockforge_analytics.export.cells import CellExport
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

    Exporter = Callable[[Snapshot, QuerySpec, int], CellExport]

__all__ = ["HEADERS", "export_csv", "export_json", "router"]

router = APIRouter(route_class=EnvelopeRoute, tags=["exports"])

_PARAMETERS: Final = (*TIMES, *FILTERS, EXPORT_GRANULARITY, EXPORT_LIMIT)
_UNKNOWN_MS: Final = 0.0  # the contract's columns are always numbers


HEADERS: Final[dict[str, Any]] = {
    "Content-Disposition": {"description": "file name", "schema": {"type": "string"}},
    "X-Analytics-Commit": {"description": "newest commit in the export", "schema": {"type": "integer"}},
    "X-Analytics-Start": {"description": "first second of the effective window", "schema": {"type": "integer"}},
    "X-Analytics-End": {"description": "first second after it", "schema": {"type": "integer"}},
    "X-Analytics-Bucket-Seconds": {"description": "width of the buckets", "schema": {"type": "integer"}},
}
_CSV: Final[dict[str, Any]] = {
    "description": "a header line, then one line a bucket and series",
    "content": {"text/csv": {"schema": {"type": "string"}}},
    "headers": HEADERS,
}


@router.head("/export/csv", include_in_schema=False)
@router.get(
    "/export/csv",
    response_class=Response,
    responses={200: _CSV},
    openapi_extra=documented(*_PARAMETERS),
)
async def export_csv(request: Request, services: Provided) -> Response:
    """Requests by bucket and series as CSV (RFC 4180), newest first, streamed.

    Absent texts are empty, an absent status and unknown latencies are 0. Text that a spreadsheet would run as a formula
    has a ' before it. A transfer that breaks off is not whole.
    """
    return await _exported(request, services, partial(cells_csv, unknown=_UNKNOWN_MS), "csv", "text/csv; charset=utf-8")


@router.head("/export/json", include_in_schema=False)
@router.get(
    "/export/json",
    response_model=list[ExportedCell],
    responses={200: {"description": "an array without an envelope", "headers": HEADERS}},
    openapi_extra=documented(*_PARAMETERS),
)
async def export_json(request: Request, services: Provided) -> Response:
    """Requests by bucket and series as a bare JSON array, newest first, streamed. Latencies are milliseconds."""
    return await _exported(request, services, cells_json, "json", "application/json")


async def _exported(request: Request, services: Services, exporter: Exporter, kind: str, media_type: str) -> Response:
    now_us = services.clock.now_us()
    spec = question(request, now_us, services.config)
    spec = replace(spec, granularity=spec.granularity or spec.preferred)
    encoding = accepted_encoding(request).encoding
    seconds = services.config.query.export_seconds
    export = OpenExport(services.exporting)
    found = await export.begin(
        services.reader.snapshot(seconds), lambda snapshot: exporter(snapshot, spec, now_us), encoding
    )
    day = datetime.fromtimestamp(now_us // MICROSECONDS, UTC).date().isoformat()
    headers = {
        **encoding_headers(encoding),
        "Content-Disposition": f'attachment; filename="mockforge-analytics-{day}.{kind}"',
        "X-Analytics-Commit": str(found.commit),
        "X-Analytics-Start": str(found.window.start),
        "X-Analytics-End": str(found.window.end),
        "X-Analytics-Bucket-Seconds": str(int(found.granularity or 0)),
    }
    if request.method == "HEAD":
        await export.finish()
        return Response(status_code=200, headers=headers, media_type=media_type)
    return ExportResponse(export, seconds, media_type, headers)
